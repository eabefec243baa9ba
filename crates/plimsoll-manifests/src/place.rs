//! Which namespace an object goes to.

use crate::Identity;
use plimsoll_schema::{Minor, find_kind};
use plimsoll_source::{Entry, Node, Origin, Str};
use plimsoll_world::ObjectKey;
use std::collections::BTreeSet;

/// The namespace of what does not name one: as it was said, else the one that all others agree on.
pub(crate) fn common(identity: &Identity, bodies: &[Node], target: Minor) -> Str {
    if let Some(namespace) = &identity.namespace {
        return namespace.clone();
    }
    let is_inside = |body: &&Node| {
        let key = ObjectKey::of(body);
        key.is_some_and(|key| lives_inside(&key, bodies, target))
    };
    let named: BTreeSet<&Str> = bodies.iter().filter(is_inside).filter_map(named).collect();
    match named.into_iter().collect::<Vec<_>>()[..] {
        [one] => one.clone(),
        _ => Str::from("default"),
    }
}

fn named(body: &Node) -> Option<&Str> {
    body.at(&["metadata", "namespace"])?.text()
}

/// The object with its namespace. What lives outside of namespaces has none, whatever it says.
pub(crate) fn placed(body: &Node, all: &[Node], namespace: &Str, target: Minor) -> Node {
    let Some(key) = ObjectKey::of(body) else {
        return body.clone();
    };
    let wanted = match (lives_inside(&key, all, target), &key.namespace) {
        (true, None) => Some(namespace.clone()),
        (false, Some(_)) => None,
        _ => return body.clone(),
    };
    let Some(metadata) = body.entry("metadata") else {
        return body.clone();
    };
    let mut entries: Vec<Entry> = metadata.value.entries().to_vec();
    entries.retain(|entry| entry.key != "namespace");
    entries.extend(wanted.map(|wanted| Entry {
        key: Str::from("namespace"),
        at: Origin::rule("manifests/namespace", []),
        value: Node::Text(Origin::rule("manifests/namespace", []), wanted),
    }));
    let metadata = Node::map(metadata.value.origin().clone(), entries);
    let entries = body.entries().iter().map(|entry| match entry.key.as_str() {
        "metadata" => Entry {
            value: metadata.clone(),
            ..entry.clone()
        },
        _ => entry.clone(),
    });
    Node::map(body.origin().clone(), entries)
}

/// Whether objects of a kind live in namespaces: by its schema, else by a definition beside it. A kind
/// that nobody knows does, unless the object says nothing of a namespace and its name begins with
/// `Cluster`.
fn lives_inside(key: &ObjectKey, all: &[Node], target: Minor) -> bool {
    if let Some((_, kind)) =
        find_kind(&key.api_version, &key.kind).filter(|(_, kind)| kind.known_at(target))
    {
        return kind.namespaced;
    }
    let defines = |body: &&Node| {
        let text = |path: &[&str]| body.at(path).and_then(Node::text).map(Str::as_str);
        text(&["kind"]) == Some("CustomResourceDefinition")
            && text(&["spec", "group"]) == Some(key.group())
            && text(&["spec", "names", "kind"]) == Some(&key.kind)
    };
    let scope = all
        .iter()
        .find(defines)
        .and_then(|body| body.at(&["spec", "scope"])?.text());
    match scope {
        Some(scope) => scope == "Namespaced",
        None => key.namespace.is_some() || !key.kind.starts_with("Cluster"),
    }
}
