//! Kubernetes schemas of all supported versions, compact and embedded.
//!
//! One table covers Kubernetes 1.27 to 1.37: each field and kind knows the minors that have it. Types of
//! custom resources share the shape of built-in ones, so validation and merging treat both alike.
mod builtin;
mod custom;
mod defaults;
mod duplicates;
mod format;
mod kinds;
mod lifecycle;
mod minor;
mod path;
mod pattern;
mod prune;
mod table;
mod tree;
mod types;
mod validate;

pub use builtin::{components, find_kind, kubernetes};
pub use custom::{custom, custom_kinds};
pub use defaults::fill_defaults;
pub use duplicates::{duplicates, item_key};
pub use format::{BadTable, decode, encode};
pub use kinds::{KindInfo, Stage, Subresource};
pub use lifecycle::{Lifecycle, lifecycle};
pub use minor::{BadMinor, Minor};
pub use path::{BadPath, Path, Segment};
pub use prune::prune;
pub use table::{Place, Schemas};
pub use tree::{Form, Tree};
pub use types::{
    Bounds, Choice, Extra, Field, ListKind, PatchStrategy, Scalar, Shape, Text, Type, TypeId,
};
pub use validate::{Problem, ProblemKind, validate, validate_object};
