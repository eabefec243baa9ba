//! Changes of trees: a new tree that shares what stays.

use plimsoll_source::{Entry, Node, Str};

/// The tree with a value at a path of keys that is there.
pub(crate) fn with(node: &Node, path: &[&str], value: Node) -> Node {
    let Some((first, rest)) = path.split_first() else {
        return value;
    };
    let Node::Map(origin, entries) = node else {
        return node.clone();
    };
    let entries = entries.iter().map(|entry| {
        if entry.key.as_str() != *first {
            return entry.clone();
        }
        Entry {
            value: with(&entry.value, rest, value.clone()),
            ..entry.clone()
        }
    });
    Node::map(origin.clone(), entries.collect::<Vec<_>>())
}

/// The tree with every map entry changed that `change` has something for; what is changed is not
/// looked into.
pub(crate) fn map_entries(node: &Node, change: &dyn Fn(&Entry) -> Option<Node>) -> Node {
    match node {
        Node::Map(origin, entries) => {
            let entries = entries.iter().map(|entry| Entry {
                value: change(entry).unwrap_or_else(|| map_entries(&entry.value, change)),
                ..entry.clone()
            });
            Node::map(origin.clone(), entries.collect::<Vec<_>>())
        }
        Node::Seq(origin, items) => {
            let items = items.iter().map(|item| map_entries(item, change));
            Node::seq(origin.clone(), items.collect::<Vec<_>>())
        }
        scalar => scalar.clone(),
    }
}

/// The tree with a value at a path of keys; the last one may be new.
pub(crate) fn set(node: &Node, path: &[&str], value: Node) -> Node {
    match path.split_last() {
        Some((last, before)) => {
            let Some(parent) = node.at(before) else {
                return node.clone();
            };
            if parent.get(last).is_some() {
                return with(node, path, value);
            }
            let mut entries = parent.entries().to_vec();
            entries.push(Entry {
                key: Str::from(*last),
                at: value.origin().clone(),
                value,
            });
            with(node, before, Node::map(parent.origin().clone(), entries))
        }
        None => value,
    }
}
