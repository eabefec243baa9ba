//! `plimsoll why`: which line of the file, or which rule, made a value.

use crate::args::{Source, Why};
use crate::exit::{Exit, Failure, Outcome};
use crate::prepare::{Prepared, Ready};
use crate::terminal::{self, Terminal};
use plimsoll_source::{Node, Sources};
use plimsoll_world::Object;
use plimsoll_world::why::{self, Link};

/// Prints the chain of a value.
pub fn run(args: Why, terminal: Terminal) -> Outcome {
    let source = Source {
        path: args.path,
        environment: args.environment,
        set: args.set,
        ..Source::default()
    };
    let prepared = Prepared::new(&source, None)?;
    let Some(ready) = prepared.chosen() else {
        terminal::progress(prepared.text(terminal.colors_err(), terminal).trim_end());
        return Ok(Exit::Findings);
    };
    let object = ready
        .world
        .find(&args.object)
        .ok_or_else(|| unknown_object(ready, &args.object))?;
    let node = match &args.field {
        None => &object.body,
        Some(field) => why::find(&object.body, field).ok_or_else(|| absent(object, field))?,
    };
    let links = why::chain(node.origin());
    if args.json {
        terminal::out(format!(
            "{}\n",
            json(&prepared.sources, object, &args.field, node, &links)
        ));
    } else {
        let field = args
            .field
            .as_deref()
            .map(|field| format!(" {field}"))
            .unwrap_or_default();
        terminal::out(format!("{}{field}{}\n", object.key, value(node)));
        terminal::out(why::render(&prepared.sources, &links));
    }
    Ok(Exit::Fine)
}

fn value(node: &Node) -> String {
    match node {
        Node::Map(..) | Node::Seq(..) => String::new(),
        other => format!(" = {}", other.to_json()),
    }
}

fn unknown_object(ready: &Ready, wanted: &str) -> Failure {
    let names: Vec<String> = ready
        .world
        .objects
        .iter()
        .map(|o| o.key.to_string())
        .collect();
    let near = plimsoll_source::near(wanted, names.iter().map(String::as_str));
    let hint = near.map_or_else(
        || "`plimsoll render` lists all".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    Failure::usage(format!(
        "{} has no object `{wanted}`; {hint}",
        ready.world.environment
    ))
}

/// A field that is not there may still have a reason: that of the map that it would stand in.
fn absent(object: &Object, field: &str) -> Failure {
    let known = field
        .rsplit_once('.')
        .and_then(|(parent, _)| why::find(&object.body, parent));
    let keys: Vec<&str> = known.map_or(Vec::new(), |node| {
        node.entries()
            .iter()
            .map(|entry| entry.key.as_str())
            .collect()
    });
    let hint = if keys.is_empty() {
        String::new()
    } else {
        format!("; beside it are: {}", keys.join(", "))
    };
    Failure::usage(format!("{} has no field `{field}`{hint}", object.key))
}

fn json(
    sources: &Sources,
    object: &Object,
    field: &Option<String>,
    node: &Node,
    links: &[Link],
) -> serde_json::Value {
    let place = |kind: &str, span: &plimsoll_source::Span| {
        let at = sources.position(*span);
        serde_json::json!({
            "kind": kind, "file": sources.file(span.file).name.as_str(),
            "line": at.line, "column": at.column, "text": sources.text(*span),
        })
    };
    let links: Vec<_> = links
        .iter()
        .map(|link| match link {
            Link::Written(span) => place("written", span),
            Link::Overrode(span) => place("replaces", span),
            Link::Decided(span) => place("because", span),
            Link::Rule(rule) => serde_json::json!({ "kind": "rule", "rule": rule }),
        })
        .collect();
    serde_json::json!({
        "object": object.key.to_string(), "field": field, "value": node.to_json(), "chain": links,
    })
}
