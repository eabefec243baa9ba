//! What the pods of services, jobs, migrations and stores share.

use indexmap::IndexMap;
use plimsoll_source::{Knob, Origin, Sourced, Str};
use plimsoll_spec_derive::Spec;

use super::{EnvValue, Image, Ports, Size};
use crate::types::{Bytes, Duration, Permission, Template};

/// A secret that a program is given.
#[derive(Clone, Debug, Spec)]
pub struct SecretUse {
    /// Name of the environment variable.
    #[spec(name)]
    pub name: Sourced<Str>,
    /// Another secret's name, or `NAME.key`.
    #[spec(shown = "the secret of the same name")]
    pub from: Option<Sourced<Str>>,
    /// Path of a file instead of a variable.
    pub file: Option<Sourced<Str>>,
}

/// A disk of a program.
#[derive(Clone, Debug, Spec)]
#[spec(short_with = crate::shape::short::volume)]
pub struct Volume {
    /// Size of a claim of its own; on a statefulset one for each pod.
    pub size: Option<Sourced<Bytes>>,
    /// `ssd`, `standard` or a `StorageClass`.
    pub class: Option<Sourced<Str>>,
    /// In memory, gone with the pod.
    #[spec(default = "false")]
    pub memory: Sourced<bool>,
    /// One of `claims`.
    pub claim: Option<Sourced<Str>>,
    /// Folder of the claim.
    pub folder: Option<Sourced<Str>>,
    /// Read only.
    #[spec(default = "false")]
    pub read: Sourced<bool>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// Paths that may be written: scratch, empty at start, gone with the pod.
#[derive(Clone, Debug)]
pub enum Writable {
    /// These; the rest of the root file system is read-only.
    Paths(Vec<Sourced<Str>>),
    /// All of it, which needs a waiver.
    All(Origin),
}

/// What the process may. Each loosening needs a waiver.
#[derive(Clone, Debug, Spec)]
pub struct Security {
    /// User of the process.
    #[spec(shown = "10001; of a store the engine's")]
    pub user: Sourced<u64>,
    /// Group of the process and of volumes.
    #[spec(shown = "the user")]
    pub group: Sourced<u64>,
    /// Linux capabilities, without `CAP_`.
    pub capabilities: Vec<Sourced<Str>>,
    /// Whether it may run as root.
    #[spec(default = "false")]
    pub root: Sourced<bool>,
}

/// A container before the program, or beside it.
#[derive(Clone, Debug, Spec)]
pub struct Companion {
    /// Its name.
    #[spec(name)]
    pub name: Sourced<Str>,
    /// Image.
    #[spec(shown = "the service's")]
    pub image: Image,
    /// Command, instead of the image's.
    pub command: Option<Vec<Template>>,
    /// Arguments, instead of the image's.
    pub args: Option<Vec<Template>>,
    /// Environment variables.
    pub env: Knob<IndexMap<Str, EnvValue>>,
    /// Secrets, as a service has them; none but these.
    #[spec(set)]
    pub secrets: IndexMap<Str, SecretUse>,
    /// Ports; they join the Service, so names are unique in the pod. Of a sidecar only.
    #[spec(default = "none")]
    pub ports: Ports,
    /// Size.
    pub size: Size,
    /// Probes. Of a sidecar only.
    #[spec(shown = "tcp of its first port; without ports none")]
    pub health: super::Health,
    /// Files of the program: path here → path there.
    #[spec(set)]
    pub mounts: IndexMap<Str, Mount>,
}

/// A path of the program, seen from a companion.
#[derive(Clone, Debug, Spec)]
#[spec(short = "path")]
pub struct Mount {
    /// The program's path.
    #[spec(shown = "the same")]
    pub path: Option<Sourced<Str>>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// How metrics are read. Opened to `platform.metrics` only.
#[derive(Clone, Debug, Spec)]
#[spec(short = "path")]
pub struct Metrics {
    /// Port; a number needs no `ports` and makes no Service.
    #[spec(shown = "the main port")]
    pub port: Sourced<crate::types::PortRef>,
    /// Path.
    #[spec(default = "/metrics")]
    pub path: Sourced<Str>,
    /// How often.
    #[spec(default = "30s")]
    pub every: Sourced<Duration>,
    /// Which of them count requests, errors and time.
    pub series: Series,
    /// Further names that are exported.
    pub exports: Vec<Sourced<Str>>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// Which metrics say how the service does.
#[derive(Clone, Debug, Spec)]
pub struct Series {
    /// Counter of requests.
    pub requests: Option<Sourced<Str>>,
    /// Label filter of failures, `code=~"5.."`.
    pub errors: Option<Sourced<Str>>,
    /// Histogram of durations.
    pub duration: Option<Sourced<Str>>,
}

/// What is known of a program: facts, not wishes. They feed capacity and rehearsal.
#[derive(Clone, Debug, Spec)]
pub struct Measured {
    /// Requests that one pod handles.
    pub handles: Option<Sourced<crate::types::Rate>>,
    /// From the start of the container until it is ready.
    #[spec(default = "5s")]
    pub start: Sourced<Duration>,
    /// Memory in use under load.
    pub memory: Option<Sourced<Bytes>>,
    /// Size of the image, or time to pull it.
    #[spec(default = "10s")]
    pub pull: Sourced<Duration>,
    /// Time to finish what is begun when told to stop.
    #[spec(default = "2s")]
    pub drain: Sourced<Duration>,
}

/// Permissions at the API server.
pub type Can = Vec<Sourced<Permission>>;
