//! Probes, and how a program stops.

use indexmap::IndexMap;
use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec_derive::Spec;

use super::OrNone;
use crate::types::{Check, Duration};

/// Probes. One probe is start and ready; `none` is all three.
#[derive(Clone, Debug, Spec)]
#[spec(short_with = crate::shape::short::health)]
pub struct Health {
    /// Whether it has started; the others wait for it.
    #[spec(shown = "tcp of the main port; without ports none")]
    pub start: OrNone<Probe>,
    /// Whether it can serve.
    #[spec(shown = "tcp of the main port; without ports none")]
    pub ready: OrNone<Probe>,
    /// Whether a restart would help. Never the probe of dependencies.
    #[spec(shown = "tcp of the main port; without ports none")]
    pub live: OrNone<Probe>,
}

/// A probe.
#[derive(Clone, Debug, Spec)]
#[spec(short = "check")]
pub struct Probe {
    /// What is asked.
    pub check: Sourced<Check>,
    /// Headers of a request. A secret here is refused: use a command.
    pub headers: IndexMap<Str, Sourced<Str>>,
    /// How often.
    #[spec(shown = "10s; of start 2s")]
    pub every: Sourced<Duration>,
    /// How long one try may take.
    #[spec(shown = "2s; of a command 5s")]
    pub timeout: Sourced<Duration>,
    /// Tries in a row that must fail.
    #[spec(shown = "3; of start `within` / `every`")]
    pub fails: Sourced<u32>,
    /// Tries in a row that must succeed.
    #[spec(default = "1")]
    pub passes: Sourced<u32>,
    /// All tries of `start` together: `fails` = `within` / `every`.
    pub within: Option<Sourced<Duration>>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// How a program stops.
#[derive(Clone, Debug, Spec)]
pub struct Stop {
    /// Sleep before the signal, while endpoints and gateways forget the pod.
    #[spec(shown = "10s behind a route or Service, else 0s")]
    pub drain: Sourced<Duration>,
    /// From the decision to stop until the pod is killed, the sleep included.
    #[spec(shown = "40s behind a route or Service, else 30s")]
    pub grace: Sourced<Duration>,
}
