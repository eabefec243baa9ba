//! Server-side apply: who owns which field, and what follows from it.
//!
//! Follows the algorithm of sigs.k8s.io/structured-merge-diff v6 and of the field managers in
//! k8s.io/apimachinery v0.37.

pub mod managers;
pub mod set;
pub mod typed;
mod walk;

pub use managers::{Managers, Operation, Writer};
pub use set::FieldSet;
pub use typed::TypeRef;
