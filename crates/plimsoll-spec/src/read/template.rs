//! Reads text with references to targets, secrets and variables.

use plimsoll_source::{Finding, Node, Origin, Sourced, Span, Str};

use super::{Reader, Word, entries};
use crate::reference::{Piece, pieces};
use crate::rules::{layers, relations};
use crate::shape::canonical::{mend, scalar};
use crate::shape::{Leaf, Shape};
use crate::types::{Part, Target, TargetField, Template};
use plimsoll_source::near::near;

/// The leaf of a text with references.
pub fn leaf() -> Leaf {
    Leaf {
        what: "text",
        written: "any scalar; `${…}` stands for variables, targets and secrets",
        words: &[],
        word_docs: &[],
        pattern: "",
        template: true,
        check: |_| Ok(()),
    }
}

impl Word for Template {
    const REQUIRED: bool = true;

    fn shape() -> Shape {
        Shape::Leaf(leaf())
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        let text = scalar(node)?;
        let origin = node.origin();
        let mut parts: Vec<Part> = Vec::new();
        for piece in pieces(&text) {
            match piece {
                Piece::Text(text) => push_text(&mut parts, &text, origin),
                Piece::Reference(name) => match reference(name, origin, cx) {
                    Some(Part::Text(text)) => push_text(&mut parts, text.peek(), text.origin()),
                    Some(part) => parts.push(part),
                    None => return None,
                },
            }
        }
        Some(Self {
            parts,
            written: Sourced::new(text, origin.clone()),
        })
    }
}

/// Adds text, joined with the text before it.
fn push_text(parts: &mut Vec<Part>, text: &str, origin: &Origin) {
    if text.is_empty() {
        return;
    }
    if let Some(Part::Text(last)) = parts.last_mut() {
        let joined = format!("{}{text}", last.peek());
        let origin = if last.origin().same(origin) {
            origin.clone()
        } else {
            Origin::rule("substitute", [last.origin().clone(), origin.clone()])
        };
        *last = Sourced::new(joined.into(), origin);
        return;
    }
    parts.push(Part::Text(Sourced::new(text.into(), origin.clone())));
}

/// What stands in `${…}`.
fn reference(name: &str, origin: &Origin, cx: &mut Reader<'_>) -> Option<Part> {
    if let Some(var) = cx.vars.get(name) {
        if cx.fixed.contains(name) {
            let from = [origin.clone(), var.origin().clone()];
            let text = Sourced::new(var.peek().clone(), Origin::rule("substitute", from));
            return Some(Part::Text(text));
        }
        return Some(Part::Var(var.clone()));
    }
    if let Some(rest) = name.strip_prefix("secrets.") {
        return secret(rest, origin, cx);
    }
    if let Some(text) = crate::reference::built_in(cx.root, cx.path(), name) {
        let from = [origin.clone(), text.origin().clone()];
        let text = Sourced::new(text.peek().clone(), Origin::rule("substitute", from));
        return Some(Part::Text(text));
    }
    target(name, origin, cx)
}

fn secret(rest: &str, origin: &Origin, cx: &mut Reader<'_>) -> Option<Part> {
    let (name, key) = match rest.split_once('.') {
        Some((name, key)) => (name, Some(Str::from(key))),
        None => (rest, None),
    };
    let known = cx.root.get("secrets");
    if known.and_then(|secrets| secrets.get(name)).is_none() {
        let what = format!("`secrets` has no `{name}`");
        let finding = Finding::new(&relations::UNKNOWN_SECRET, what);
        let names: Vec<&str> = known
            .into_iter()
            .flat_map(entries)
            .map(|e| e.key.as_str())
            .collect();
        let better =
            near(name, names.into_iter()).map(|near| near.to_owned() + &rest[name.len()..]);
        let finding = if let Some(better) = better {
            let (from, to) = (format!("secrets.{rest}"), format!("secrets.{better}"));
            mended(finding, origin, &from, &to, cx)
        } else {
            let help = format!("add `{name}` to `secrets`");
            finding.mark_origin(origin, "unknown").help(help)
        };
        cx.report(finding);
        return None;
    }
    Some(Part::Secret {
        name: name.into(),
        key,
        origin: origin.clone(),
    })
}

