//! JSON6902: edits that are always exact.

use plimsoll_source::{Node, Origin, Str};

use super::length;
use super::patch::entry;

/// The edits that make one object of the other, as a list.
pub(super) fn edits(from: &Node, to: &Node) -> Node {
    let mut edits = Vec::new();
    between("", from, to, &mut edits);
    list(edits)
}

fn between(path: &str, from: &Node, to: &Node, edits: &mut Vec<Node>) {
    if from == to {
        return;
    }
    match (from, to) {
        (Node::Map(..), Node::Map(..)) => maps(path, from, to, edits),
        (Node::Seq(_, old), Node::Seq(_, new)) => lists(path, old, new, to, edits),
        _ => edits.push(edit("replace", path, Some(to))),
    }
}

fn maps(path: &str, from: &Node, to: &Node, edits: &mut Vec<Node>) {
    let below = |key: &str| format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
    for old in from.entries() {
        match to.get(&old.key) {
            Some(new) => between(&below(&old.key), &old.value, new, edits),
            None => edits.push(edit("remove", &below(&old.key), None)),
        }
    }
    for new in to.entries() {
        if from.get(&new.key).is_none() {
            edits.push(edit("add", &below(&new.key), Some(&new.value)));
        }
    }
}

/// Edits by index, or the list as a whole: the shorter.
fn lists(path: &str, from: &[Node], to: &[Node], whole: &Node, edits: &mut Vec<Node>) {
    let mut single = Vec::new();
    items(path, from, to, &mut single);
    let replace = edit("replace", path, Some(whole));
    if length(&list(single.clone())) < length(&list(vec![replace.clone()])) {
        edits.extend(single);
    } else {
        edits.push(replace);
    }
}

fn items(path: &str, from: &[Node], to: &[Node], edits: &mut Vec<Node>) {
    let start = from.iter().zip(to).take_while(|(a, b)| a == b).count();
    let rest = from[start..].iter().rev().zip(to[start..].iter().rev());
    let end = rest.take_while(|(a, b)| a == b).count();
    let (old, new) = (&from[start..from.len() - end], &to[start..to.len() - end]);
    let both = old.len().min(new.len());
    for (at, (old, new)) in old.iter().zip(new).enumerate() {
        between(&format!("{path}/{}", start + at), old, new, edits);
    }
    for at in (both..old.len()).rev() {
        edits.push(edit("remove", &format!("{path}/{}", start + at), None));
    }
    for (at, item) in new.iter().enumerate().skip(both) {
        let place = match end {
            0 => "-".to_owned(),
            _ => (start + at).to_string(),
        };
        edits.push(edit("add", &format!("{path}/{place}"), Some(item)));
    }
}

fn edit(op: &str, path: &str, value: Option<&Node>) -> Node {
    let origin = Origin::rule("kustomize: edit", []);
    let text = |text: &str| Node::Text(origin.clone(), Str::from(text));
    let mut entries = vec![entry("op", text(op)), entry("path", text(path))];
    entries.extend(value.map(|value| entry("value", value.clone())));
    Node::map(origin.clone(), entries)
}

fn list(edits: Vec<Node>) -> Node {
    Node::seq(Origin::rule("kustomize: edits", []), edits)
}
