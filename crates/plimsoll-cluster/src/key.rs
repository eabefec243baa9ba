//! Names of kinds and objects: `apps/Deployment`, and a kind with namespace and name.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

/// A group and a kind, written `apps/Deployment`, or `Pod` in the core group.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Gk {
    /// API group, empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
}

impl Gk {
    /// Reads `apps/Deployment` or `Pod`.
    pub fn parse(text: &str) -> Self {
        let (group, kind) = text.rsplit_once('/').unwrap_or(("", text));
        Self {
            group: group.to_owned(),
            kind: kind.to_owned(),
        }
    }

    /// The group and kind of an object by its `apiVersion` and `kind`.
    pub fn of(object: &Value) -> Self {
        let version = object["apiVersion"].as_str().unwrap_or_default();
        let kind = object["kind"].as_str().unwrap_or_default();
        Self {
            group: group_of(version).to_owned(),
            kind: kind.to_owned(),
        }
    }
}

impl fmt::Display for Gk {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.group.is_empty() {
            out.write_str(&self.kind)
        } else {
            write!(out, "{}/{}", self.group, self.kind)
        }
    }
}

/// The group in an `apiVersion`: `apps` in `apps/v1`, nothing in `v1`.
pub fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// One object of the cluster, by name.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ObjectKey {
    /// As [`Gk`] writes it.
    pub kind: Arc<str>,
    /// Empty for cluster-scoped kinds.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            write!(out, "{} {}", self.kind, self.name)
        } else {
            write!(out, "{} {}/{}", self.kind, self.namespace, self.name)
        }
    }
}
