//! Objectives, alerts, dashboards.

use indexmap::IndexMap;
use plimsoll_source::{Node, Sourced, Str};
use plimsoll_spec_derive::Spec;

use super::OrNone;
use crate::types::{Duration, Latency, Limit, Percent};

/// Objectives, alerts, dashboards.
#[derive(Clone, Debug, Spec)]
pub struct Observe {
    /// What is promised, by service.
    pub objectives: IndexMap<Str, Objective>,
    /// When somebody is told.
    pub alerts: Alerts,
    /// Whether dashboards are made.
    #[spec(shown = "true where there is a platform for them")]
    pub dashboards: Sourced<bool>,
    /// Severity → receiver of Alertmanager.
    pub notify: IndexMap<Str, Notify>,
}

/// What a service promises: burn-rate alerts, analysis and rehearsal follow.
#[derive(Clone, Debug, Spec)]
pub struct Objective {
    /// The service.
    #[spec(name)]
    pub service: Sourced<Str>,
    /// Part of requests that succeed.
    pub availability: Option<Sourced<Percent>>,
    /// How fast they are.
    pub latency: Option<Sourced<Latency>>,
    /// Over which time.
    #[spec(default = "30d")]
    pub window: Sourced<Duration>,
}

/// When somebody is told. `none` turns one off.
#[derive(Clone, Debug, Spec)]

pub struct Alerts {
    /// No pod is ready, for so long.
    #[spec(default = "2m")]
    pub down: OrNone<Sourced<Duration>>,
    /// Failed requests.
    #[spec(default = "5% for 10m")]
    pub errors: OrNone<Sourced<Limit>>,
    /// Latency of the slowest twentieth.
    #[spec(default = "1s for 10m")]
    pub latency: OrNone<Sourced<Limit>>,
    /// Cpu, in percent of the limit or request.
    #[spec(default = "90% for 15m")]
    pub cpu: OrNone<Sourced<Limit>>,
    /// Memory, in percent of the limit.
    #[spec(default = "90% for 15m")]
    pub memory: OrNone<Sourced<Limit>>,
    /// Disk, in percent.
    #[spec(default = "80% for 15m")]
    pub disk: OrNone<Sourced<Limit>>,
    /// Restarts of a container.
    #[spec(default = "3 for 15m")]
    pub restarts: OrNone<Sourced<Limit>>,
    /// Lag of replicas, and of consumers of a broker.
    #[spec(default = "30s for 5m")]
    pub lag: OrNone<Sourced<Limit>>,
    /// Connections, in percent of the most.
    #[spec(default = "80% for 10m")]
    pub connections: OrNone<Sourced<Limit>>,
    /// A certificate ends within this.
    #[spec(default = "14d")]
    pub certificate: OrNone<Sourced<Duration>>,
    /// No copy has succeeded for so long.
    #[spec(default = "26h")]
    pub backup: OrNone<Sourced<Duration>>,
    /// Other limits for one service.
    pub services: IndexMap<Str, ServiceAlerts>,
    /// Alerts of one's own, under any other name.
    #[spec(rest)]
    pub custom: IndexMap<Str, OrNone<CustomAlert>>,
}

/// Limits for one service; what it does not say is as for all.
#[derive(Clone, Debug, Spec)]
pub struct ServiceAlerts {
    /// The service.
    #[spec(name)]
    pub service: Sourced<Str>,
    /// No pod is ready, for so long.
    pub down: Option<OrNone<Sourced<Duration>>>,
    /// Failed requests.
    pub errors: Option<OrNone<Sourced<Limit>>>,
    /// Latency of the slowest twentieth.
    pub latency: Option<OrNone<Sourced<Limit>>>,
    /// Cpu.
    pub cpu: Option<OrNone<Sourced<Limit>>>,
    /// Memory.
    pub memory: Option<OrNone<Sourced<Limit>>>,
    /// Disk.
    pub disk: Option<OrNone<Sourced<Limit>>>,
    /// Restarts of a container.
    pub restarts: Option<OrNone<Sourced<Limit>>>,
    /// Lag.
    pub lag: Option<OrNone<Sourced<Limit>>>,
    /// Connections.
    pub connections: Option<OrNone<Sourced<Limit>>>,
}

/// An alert of one's own.
#[derive(Clone, Debug, Spec)]
pub struct CustomAlert {
    /// Its name.
    #[spec(name)]
    pub name: Sourced<Str>,
    /// In `PromQL`.
    pub query: Sourced<Str>,
    /// How long it must hold.
    #[spec(default = "5m")]
    pub for_: Sourced<Duration>,
    /// How much it matters.
    #[spec(default = "warning")]
    pub severity: Sourced<Str>,
    /// What is said.
    #[spec(shown = "the name")]
    pub summary: Option<Sourced<Str>>,
}

/// A receiver of Alertmanager: a name that exists there, or its raw configuration.
#[derive(Clone, Debug)]
pub enum Notify {
    /// A name that exists.
    Named(Sourced<Str>),
    /// Its configuration.
    Receiver(Node),
}
