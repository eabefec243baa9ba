//! Who applies, and how a release goes.

use indexmap::IndexMap;
use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec_derive::Spec;

use super::Strategy;
use crate::types::{Duration, Latency, Percent};

/// Who applies, and how a release goes.
#[derive(Clone, Debug, Spec)]
pub struct Deliver {
    /// Who applies on a real cluster. The embedded one takes every environment.
    #[spec(default = "direct")]
    pub by: Sourced<By>,
    /// Git repository of rendered files.
    pub repo: Option<Sourced<Str>>,
    /// Its branch.
    #[spec(default = "main")]
    pub branch: Sourced<Str>,
    /// Folder below its root, which is the folder that `render -o` names.
    #[spec(default = ".")]
    pub folder: Sourced<Str>,
    /// Whether a change in Git is applied at once.
    #[spec(default = "manual")]
    pub sync: Sourced<Sync>,
    /// Applications of Argo CD: one per service, or what an ApplicationSet makes them from.
    #[spec(default = "each")]
    pub applications: Sourced<Applications>,
    /// Project of Argo CD.
    pub project: Project,
    /// Order of promotion.
    pub promote: Vec<Sourced<Str>>,
    /// How new pods take over from old ones.
    #[spec(default = "rolling")]
    pub strategy: Strategy,
    /// When a canary or blue-green release is broken off.
    pub analysis: Option<Analysis>,
    /// How long one release may take, without the pauses of its canary.
    #[spec(default = "15m")]
    pub deadline: Sourced<Duration>,
    /// What happens when it fails.
    #[spec(default = "auto")]
    pub rollback: Sourced<Rollback>,
    /// The chart.
    pub chart: Chart,
    /// The overlays.
    pub kustomize: Kustomize,
    /// What builds and ships on each change.
    pub ci: Option<Ci>,
}

/// Who applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum By {
    /// `plimsoll up`.
    Direct,
    /// Helm.
    Helm,
    /// Argo CD.
    #[spec(word = "argocd")]
    ArgoCd,
    /// Flux.
    Flux,
    /// Compose.
    Compose,
}

/// Whether a change in Git is applied at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum Sync {
    /// When a person says so.
    Manual,
    /// At once.
    Auto,
}

/// What Applications are made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum Applications {
    /// One file each.
    Each,
    /// Folders in Git.
    Git,
    /// A list.
    List,
    /// The clusters that Argo CD knows.
    Clusters,
}

/// Project of Argo CD.
#[derive(Clone, Debug, Spec)]
pub struct Project {
    /// Repositories that it may take from.
    #[spec(shown = "`repo`")]
    pub sources: Option<Vec<Sourced<Str>>>,
    /// Namespaces that it may apply to.
    #[spec(shown = "ours")]
    pub destinations: Option<Vec<Sourced<Str>>>,
    /// Kinds without namespace that it may apply.
    #[spec(shown = "those that are made")]
    pub kinds: Option<Vec<Sourced<Str>>>,
}

/// When a release is broken off.
#[derive(Clone, Debug, Spec)]
pub struct Analysis {
    /// Least part of requests that must succeed.
    pub success: Option<Sourced<Percent>>,
    /// Latency that must hold.
    pub latency: Option<Sourced<Latency>>,
    /// Most cpu, in percent of the request.
    pub cpu: Option<Sourced<Percent>>,
    /// Worst distance from the running version.
    pub stable: Stable,
    /// How often it is looked at.
    #[spec(default = "1m")]
    pub every: Sourced<Duration>,
    /// How often it may be bad.
    #[spec(default = "2")]
    pub fails: Sourced<u32>,
    /// What no answer means.
    #[spec(default = "hold")]
    pub silence: Sourced<Silence>,
    /// Further queries: each is a condition that must hold, in `PromQL`.
    pub queries: IndexMap<Str, Sourced<Str>>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// Worst distance of a new version from the running one.
#[derive(Clone, Debug, Spec)]
pub struct Stable {
    /// Fewer successes, in points of percent.
    pub success: Option<Sourced<Percent>>,
    /// Longer latency, in percent.
    pub latency: Option<Sourced<Percent>>,
}

/// What no answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum Silence {
    /// The release waits.
    Hold,
    /// All is well.
    Pass,
    /// The release is broken off.
    Fail,
}

/// What happens when a release fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum Rollback {
    /// Back by itself.
    Auto,
    /// A person is asked.
    Ask,
    /// It stays as it is.
    Never,
}

/// The chart and the contract of its values.
#[derive(Clone, Debug, Spec)]
pub struct Chart {
    /// One chart, or one per service and one, named `app`, of what belongs to none. Stores are a chart of their own.
    #[spec(default = "app")]
    pub per: Sourced<ChartPer>,
    /// Its name.
    #[spec(shown = "the application or the service")]
    pub name: Option<Sourced<Str>>,
    /// Its folder below the root of the repository; `<service>` stands for the service.
    #[spec(default = "helm/<service>")]
    pub folder: Sourced<Str>,
    /// Its version.
    #[spec(default = "0.1.0")]
    pub version: Sourced<Str>,
    /// The contract: path in the values → handle. A path without a line is not in the chart.
    pub values: IndexMap<Str, Contract>,
}

/// What a chart holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum ChartPer {
    /// The whole application.
    App,
    /// One service.
    Service,
}

/// A line of the contract: this path of the values is this word of the file.
#[derive(Clone, Debug, Spec)]
#[spec(short = "is")]
pub struct Contract {
    /// The path, where `<service>` stands for every service.
    #[spec(name)]
    pub path: Sourced<Str>,
    /// The handle; `*` means all that have the word.
    pub is: Sourced<Str>,
    /// Each element is wrapped in a map with this key.
    pub item: Option<Sourced<Str>>,
    /// Values under other names: value here → value of the word.
    pub map: IndexMap<Str, Sourced<Str>>,
    /// What the README says about it.
    pub about: Option<Sourced<Str>>,
}

/// The overlays.
#[derive(Clone, Debug, Spec)]
pub struct Kustomize {
    /// Their folder, below the root of the repository.
    #[spec(default = "kustomize")]
    pub folder: Sourced<Str>,
}

/// What builds and ships on each change.
#[derive(Clone, Debug, Spec)]
#[spec(short = "use")]
pub struct Ci {
    /// Which.
    #[spec(default = "github-actions")]
    pub use_: Sourced<CiUse>,
    /// File of the workflow.
    #[spec(default = ".github/workflows/deliver.yaml")]
    pub file: Sourced<Str>,
    /// Whether images are searched for known holes.
    #[spec(default = "true")]
    pub scan: Sourced<bool>,
    /// Whether images are signed.
    #[spec(default = "true")]
    pub sign: Sourced<bool>,
    /// Platforms to build for.
    #[spec(default = "[linux/amd64]")]
    pub platforms: Vec<Sourced<Str>>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// What builds and ships.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum CiUse {
    /// GitHub Actions.
    GithubActions,
}
