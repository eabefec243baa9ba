//! Changes of a tree by path.

use plimsoll_source::{Entry, Node, Origin};

/// The tree with a value at a path; maps on the way are made.
#[must_use]
pub fn with(node: &Node, path: &[&str], value: Node) -> Node {
    let [key, rest @ ..] = path else {
        return value;
    };
    let origin = match node {
        Node::Map(origin, _) => origin.clone(),
        _ => value.origin().clone(),
    };
    let below = |old: Option<&Node>| {
        let empty = Node::map(value.origin().clone(), []);
        with(old.unwrap_or(&empty), rest, value.clone())
    };
    let mut entries = node.entries().to_vec();
    match entries.iter_mut().find(|entry| entry.key == *key) {
        Some(entry) => entry.value = below(Some(&entry.value)),
        None => entries.push(Entry {
            key: (*key).into(),
            at: value.origin().clone(),
            value: below(None),
        }),
    }
    Node::map(origin, entries)
}

/// The tree with a value at a path where there is none.
#[must_use]
pub fn with_default(node: &Node, path: &[&str], value: impl FnOnce() -> Node) -> Node {
    match node.at(path) {
        Some(known) if !known.is_null() => node.clone(),
        _ => with(node, path, value()),
    }
}

/// A map without some keys.
#[must_use]
pub fn without(node: &Node, keys: &[&str]) -> Node {
    let kept = node
        .entries()
        .iter()
        .filter(|entry| !keys.contains(&entry.key.as_str()));
    Node::map(node.origin().clone(), kept.cloned().collect::<Vec<_>>())
}

/// A map with each value changed, or left out.
#[must_use]
pub fn each(node: &Node, mut change: impl FnMut(&Entry) -> Option<Node>) -> Node {
    let entries = node.entries().iter().filter_map(|entry| {
        Some(Entry {
            value: change(entry)?,
            ..entry.clone()
        })
    });
    Node::map(node.origin().clone(), entries.collect::<Vec<_>>())
}

/// A text that a rule made.
pub fn text(origin: &Origin, text: impl Into<plimsoll_source::Str>) -> Node {
    Node::Text(origin.clone(), text.into())
}
