//! The Blueprint and the World.
//!
//! A [`Blueprint`] holds forms: objects whose entries, items and whole bodies may stand under a
//! condition, and whose values may be expressions over words that can be turned ([`Param`]).
//! Evaluating it gives the [`World`]: the plain objects of one environment. Checks, plans and
//! shipping see plain objects only; printing a form gives a template.

mod blueprint;
mod build;
mod cond;
mod evaluate;
mod expr;
mod form;
mod hash;
mod macros;
mod object;
mod op;
pub mod why;

pub use blueprint::{Blueprint, ObjectForm};
pub use build::{Fragment, IntoForm, Lit, MapBuilder, Scope, SeqBuilder};
pub use cond::Cond;
pub use evaluate::{Values, evaluate, holds, plain, truthy, value};
pub use expr::{Expr, Param, Var};
pub use form::{Form, MapPart, SeqPart};
pub use hash::content_hash;
pub use object::{Object, ObjectKey, Role, Unit, World};
pub use op::Op;

/// A key that stands in the program: it is part of the binary and never allocated.
#[doc(hidden)]
pub use arcstr::literal as key;

#[cfg(test)]
mod tests;
