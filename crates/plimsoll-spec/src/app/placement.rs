//! Where pods go.

use indexmap::IndexMap;
use plimsoll_source::{Node, Sourced, Str};
use plimsoll_spec_derive::Spec;

/// Where pods go.
#[derive(Clone, Debug, Spec)]
pub struct Placement {
    /// Over what they are spread. Strict only where `cluster.zones` says there are enough.
    #[spec(default = "zones")]
    pub spread: Sourced<Spread>,
    /// Labels that nodes must have.
    pub nodes: IndexMap<Str, Sourced<Str>>,
    /// Labels that nodes should have.
    pub prefer: IndexMap<Str, Sourced<Str>>,
    /// Services that must not be on the same host.
    pub apart: Vec<Sourced<Str>>,
    /// Whether nodes that may be taken away are fine.
    #[spec(shown = "`cluster.nodes.spot`")]
    pub spot: Sourced<bool>,
    /// `low`, `normal`, `high`, or the name of a `PriorityClass`.
    #[spec(default = "normal")]
    pub priority: Sourced<Str>,
    /// Tolerations, as Kubernetes has them.
    pub tolerate: Option<Node>,
}

/// Over what pods are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum Spread {
    /// Zones, and hosts in them.
    Zones,
    /// Hosts.
    Hosts,
    /// Nothing.
    None,
}
