//! What every output is made of: an application in all its environments.

use plimsoll_source::Findings;
use plimsoll_spec::App;
use plimsoll_world::{Blueprint, World};

use crate::FileSet;

/// One environment, compiled.
#[derive(Clone, Copy, Debug)]
pub struct Environment<'a> {
    /// What the file says.
    pub app: &'a App,
    /// Its forms.
    pub blueprint: &'a Blueprint,
    /// Its objects.
    pub world: &'a World,
}

impl Environment<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.world.environment
    }
}

/// An application in all its environments, in the order of the file.
#[derive(Clone, Debug)]
pub struct System<'a> {
    /// The environments; at least one.
    pub environments: Vec<Environment<'a>>,
}

/// What an output gives.
#[derive(Debug, Default)]
pub struct Emitted {
    /// The files.
    pub files: FileSet,
    /// What the output cannot express, at the line of the user.
    pub findings: Findings,
}
