//! Levels of rules, waivers, licences.

use indexmap::IndexMap;
use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec_derive::Spec;

use crate::types::Date;

/// Levels of rules, waivers, licences.
#[derive(Clone, Debug, Spec)]
pub struct Policy {
    /// Rule, as `check` prints it → how much it matters.
    pub rules: IndexMap<Str, Sourced<RuleLevel>>,
    /// What is allowed for a while.
    pub waive: Vec<Waiver>,
    /// Licences that components may have.
    #[spec(default = "any")]
    pub licences: Sourced<Licences>,
}

/// How much a rule matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum RuleLevel {
    /// Not shown.
    Off,
    /// Worth knowing.
    Info,
    /// Probably a mistake.
    Warning,
    /// Nothing is shipped while it stands.
    Error,
}

/// Something that is allowed for a while. All four are required.
#[derive(Clone, Debug, Spec)]
pub struct Waiver {
    /// The rule.
    pub rule: Sourced<Str>,
    /// The object, `Kind/name`; it may hold `*`.
    pub object: Sourced<Str>,
    /// Why.
    pub reason: Sourced<Str>,
    /// Last day, `2027-01-31`. Past it, it is an error.
    pub until: Sourced<Date>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

impl Waiver {
    /// Whether its last day is past.
    pub fn has_ended(&self, today: Date) -> bool {
        *self.until.peek() < today
    }
}

/// Licences that components may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum Licences {
    /// Open ones.
    Open,
    /// Any.
    Any,
}
