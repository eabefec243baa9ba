//! Checks on the application and its world, one file per rule.
//!
//! A rule is a static description and a function from a [`Subject`] to findings. What reading and
//! compiling find is not here.

pub mod levels;

use plimsoll_schema::Minor;
use plimsoll_source::{Findings, Node, Rule};
use plimsoll_spec::App;
use plimsoll_world::World;

/// What is checked: one environment.
pub struct Subject<'a> {
    /// What the file says.
    pub app: &'a App,
    /// Where it says so: its layers before any word has a type.
    pub tree: &'a Node,
    /// What it makes.
    pub world: &'a World,
    /// The version of Kubernetes that it is written for.
    pub target: Minor,
}

/// Declares the modules of rules: each has a `RULE` (or `RULES`) and a function `check`.
macro_rules! rules {
    ($($module:ident),* $(,)?) => {
        $(pub mod $module;)*

        /// Every rule of this crate, by code.
        pub static ALL: &[&Rule] = &[$(&$module::RULE),*];

        /// Everything that is wrong with a subject.
        pub fn check(subject: &Subject) -> Findings {
            let mut findings = Findings::default();
            $($module::check(subject, &mut findings);)*
            findings
        }
    };
}

rules! {
    invalid_object,
    not_yet,
    open_route,
}
