//! Which environment an application is in.

use plimsoll_source::{Sourced, Str};

/// Names of an environment. One that is not written is named `default`.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Its name.
    pub name: Sourced<Str>,
    /// Its name in file names, `values-prod.yaml`.
    pub short: Sourced<Str>,
}
