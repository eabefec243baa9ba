//! How new pods take over from old ones.

use plimsoll_source::{Knob, Origin, Sourced};
use plimsoll_spec_derive::Spec;

use super::scale::Amount;
use crate::types::{Duration, Step};

/// How new pods take over from old ones. One thing: an upper one replaces a lower whole.
#[derive(Clone, Debug, Spec)]
#[spec(one_key)]
pub enum Strategy {
    /// Some at a time.
    Rolling(Rolling),
    /// All old ones go before new ones come.
    Recreate(Origin),
    /// A whole second set, then a switch. Needs `platform.rollouts`.
    BlueGreen(BlueGreen),
    /// A growing part. Needs `platform.rollouts`.
    Canary(Canary),
}

/// Some at a time.
#[derive(Clone, Debug, Spec)]
pub struct Rolling {
    /// Pods more than wanted.
    #[spec(default = "25%")]
    pub surge: Sourced<Amount>,
    /// Pods fewer than wanted.
    #[spec(default = "0")]
    pub away: Sourced<Amount>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// A whole second set, then a switch.
#[derive(Clone, Debug, Spec)]
pub struct BlueGreen {
    /// How long the old set is kept.
    #[spec(default = "10m")]
    pub hold: Sourced<Duration>,
    /// Who switches.
    #[spec(default = "auto")]
    pub promote: Sourced<Promote>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// Who switches to the new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum Promote {
    /// Nobody: it happens once all are ready and the analysis is content.
    Auto,
    /// A person.
    Ask,
}

/// A growing part.
#[derive(Clone, Debug, Spec)]
pub struct Canary {
    /// Steps, `10% for 5m`.
    #[spec(default = "[10% for 5m, 50% for 10m]")]
    pub steps: Knob<Vec<Sourced<Step>>>,
    /// What divides the traffic: `pods`, `gateway` or `mesh`.
    #[spec(shown = "the gateway where a route leads here, else pods")]
    pub traffic: Option<Sourced<Traffic>>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// What divides the traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum Traffic {
    /// The number of pods.
    Pods,
    /// Weights of a route.
    Gateway,
    /// The mesh.
    Mesh,
}
