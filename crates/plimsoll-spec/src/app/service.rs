//! Programs that keep running.

use indexmap::IndexMap;
use plimsoll_source::{Knob, Origin, Sourced, Str};
use plimsoll_spec_derive::Spec;
use std::borrow::Cow;

use super::image::Build;
use super::pod::{Can, Companion, Measured, Metrics, SecretUse, Security, Volume, Writable};
use super::scale::Amount;
use super::uses::CallerUse;
use super::{
    ConfigFile, EnvValue, Health, Image, OrNone, Placement, Ports, Scale, Size, Spent, Strategy,
    Use, health::Stop,
};
use crate::types::Template;

/// A program that keeps running.
#[derive(Clone, Debug, Spec)]
pub struct Service {
    /// Its name, which is the name of its objects.
    #[spec(name)]
    pub name: Knob<Str>,
    /// Off: as if not written, but charts keep a switch.
    #[spec(default = "true")]
    pub enabled: Knob<bool>,
    /// A service that lies under this one. All but its `enabled`, `build` and `secretName` is
    /// taken.
    pub like: Spent<Sourced<Str>>,
    /// Image.
    #[spec(shown = "the name of the service")]
    pub image: Image,
    /// Source, for CI and Compose.
    pub build: Option<Build>,
    /// Kind of its workload.
    #[spec(default = "deployment")]
    pub kind: Sourced<Kind>,
    /// Namespace.
    #[spec(shown = "the main one")]
    pub namespace: Sourced<Str>,
    /// Command, instead of the image's entry point.
    pub command: Option<Vec<Template>>,
    /// Arguments, instead of the image's.
    pub args: Option<Vec<Template>>,
    /// Ports, or one, which is named `http`. The main one is the first that the topmost writer
    /// names. Without: a worker, no Service.
    #[spec(default = "none")]
    pub ports: Ports,
    /// Probes.
    pub health: Health,
    /// How it stops.
    pub stop: Stop,
    /// What it asks for and may use.
    pub size: Size,
    /// How many pods.
    pub scale: Scale,
    /// Environment variables.
    pub env: Knob<IndexMap<Str, EnvValue>>,
    /// Files.
    #[spec(keys = Path)]
    pub config: IndexMap<Str, ConfigFile>,
    /// Secrets, as environment variables of the same names.
    #[spec(set)]
    pub secrets: IndexMap<Str, SecretUse>,
    /// Name of the Secret object that holds them.
    #[spec(shown = "`NAME-secrets`")]
    pub secret_name: Knob<Str>,
    /// What it talks to; all else is cut.
    #[spec(set)]
    pub uses: IndexMap<Str, Use>,
    /// Who calls it that is not in this file: a namespace, `NAMESPACE/NAME` or addresses.
    #[spec(set)]
    pub callers: IndexMap<Str, CallerUse>,
    /// Disks, by path. Kept.
    #[spec(keys = Path)]
    pub volumes: IndexMap<Str, Volume>,
    /// Paths that may be written, or `all`.
    #[spec(default = "[/tmp]")]
    pub writable: Writable,
    /// How metrics are read.
    pub metrics: Option<Metrics>,
    /// How new pods take over from old ones.
    #[spec(shown = "`deliver.strategy`")]
    pub strategy: Strategy,
    /// Pods that may be away at once, a number or a part.
    #[spec(shown = "1, or 10% from 20 pods")]
    pub disruption: OrNone<Sourced<Amount>>,
    /// Where its pods go.
    pub placement: Knob<Placement>,
    /// Identity in the cloud, for its service account; spelled as `cluster.distribution` wants it.
    pub identity: Option<Sourced<Str>>,
    /// What it may ask of the API server.
    pub can: Can,
    /// What its process may.
    pub security: Security,
    /// Containers that run before it, in order.
    #[spec(keys = Name)]
    pub init: IndexMap<Str, Companion>,
    /// Containers that run beside it.
    #[spec(keys = Name)]
    pub sidecars: IndexMap<Str, Companion>,
    /// Labels, on pods as well.
    pub labels: Knob<IndexMap<Str, Sourced<Str>>>,
    /// Annotations, on pods as well.
    pub annotations: Knob<IndexMap<Str, Sourced<Str>>>,
    /// What is known of it.
    pub measured: Measured,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

impl Service {
    /// The ports of its Service: its own, then those of its sidecars. Without ports of its own there
    /// is no Service.
    pub fn offered(&self) -> Cow<'_, Ports> {
        self.ports.joined(&self.sidecars)
    }
}

/// Kind of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum Kind {
    /// Pods that are all alike.
    Deployment,
    /// Pods with names and disks of their own.
    #[spec(word = "statefulset")]
    StatefulSet,
    /// One pod on each node.
    #[spec(word = "daemonset")]
    DaemonSet,
}