/// `TARGET.field`, where TARGET is in `uses` of the thing around it.
fn target(name: &str, origin: &Origin, cx: &mut Reader<'_>) -> Option<Part> {
    let used = used_names(cx);
    let mut found = None;
    for used in &used {
        if let Some(field) = name
            .strip_prefix(used.as_str())
            .and_then(|f| f.strip_prefix('.'))
        {
            found = found.or(Some((used.clone(), field)));
        }
    }
    let of_store = |used: &&String| {
        let (first, field) = name.split_once('.').unwrap_or((name, ""));
        used.split_once('.')
            .is_some_and(|(store, _)| store == first)
            && !field.is_empty()
    };
    let stores: Vec<&String> = used.iter().filter(of_store).collect();
    if let (None, [one]) = (&found, stores.as_slice()) {
        found = name
            .split_once('.')
            .map(|(_, field)| ((*one).clone(), field));
    }
    let Some((used, field)) = found else {
        report_unknown(name, origin, &used, cx);
        return None;
    };
    let target = cx.things.find(&used)?;
    let Some(field) = field_of(field).filter(|field| has(cx.root, &target, field)) else {
        let what = format!("`{used}` has no `{field}`");
        let finding = Finding::new(&relations::UNKNOWN_FIELD, what);
        let fields = fields_of(cx.root, &target);
        let finding = match near(field, fields.iter().copied()) {
            Some(near) => {
                let better = format!("{}{near}", &name[..name.len() - field.len()]);
                mended(finding, origin, name, &better, cx)
            }
            None => finding
                .mark_origin(origin, "unknown")
                .help(format!("it has {}", fields.join(", "))),
        };
        cx.report(finding);
        return None;
    };
    let origin = origin.clone();
    let is_store = matches!(target, Target::Store { .. });
    let secret = match field {
        TargetField::Password => true,
        TargetField::Url | TargetField::ReaderUrl => is_store,
        _ => false,
    };
    Some(if secret {
        Part::Credential {
            target,
            field,
            origin,
        }
    } else {
        Part::Target {
            target,
            field,
            origin,
        }
    })
}

/// Names in `uses` of the thing that is being read, the longest first.
fn used_names(cx: &Reader<'_>) -> Vec<String> {
    let [block, thing, ..] = cx.path() else {
        return Vec::new();
    };
    let uses = cx.root.at(&[block, thing, "uses"]);
    let mut names: Vec<String> = uses
        .into_iter()
        .flat_map(entries)
        .map(|entry| entry.key.to_string())
        .collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names
}

/// `${port}` of something that has none: it may stand in what lies below, where it means another port.
fn report_portless(origin: &Origin, cx: &mut Reader<'_>) -> bool {
    let [block, thing, key, rest @ ..] = cx.path() else {
        return false;
    };
    let Some(entry) = cx.root.get(block).and_then(|things| things.entry(thing)) else {
        return false;
    };
    let what = format!("`${{port}}` is the port of `{thing}`, which has none");
    let edit = match (key.as_str(), rest) {
        ("env", [variable, ..]) => format!("write `env: {{ {variable}: null }}`"),
        _ => format!("write `{key}` of its own"),
    };
    let listens = matches!(block.as_str(), "services" | "stores");
    let or = if listens { ", or give it `ports`" } else { "" };
    let help = format!("{edit} in `{block}.{thing}`{or}");
    let finding = Finding::new(&layers::UNKNOWN_VARIABLE, what);
    let finding = marked(finding, origin, "port", "no port", cx);
    let finding = finding.mark_origin(&entry.at, "has no ports");
    cx.report(finding.help(help));
    true
}

/// Marks a reference: in a text of several lines itself, else the text.
fn marked(finding: Finding, origin: &Origin, name: &str, label: &str, cx: &Reader<'_>) -> Finding {
    let found = origin.place().and_then(|span| {
        let text = cx.texts.sources().text(span);
        let reference = format!("${{{name}}}");
        let at = text.find(&reference).filter(|_| text.contains('\n'))?;
        let start = span.start + u32::try_from(at).ok()?;
        let end = start + u32::try_from(reference.len()).ok()?;
        Some(Span { start, end, ..span })
    });
    match found {
        Some(span) => finding.mark(span, label),
        None => finding.mark_origin(origin, label),
    }
}

