//! Looking into forms, and forms with something else in one place.

use super::super::bind::{closed_map, entry_part, item_part};
use super::super::canon;
use plimsoll_source::{Node, Origin};
use plimsoll_world::{Cond, Form, MapPart, SeqPart};

fn rule() -> Origin {
    Origin::rule("helm", [])
}

/// A text as a form.
pub(super) fn text(text: &str) -> Form {
    Form::Plain(Node::Text(rule(), text.into()))
}

/// The entries of a map, whatever form it has.
pub(super) fn parts(form: &Form) -> Vec<MapPart> {
    match form {
        Form::Map(_, parts) => parts.to_vec(),
        Form::Plain(node) => node.entries().iter().map(entry_part).collect(),
        Form::Shrinking(inner) => parts(inner),
        Form::Expr(expr) => vec![MapPart::Splice(expr.clone())],
        Form::Seq(..) => Vec::new(),
    }
}

/// The items of a list, whatever form it has.
pub(super) fn items(form: &Form) -> Vec<SeqPart> {
    match form {
        Form::Seq(_, parts) => parts.to_vec(),
        Form::Plain(node) => node.items().iter().map(item_part).collect(),
        Form::Shrinking(inner) => items(inner),
        Form::Map(..) | Form::Expr(_) => Vec::new(),
    }
}

/// A map of entries.
pub(super) fn map(parts: Vec<MapPart>) -> Form {
    closed_map(&rule(), parts)
}

/// An entry that is always there.
pub(super) fn entry(key: &str, value: Form) -> MapPart {
    MapPart::Entry {
        key: key.into(),
        when: None,
        value,
    }
}

/// What stands at a path of maps, whatever lets it exist.
pub(super) fn at(form: &Form, path: &[&str]) -> Option<Form> {
    let Some((first, rest)) = path.split_first() else {
        return Some(form.clone());
    };
    parts(form).iter().find_map(|part| match part {
        MapPart::Entry { key, value, .. } if key == first => at(value, rest),
        _ => None,
    })
}

/// The form with another value at a path of maps; what was not there is added at the end.
pub(super) fn with(form: &Form, path: &[&str], value: Form) -> Form {
    let Some((first, rest)) = path.split_first() else {
        return value;
    };
    let mut all = parts(form);
    for part in &mut all {
        if let MapPart::Entry {
            key, value: old, ..
        } = part
            && key == first
        {
            *old = with(old, rest, value);
            return map(all);
        }
    }
    all.push(entry(first, with(&map(Vec::new()), rest, value)));
    map(all)
}

/// The body of an object with annotations before those that it has.
pub(super) fn annotated(body: &Form, annotations: &[(&str, &str)]) -> Form {
    let path = ["metadata", "annotations"];
    let mut all: Vec<MapPart> = annotations
        .iter()
        .map(|(key, value)| entry(key, text(value)))
        .collect();
    let metadata = at(body, &path[..1]).unwrap_or_else(|| map(Vec::new()));
    let mut others = Vec::new();
    for part in parts(&metadata) {
        match part {
            MapPart::Entry { key, when, value } if key == path[1] => {
                let old = parts(&value)
                    .into_iter()
                    .filter(|part| !is_one_of(part, annotations));
                all.extend(old.map(|part| under(part, when.as_ref())));
            }
            other => others.push(other),
        }
    }
    others.push(entry(path[1], map(all)));
    with(body, &path[..1], map(others))
}

fn is_one_of(part: &MapPart, annotations: &[(&str, &str)]) -> bool {
    let is = |own: &plimsoll_source::Str| annotations.iter().any(|(key, _)| own == key);
    matches!(part, MapPart::Entry { key, .. } if is(key))
}

/// An entry that exists only under a further condition. What is spliced in is nothing where its
/// own value is empty, which is the only condition under which it stands.
fn under(part: MapPart, when: Option<&Cond>) -> MapPart {
    match part {
        MapPart::Entry {
            key,
            when: own,
            value,
        } => {
            let when = match (own, when) {
                (Some(own), Some(when)) if canon::when(Some(&own)) != canon::when(Some(when)) => {
                    Some(super::super::logic::and(when.clone(), own))
                }
                (own, when) => own.or_else(|| when.cloned()),
            };
            MapPart::Entry { key, when, value }
        }
        splice @ MapPart::Splice(_) => splice,
    }
}
