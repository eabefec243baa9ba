//! The way out to raw Kubernetes.

use plimsoll_source::{Node, Origin, Sourced, Str};
use plimsoll_spec_derive::Spec;

/// The way out to raw Kubernetes. What goes through it is checked too.
#[derive(Clone, Debug, Spec)]
pub struct Kubernetes {
    /// Changes of objects that were made, applied last.
    pub patches: Vec<Patch>,
    /// Objects that join the application, or globs of files that hold them.
    pub manifests: Vec<Manifest>,
}

/// A change of an object. One of `merge`, `json` and `remove` is there.
#[derive(Clone, Debug, Spec)]
pub struct Patch {
    /// The object, `Kind/name`.
    pub object: Sourced<Str>,
    /// A strategic merge.
    pub merge: Option<Node>,
    /// Steps of a JSON patch.
    pub json: Option<Node>,
    /// Path to remove, `spec.template.spec.hostname`.
    pub remove: Option<Sourced<Str>>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// Objects that join the application.
#[derive(Clone, Debug)]
pub enum Manifest {
    /// Files, as written.
    Glob {
        /// The pattern.
        pattern: Sourced<Str>,
        /// Objects in the files that it matches.
        objects: Vec<Node>,
    },
    /// An object.
    Object(Node),
}
