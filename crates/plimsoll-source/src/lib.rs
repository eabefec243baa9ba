//! Files, spans, the spanned tree, YAML in and out, findings and their renderers.
//!
//! Knows nothing of Kubernetes. The user's file and the generated objects are the same kind of
//! tree ([`Node`]), and every node knows its [`Origin`]; a finding about a generated field can so
//! point at the line that caused it.

pub mod edit;
pub mod file;
pub mod finding;
pub mod knob;
mod literal;
pub mod near;
pub mod node;
pub mod origin;
pub mod place;
pub mod render;
pub mod rules;
pub mod scalar;
pub mod sourced;
pub mod yaml;

pub use arcstr::ArcStr as Str;
pub use file::{FileId, Position, Sources, Span};
pub use finding::{Edit, Finding, Findings, Level, Mark, Rule};
pub use knob::{Handle, Knob};
pub use literal::{chosen, literal};
pub use near::near;
pub use node::{Entry, Node};
pub use origin::{Origin, Step};
pub use scalar::Scalar;
pub use sourced::Sourced;
