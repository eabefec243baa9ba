//! Demand from outside, and upper bounds for all.

use plimsoll_source::{Sourced, Str};
use plimsoll_spec_derive::Spec;

use crate::types::{Bytes, Cpu, Rate};

/// Demand that enters at a service and flows along `uses` by `calls`.
#[derive(Clone, Debug, Spec)]
#[spec(short = "rate")]
pub struct Load {
    /// The service where it enters.
    #[spec(name)]
    pub service: Sourced<Str>,
    /// The highest rate of an ordinary day.
    pub rate: Sourced<Rate>,
    /// The lowest rate of it.
    #[spec(shown = "a tenth of `rate`; of constant the same")]
    pub low: Option<Sourced<Rate>>,
    /// How it changes.
    #[spec(default = "constant")]
    pub shape: Sourced<LoadShape>,
    /// Rate of a spike.
    #[spec(shown = "three times `rate`")]
    pub spike: Option<Sourced<Rate>>,
}

/// How a load changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum LoadShape {
    /// It does not.
    Constant,
    /// Between `low` and `rate` in a day.
    Daily,
    /// Suddenly, to `spike`.
    Spike,
}

/// Upper bounds for all. Both ends of a range are lowered; one that closes loses its autoscaler.
#[derive(Clone, Debug, Spec)]
pub struct Cap {
    /// Most pods of a service.
    pub replicas: Option<Sourced<u32>>,
    /// Most instances of a store; 1 makes its mode single.
    pub instances: Option<Sourced<u32>>,
    /// Most cpu of a container.
    pub cpu: Option<Sourced<Cpu>>,
    /// Most memory of a container.
    pub memory: Option<Sourced<Bytes>>,
    /// Largest disk: of a store, a claim, a volume.
    pub storage: Option<Sourced<Bytes>>,
}
