//! Programs that run and end.

use indexmap::IndexMap;
use plimsoll_source::{Knob, Origin, Sourced, Str};
use plimsoll_spec_derive::Spec;

use super::image::Build;
use super::pod::{Can, SecretUse, Security, Volume, Writable};
use super::{ConfigFile, EnvValue, Image, Placement, Size, Use};
use crate::types::{Duration, Moment, Template};

/// A program that runs and ends.
#[derive(Clone, Debug, Spec)]
pub struct Job {
    /// Its name, which is the name of its objects.
    #[spec(name)]
    pub name: Sourced<Str>,
    /// The service that is its program: every key of it that this has and does not write is
    /// taken, except `command`, `args` and `size`.
    pub service: Option<Sourced<Str>>,
    /// When it runs.
    #[spec(default = "manual")]
    pub when: When,
    /// What happens when it is time and it still runs.
    #[spec(default = "forbid")]
    pub concurrency: Sourced<Concurrency>,
    /// How often a failed run is tried again.
    #[spec(default = "2")]
    pub retries: Sourced<u32>,
    /// How long a run may take.
    #[spec(default = "1h")]
    pub deadline: Sourced<Duration>,
    /// How many finished runs are kept.
    #[spec(default = "3")]
    pub keep: Sourced<u32>,
    /// Off: as if not written, but charts keep a switch.
    #[spec(default = "true")]
    pub enabled: Knob<bool>,
    /// Image.
    #[spec(shown = "the service's, else the name of the job")]
    pub image: Image,
    /// Source, for CI and Compose.
    pub build: Option<Build>,
    /// Namespace.
    #[spec(shown = "the service's, else the main one")]
    pub namespace: Sourced<Str>,
    /// Command, instead of the image's entry point.
    pub command: Option<Vec<Template>>,
    /// Arguments, instead of the image's.
    pub args: Option<Vec<Template>>,
    /// What it asks for and may use.
    pub size: Size,
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
    /// What it talks to.
    #[spec(set)]
    pub uses: IndexMap<Str, Use>,
    /// Disks, by path.
    #[spec(keys = Path)]
    pub volumes: IndexMap<Str, Volume>,
    /// Paths that may be written, or `all`.
    #[spec(default = "[/tmp]")]
    pub writable: Writable,
    /// Where its pods go.
    pub placement: Knob<Placement>,
    /// Identity in the cloud.
    pub identity: Option<Sourced<Str>>,
    /// What it may ask of the API server.
    pub can: Can,
    /// What its process may.
    pub security: Security,
    /// Labels, on pods as well.
    pub labels: Knob<IndexMap<Str, Sourced<Str>>>,
    /// Annotations, on pods as well.
    pub annotations: Knob<IndexMap<Str, Sourced<Str>>>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// When something runs.
#[derive(Clone, Debug, Spec)]
#[spec(short = "when")]
pub struct When {
    /// A schedule; `before` or `after` the services of a release; or `manual`.
    pub when: Knob<Moment>,
    /// Time zone of a schedule.
    #[spec(default = "UTC")]
    pub timezone: Sourced<Str>,
}

/// What happens when it is time and the last run still runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum Concurrency {
    /// The new run does not start.
    Forbid,
    /// The old run is stopped.
    Replace,
    /// Both run.
    Allow,
}
