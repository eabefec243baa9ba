//! Edges: who talks to whom.

use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec_derive::Spec;

use super::OrNone;
use crate::types::{Caller, Count, Duration, PortRef, Range, Target};

/// Something that is talked to. All else is cut.
#[derive(Clone, Debug, Spec)]
pub struct Use {
    /// `NAME`, `STORE.DATABASE` or `platform.SLOT`, as written.
    #[spec(name)]
    pub name: Sourced<Str>,
    /// What that is here.
    #[spec(target)]
    pub target: Target,
    /// Connections per pod: the connection budget.
    pub pool: Option<Sourced<u32>>,
    /// Ports that are opened, by name or number of the Service.
    #[spec(shown = "the main one; of a store all")]
    pub ports: Option<Vec<Sourced<PortRef>>>,
    /// Environment variable that holds the URL; `none`: no entry at all, of credentials neither.
    /// Of a target without a URL `none` is the default, and says nothing about credentials.
    #[spec(shown = "the store's `as`; none for services")]
    pub as_: OrNone<Sourced<Str>>,
    /// Whose credentials: one of the store's `users`.
    #[spec(shown = "the database's owner")]
    pub user: Option<Sourced<Str>>,
    /// Through the pooler, if the store has one. Migrations always go past it.
    #[spec(default = "true")]
    pub pooler: Sourced<bool>,
    /// The read-only side of a store.
    #[spec(default = "false")]
    pub read: Sourced<bool>,
    /// Calls per request served: demand flows along.
    #[spec(default = "1")]
    pub calls: Sourced<Count>,
    /// Whether the target may be absent: off, taken away by a layer, or a slot that is `none`.
    #[spec(default = "false")]
    pub optional: Sourced<bool>,
    /// How long one call may take.
    pub timeout: Option<Sourced<Duration>>,
    /// How often a failed call is tried again.
    pub retries: Option<Sourced<u32>>,
    /// Revisions of the database that this release can run on.
    pub revision: Option<Sourced<Range>>,
    /// Where it was written, or the rule that made it.
    #[spec(origin)]
    pub origin: Origin,
}

/// Somebody who calls and is not in this file.
#[derive(Clone, Debug, Spec)]
pub struct CallerUse {
    /// Who.
    #[spec(name)]
    pub caller: Sourced<Caller>,
    /// Ports that are opened.
    #[spec(shown = "the main one")]
    pub ports: Option<Vec<Sourced<PortRef>>>,
}
