//! Strategic merge patches, where they are exact.
//!
//! Kustomize puts the elements that a patch names first into a list that merges by key, so such a
//! patch names all elements up to the last that changes, and the keys must stand in one order. All
//! other lists are left to JSON6902.

use std::collections::BTreeSet;

use plimsoll_source::{Entry, Node, Origin, Str};

use super::patch::entry;

/// The object cannot be patched exactly.
struct Inexact;

/// What to merge: nothing where both are the same.
type Merge = Result<Option<Node>, Inexact>;

/// The patch with the identity of the object, if there is an exact one.
pub(super) fn patch(from: &Node, to: &Node) -> Option<Node> {
    let kind = from
        .get("kind")
        .and_then(Node::text)
        .map_or("", Str::as_str);
    let lists = Lists {
        merge_by_key: matches!(
            kind,
            "Deployment" | "StatefulSet" | "DaemonSet" | "Job" | "CronJob"
        ),
    };
    let changes = lists.merge(from, to, "").ok()??;
    let mut whole = identity(from);
    for change in changes.entries() {
        match whole.iter_mut().find(|known| known.key == change.key) {
            None => whole.push(change.clone()),
            // Only metadata is both: names and kinds never change.
            Some(known) => {
                let mut merged = known.value.entries().to_vec();
                merged.extend_from_slice(change.value.entries());
                known.value = Node::map(known.value.origin().clone(), merged);
            }
        }
    }
    Some(Node::map(Origin::rule("kustomize: patch", []), whole))
}

/// Version, kind, name and namespace of an object.
pub(super) fn identity(object: &Node) -> Vec<Entry> {
    let metadata = object.get("metadata").map_or(&[][..], Node::entries);
    let names = metadata
        .iter()
        .filter(|entry| matches!(entry.key.as_str(), "name" | "namespace"));
    let names = Node::map(
        Origin::rule("kustomize: patch", []),
        names.cloned().collect::<Vec<_>>(),
    );
    let whole = object.entries().iter();
    let whole = whole.filter(|entry| matches!(entry.key.as_str(), "apiVersion" | "kind"));
    whole.cloned().chain([entry("metadata", names)]).collect()
}

struct Lists {
    merge_by_key: bool,
}

impl Lists {
    fn merge(&self, from: &Node, to: &Node, key: &str) -> Merge {
        if from == to {
            return Ok(None);
        }
        match (from, to) {
            (Node::Map(_, from), Node::Map(_, entries)) => self.maps(from, to, entries).map(Some),
            (Node::Seq(_, from), Node::Seq(_, to)) => self.lists(from, to, key).map(Some),
            (Node::Map(..) | Node::Seq(..), _)
            | (_, Node::Map(..) | Node::Seq(..) | Node::Null(_)) => Err(Inexact),
            _ => Ok(Some(to.clone())),
        }
    }

    fn maps(&self, from: &[Entry], to: &Node, entries: &[Entry]) -> Result<Node, Inexact> {
        // A map that loses all its keys disappears, and what is merged into it with it.
        let shares = from.iter().any(|entry| to.entry(&entry.key).is_some());
        if !from.is_empty() && !shares {
            return Err(Inexact);
        }
        let known = |key: &str| from.iter().find(|entry| entry.key == key);
        let mut changes = Vec::new();
        for new in entries {
            match known(&new.key) {
                Some(old) => {
                    let change = self.merge(&old.value, &new.value, &new.key)?;
                    changes.extend(change.map(|change| entry(&new.key, change)));
                }
                None if has_null(&new.value) || new.key.starts_with('$') => return Err(Inexact),
                None => changes.push(new.clone()),
            }
        }
        for gone in from.iter().filter(|entry| to.entry(&entry.key).is_none()) {
            changes.push(entry(&gone.key, Node::Null(gone.value.origin().clone())));
        }
        Ok(Node::map(to.origin().clone(), changes))
    }

    fn lists(&self, from: &[Node], to: &[Node], field: &str) -> Result<Node, Inexact> {
        let key = self.key(field).ok_or(Inexact)?;
        let (old, new) = (keys(from, key)?, keys(to, key)?);
        if old != new {
            return Err(Inexact);
        }
        let mut elements = Vec::new();
        let mut last = 0;
        for (from, to) in from.iter().zip(to) {
            let identity = to.entry(key).ok_or(Inexact)?.clone();
            let mut element = vec![identity];
            if let Some(change) = self.merge(from, to, "")? {
                element.extend_from_slice(change.entries());
                last = elements.len() + 1;
            }
            elements.push(Node::map(to.origin().clone(), element));
        }
        elements.truncate(last);
        Ok(Node::seq(Origin::rule("kustomize: patch", []), elements))
    }

    /// The key by which a list merges.
    fn key(&self, field: &str) -> Option<&'static str> {
        match field {
            _ if !self.merge_by_key => None,
            "containers" | "initContainers" | "env" | "volumes" => Some("name"),
            "volumeMounts" => Some("mountPath"),
            // Ports merge by two keys at once: number and protocol.
            _ => None,
        }
    }
}

/// The keys of all elements, each once.
fn keys<'a>(items: &'a [Node], key: &str) -> Result<Vec<&'a Node>, Inexact> {
    let keys: Vec<&Node> = items
        .iter()
        .map(|item| item.get(key).ok_or(Inexact))
        .collect::<Result<_, _>>()?;
    let distinct: BTreeSet<String> = keys.iter().map(|key| key.to_json().to_string()).collect();
    if distinct.len() == keys.len() {
        Ok(keys)
    } else {
        Err(Inexact)
    }
}

/// A null would remove instead of set.
fn has_null(node: &Node) -> bool {
    match node {
        Node::Null(_) => true,
        Node::Map(_, entries) => entries.iter().any(|entry| has_null(&entry.value)),
        Node::Seq(_, items) => items.iter().any(has_null),
        _ => false,
    }
}