fn report_unknown(name: &str, origin: &Origin, used: &[String], cx: &mut Reader<'_>) {
    if name == "port" && report_portless(origin, cx) {
        return;
    }
    let thing = cx.path().get(1).cloned().unwrap_or_default();
    let first = name.split('.').next().unwrap_or(name);
    if name.contains('.') && cx.things.find(first).is_some() {
        let what = format!("`${{{name}}}` names `{first}`, which `{thing}` does not use");
        let finding = Finding::new(&relations::UNUSED_TARGET, what);
        let help = format!("add `{first}` to `uses` of `{thing}`");
        cx.report(marked(finding, origin, name, "not in `uses`", cx).help(help));
        return;
    }
    let vars = cx.vars.keys().map(Str::as_str);
    let built_in = ["app", "env", "namespace", "service", "port"];
    let candidates = vars.chain(built_in).chain(used.iter().map(String::as_str));
    let what = format!("`${{{name}}}` names nothing here");
    let finding = Finding::new(&layers::UNKNOWN_VARIABLE, what);
    let near = near(first, candidates).map(str::to_owned);
    let finding = match near {
        Some(near) => {
            let better = name.replacen(first, &near, 1);
            mended(finding, origin, name, &better, cx)
        }
        None => marked(finding, origin, name, "unknown", cx)
            .help("define it in `vars`, or write `$${` for a literal `${`"),
    };
    cx.report(finding);
}

/// Offers the text, as it stands in the file, with one reference replaced by another.
fn mended(finding: Finding, origin: &Origin, name: &str, better: &str, cx: &Reader<'_>) -> Finding {
    let text = origin
        .place()
        .map(|span| Str::from(cx.texts.sources().text(span)));
    match crate::reference::replaced(text, name, better) {
        Some(whole) if !whole.contains('\n') => mend(finding, origin, "unknown", &whole),
        _ => marked(finding, origin, name, "unknown", cx).help(format!("write `${{{better}}}`")),
    }
}

fn field_of(text: &str) -> Option<TargetField> {
    Some(match text {
        "host" => TargetField::Host,
        "port" => TargetField::Port,
        "address" => TargetField::Address,
        "url" => TargetField::Url,
        "user" => TargetField::User,
        "password" => TargetField::Password,
        "database" => TargetField::Database,
        "bucket" => TargetField::Bucket,
        "region" => TargetField::Region,
        "endpoint" => TargetField::Endpoint,
        "pool" => TargetField::Pool,
        "ca" => TargetField::Ca,
        "pods" => TargetField::Pods,
        "reader.host" => TargetField::ReaderHost,
        "reader.url" => TargetField::ReaderUrl,
        _ => TargetField::PortNamed(text.strip_prefix("ports.")?.into()),
    })
}

/// What can be asked of a target.
fn fields_of(root: &Node, target: &Target) -> Vec<&'static str> {
    let common = ["host", "port", "ports.NAME", "address", "url"];
    let own: &[&str] = match target {
        Target::Service(_) => &["pool", "pods"],
        Target::External(_) => &["bucket", "region", "endpoint", "pool"],
        Target::Slot(_) => &[],
        Target::Store { store, .. } => {
            let engine = root.at(&["stores", store, "engine"]).and_then(Node::text);
            if engine.is_some_and(|engine| engine == "s3") {
                return vec![
                    "bucket", "region", "endpoint", "user", "password", "pool", "host", "port",
                    "address",
                ];
            }
            &[
                "user",
                "password",
                "database",
                "pool",
                "ca",
                "pods",
                "reader.host",
                "reader.url",
            ]
        }
    };
    common.iter().chain(own).copied().collect()
}

fn has(root: &Node, target: &Target, field: &TargetField) -> bool {
    let fields = fields_of(root, target);
    match field {
        TargetField::PortNamed(name) => {
            let thing = match target {
                Target::Service(service) => root.at(&["services", service]),
                Target::Store { store, .. } => root.at(&["stores", store]),
                Target::External(external) => root.at(&["externals", external]),
                Target::Slot(_) => return true,
            };
            let listens = |thing: &Node| {
                let ports = thing.get("ports");
                ports.is_some_and(|ports| ports.get(name).is_some())
            };
            let joins = |thing: &Node| {
                let mut sidecars = thing.get("sidecars").into_iter().flat_map(entries);
                sidecars.any(|sidecar| listens(&sidecar.value))
            };
            fields.contains(&"ports.NAME")
                && thing.is_some_and(|thing| listens(thing) || joins(thing))
        }
        field => fields
            .iter()
            .any(|text| field_of(text).as_ref() == Some(field)),
    }
}
