//! Namespaces and what holds in them.

use indexmap::IndexMap;
use plimsoll_source::{Node, Origin, Sourced, Str};
use plimsoll_spec_derive::Spec;

use crate::types::{Bytes, Cpu};

/// A namespace.
#[derive(Clone, Debug, Spec)]
#[spec(short = "name")]
pub struct Namespace {
    /// Its name. Of the main one it may hold `${env}`; of others it is the key.
    #[spec(shown = "`${app}`")]
    pub name: Sourced<Str>,
    /// Namespaces that may talk into it. Forbids, and opens nothing.
    #[spec(shown = "all of ours")]
    pub from: Option<Vec<Sourced<Str>>>,
    /// Pod Security, pinned to the target version.
    #[spec(default = "restricted")]
    pub security: Sourced<PodSecurity>,
    /// `auto` (largest scale, surge, jobs, probes of certificates, and a tenth), or a map `hard`.
    pub quota: Option<Quota>,
    /// Most for one container.
    pub limits: Limits,
    /// A surface for tenants: quota, limits, default deny and RBAC are demanded.
    #[spec(default = "false")]
    pub tenant: Sourced<bool>,
    /// Not ours: never made, labelled or deleted.
    #[spec(default = "false")]
    pub existing: Sourced<bool>,
    /// Labels.
    pub labels: IndexMap<Str, Sourced<Str>>,
    /// Annotations.
    pub annotations: IndexMap<Str, Sourced<Str>>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// Levels of Pod Security.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Spec)]
pub enum PodSecurity {
    /// What hardened pods need.
    Restricted,
    /// What ordinary pods need.
    Baseline,
    /// Everything.
    Privileged,
}

/// Bound for all of a namespace.
#[derive(Clone, Debug)]
pub enum Quota {
    /// Computed from what lives there.
    Auto(Origin),
    /// As written: resource → amount, as `hard` of a `ResourceQuota`.
    Hard(Node),
}

/// Bounds for one container.
#[derive(Clone, Debug, Spec)]
pub struct Limits {
    /// Most cpu.
    pub cpu: Option<Sourced<Cpu>>,
    /// Most memory.
    pub memory: Option<Sourced<Bytes>>,
}
