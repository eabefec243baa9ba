//! The kinds that an API server serves.
use crate::{Lifecycle, Minor, Text, TypeId, lifecycle};

/// One kind in one API version, with the resource that serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindInfo {
    /// API group; empty for the core group.
    pub group: Text,
    /// API version, such as `v1`.
    pub version: Text,
    /// Kind, such as `Deployment`.
    pub kind: Text,
    /// Name of the resource in paths, such as `deployments`.
    pub plural: Text,
    /// The resource's name for one object.
    pub singular: Text,
    /// Abbreviations that `kubectl` accepts.
    pub short_names: Vec<Text>,
    /// Groups of resources such as `all`.
    pub categories: Vec<Text>,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// What may be done, such as `get` and `watch`; ordered by name.
    pub verbs: Vec<Text>,
    /// Parts served at a path of their own.
    pub subresources: Vec<Subresource>,
    /// The type of its objects.
    pub ty: TypeId,
    /// The first version that can serve it; [`Minor::FIRST`] means that version or an earlier one.
    pub since: Minor,
    /// The last version that can serve it, if newer ones cannot.
    pub until: Option<Minor>,
}

/// A part of an object served at a path of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subresource {
    /// Last part of the path, such as `status`.
    pub name: Text,
    /// Group of the kind that it exchanges.
    pub group: Text,
    /// Version of the kind that it exchanges.
    pub version: Text,
    /// Kind that it exchanges, such as `Scale`.
    pub kind: Text,
    /// What may be done.
    pub verbs: Vec<Text>,
}

/// How settled an API version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// May change or vanish at any release.
    Alpha,
    /// Served only where an administrator turned it on, with few old exceptions.
    Beta,
    /// Always served.
    Stable,
}

impl KindInfo {
    /// What tells it apart: group, version and kind.
    pub fn id(&self) -> (&str, &str, &str) {
        (&self.group, &self.version, &self.kind)
    }

    /// `apiVersion` of its objects.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Whether version `at` can serve it, perhaps only once turned on.
    pub fn known_at(&self, at: Minor) -> bool {
        self.since <= at && self.until.is_none_or(|until| at <= until)
    }

    /// Whether version `at` serves it without being told to.
    ///
    /// Beta versions have been off by default since 1.24; flow control's, which are older or were
    /// exempted, stayed on until they were removed.
    pub fn served_at(&self, at: Minor) -> bool {
        let on = self.stage() == Stage::Stable
            || (self.stage() == Stage::Beta && self.group == "flowcontrol.apiserver.k8s.io");
        on && self.known_at(at)
    }

    /// How settled its API version is.
    pub fn stage(&self) -> Stage {
        if self.version.contains("alpha") {
            Stage::Alpha
        } else if self.version.contains("beta") {
            Stage::Beta
        } else {
            Stage::Stable
        }
    }

    /// When it was or will be deprecated and removed.
    pub fn lifecycle(&self) -> Option<&'static Lifecycle> {
        lifecycle(&self.group, &self.version, &self.kind)
    }

    /// The subresource of this name.
    pub fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|part| part.name == name)
    }
}
