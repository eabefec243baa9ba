//! Environment variables of a container.

use plimsoll_source::{Origin, Sourced, Str};

use crate::types::{Target, Template};

/// Value of an environment variable.
#[derive(Clone, Debug)]
pub enum EnvValue {
    /// Text, perhaps with references.
    Text(Template),
    /// A field of the pod, `metadata.name`.
    Field(Sourced<Str>),
    /// Depends on whether a target is here and enabled.
    If(EnvIf),
}

/// `{ if: TARGET, then, else }`: only the branch that holds is read.
#[derive(Clone, Debug)]
pub struct EnvIf {
    /// What must be here; nothing where no layer leaves it here.
    pub target: Option<Target>,
    /// As written, without `!`.
    pub name: Sourced<Str>,
    /// `!TARGET`: must not be here.
    pub negated: bool,
    /// Whether the condition holds in this environment.
    pub holds: Sourced<bool>,
    /// Value where it holds; read where it does, or where a chart could turn it.
    pub then: Option<Template>,
    /// Value where it does not; nothing: absent.
    pub else_: Option<Template>,
    /// Where it was written.
    pub origin: Origin,
}
