//! How many pods, and what decides it.

use plimsoll_source::{Knob, Origin, Sourced, Str};
use plimsoll_spec_derive::Spec;

use crate::types::{Count, Duration, Percent, Rate};

/// How many pods, and what decides it.
#[derive(Clone, Debug, Spec)]
#[spec(short = "replicas")]
pub struct Scale {
    /// Number or range of pods, or `single`: never two. A range makes an autoscaler; then no
    /// output ever holds `replicas`.
    #[spec(default = "2")]
    pub replicas: Replicas,
    /// Target of cpu, in percent of the request of the service's own container.
    #[spec(shown = "70% if a range has no other metric")]
    pub cpu: Knob<Option<Percent>>,
    /// Target of memory, in percent of the request of the service's own container.
    pub memory: Knob<Option<Percent>>,
    /// Target of requests per pod. Needs `metrics.series.requests`, or a gateway or mesh that counts.
    pub requests: Knob<Option<Rate>>,
    /// Targets of queries.
    pub queries: Vec<ScaleQuery>,
    /// How fast it grows.
    pub up: Pace,
    /// How fast it shrinks.
    pub down: Pace,
}

/// Number of pods, as the handles have it.
#[derive(Clone, Debug)]
pub struct Replicas {
    /// Never two pods: `scale: single`.
    pub single: Sourced<bool>,
    /// Whether an autoscaler decides.
    pub auto: Knob<bool>,
    /// Fewest.
    pub min: Knob<u32>,
    /// Most.
    pub max: Knob<u32>,
    /// Number without autoscaler.
    pub count: Knob<u32>,
    /// Where the range was written.
    pub origin: Origin,
}

/// A query whose answer decides the number of pods.
#[derive(Clone, Debug, Spec)]
pub struct ScaleQuery {
    /// In `PromQL`.
    pub query: Sourced<Str>,
    /// What is aimed at.
    pub target: Sourced<Count>,
    /// Name of the metric.
    #[spec(shown = "the service and the number of the query")]
    pub name: Option<Sourced<Str>>,
    /// Of what the answer is.
    #[spec(default = "pod")]
    pub per: Sourced<Per>,
}

/// Of what a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum Per {
    /// The average of a pod.
    Pod,
    /// One number for the whole service.
    All,
}

/// How fast the number of pods changes.
#[derive(Clone, Debug, Spec)]
pub struct Pace {
    /// By how many pods, `4`, or by which part, `100%`, at once.
    pub by: Option<Sourced<Amount>>,
    /// In which time.
    pub every: Option<Sourced<Duration>>,
    /// How long a smaller need must last.
    pub wait: Option<Sourced<Duration>>,
}

/// A number or a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// So many.
    Count(u32),
    /// Such a part.
    Percent(Percent),
}
