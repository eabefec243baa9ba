//! What every output is made of: an application in all its environments.

use plimsoll_source::{Findings, Node};
use plimsoll_spec::App;
use plimsoll_world::{Blueprint, World};

use crate::FileSet;

/// One environment, compiled.
#[derive(Clone, Copy, Debug)]
pub struct Environment<'a> {
    /// What the file says.
    pub app: &'a App,
    /// Where it says so: its layers before any word has a type.
    pub tree: &'a Node,
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

    /// Its name in file names.
    pub fn short(&self) -> &str {
        self.app.environment.short.peek()
    }
}

/// An application in all its environments, in the order of the file.
#[derive(Clone, Debug)]
pub struct System<'a> {
    /// The environments; at least one.
    pub environments: Vec<Environment<'a>>,
    /// Number of the one that is chosen.
    pub chosen: usize,
}

impl<'a> System<'a> {
    /// The chosen environment: words that are the same in all are read there.
    pub fn chosen(&self) -> &Environment<'a> {
        &self.environments[self.chosen]
    }
}

/// What an output gives.
#[derive(Debug, Default)]
pub struct Emitted {
    /// The files.
    pub files: FileSet,
    /// What the output cannot express, at the line of the user.
    pub findings: Findings,
}
