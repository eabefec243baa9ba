//! Checks on the application and its world, one file per rule.
//!
//! A rule is a static description and a function from a [`Subject`] to findings. What reading and
//! compiling find is not here.

pub mod levels;
mod objects;

pub use objects::Objects;

use plimsoll_schema::Minor;
use plimsoll_source::{Findings, Node, Rule, Span};
use plimsoll_spec::App;
use plimsoll_spec::types::Date;
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
    /// The day that it is judged on.
    pub today: Date,
}

/// Declares the modules of rules: each has a `RULE` and a function `check`. Those of the application
/// take a [`Subject`]; those of objects take [`Objects`], and the first of them hold for compiled ones
/// as well, which are free of the others by the way they are made.
macro_rules! rules {
    (
        application: $($application:ident),*;
        any objects: $($any:ident),*;
        objects of others: $($other:ident),*;
    ) => {
        $(pub mod $application;)*
        $(pub mod $any;)*
        $(pub mod $other;)*

        /// Every rule of this crate, by code.
        pub static ALL: &[&Rule] = &[$(&$any::RULE,)* $(&$application::RULE,)* $(&$other::RULE,)*];

        /// Everything that is wrong with an application.
        pub fn check(subject: &Subject) -> Findings {
            let mut findings = Findings::default();
            let objects = Objects { world: subject.world, target: subject.target };
            $($any::check(objects, &mut findings);)*
            $($application::check(subject, &mut findings);)*
            findings
        }

        /// Everything that is wrong with objects that somebody else wrote.
        pub fn check_objects(objects: Objects) -> Findings {
            let mut findings = Findings::default();
            $($any::check(objects, &mut findings);)*
            $($other::check(objects, &mut findings);)*
            findings
        }
    };
}

/// Leaves out what only follows: an object is wrong where the file is wrong that made it, and that is told
/// already, at the places given.
pub fn without_followers(findings: &mut Findings, wrong: &[Span]) {
    let of_objects = [&invalid_object::RULE, &same_object::RULE];
    let is_told = |span: Span| {
        let touches = |other: &Span| {
            other.file == span.file && other.start < span.end && span.start < other.end
        };
        wrong.iter().any(touches)
    };
    findings.retain(|finding| {
        let follows = of_objects.iter().any(|rule| rule.code == finding.rule.code);
        !follows || !finding.marks.iter().any(|mark| is_told(mark.span))
    });
}

rules! {
    application: not_yet, open_route, sealing_certificate, same_object, latest_image, no_login;
    any objects: invalid_object;
    objects of others: selector_mismatch, leads_nowhere, unsafe_pod, floating_image;
}
