//! One object changed into another: a strategic patch where that is exact, else JSON6902.

use plimsoll_source::{Entry, Node, Origin, Str, yaml};
use serde_json::{Map, Value, json};

use super::{edits, strategic};

/// A patch of one object.
pub(super) enum Patch {
    /// Merged into the object that it names.
    Strategic(Node),
    /// A list of edits of this object.
    Edits(Node, Target),
}

/// The object that edits are for.
pub(super) struct Target {
    group: Str,
    version: Str,
    kind: Str,
    name: Str,
    namespace: Option<Str>,
}

impl Patch {
    /// The patch that makes one of the other; nothing where they are the same.
    pub(super) fn between(from: &Node, to: &Node) -> Option<Self> {
        if from == to {
            return None;
        }
        Some(match strategic::patch(from, to) {
            Some(patch) => Self::Strategic(patch),
            None => Self::Edits(edits::edits(from, to), Target::of(from)),
        })
    }

    /// The patch that takes an object away.
    pub(super) fn delete(object: &Node) -> Self {
        let origin = Origin::rule("kustomize: delete", []);
        let mut patch = vec![entry(
            "$patch",
            Node::Text(origin.clone(), Str::from("delete")),
        )];
        patch.extend(strategic::identity(object));
        Self::Strategic(Node::map(origin, patch))
    }

    /// Its file.
    pub(super) fn text(&self) -> Vec<u8> {
        match self {
            Self::Strategic(patch) | Self::Edits(patch, _) => yaml::write(patch),
        }
    }

    /// Its line in a kustomization.
    pub(super) fn entry(&self, path: &str) -> Value {
        match self {
            Self::Strategic(_) => json!({ "path": path }),
            Self::Edits(_, target) => json!({ "path": path, "target": target.selector() }),
        }
    }
}

impl Target {
    fn of(object: &Node) -> Self {
        let text = |path: &[&str]| object.at(path).and_then(Node::text).cloned();
        let api_version = text(&["apiVersion"]).unwrap_or_default();
        let (group, version) = match api_version.split_once('/') {
            Some((group, version)) => (Str::from(group), Str::from(version)),
            None => (Str::new(), api_version),
        };
        Self {
            group,
            version,
            kind: text(&["kind"]).unwrap_or_default(),
            name: text(&["metadata", "name"]).unwrap_or_default(),
            namespace: text(&["metadata", "namespace"]),
        }
    }

    /// Names are patterns there, anchored at both ends.
    fn selector(&self) -> Value {
        let mut selector = Map::new();
        if !self.group.is_empty() {
            selector.insert("group".into(), json!(self.group.as_str()));
        }
        selector.insert("version".into(), json!(self.version.as_str()));
        selector.insert("kind".into(), json!(self.kind.as_str()));
        selector.insert("name".into(), json!(self.name.replace('.', "\\.")));
        if let Some(namespace) = &self.namespace {
            selector.insert("namespace".into(), json!(namespace.as_str()));
        }
        Value::Object(selector)
    }
}

/// An entry that nobody wrote.
pub(super) fn entry(key: &str, value: Node) -> Entry {
    Entry {
        key: Str::from(key),
        at: value.origin().clone(),
        value,
    }
}
