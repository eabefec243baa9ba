//! The command line as the user types it. Doc comments here are the help pages.

use crate::images::Change;
use clap::{Args, Parser, Subcommand, ValueEnum};
use plimsoll_spec::types::{Date, Leaf};
use std::path::PathBuf;

/// One file describes an application; Plimsoll compiles it to a production-grade Kubernetes
/// deployment, proves it, rehearses it on a cluster inside the program and ships it.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// When to use colours.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// When output is coloured. `NO_COLOR` counts where this says `auto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Proves everything that can be proven without a cluster
    Check(Check),
    /// Writes the deployment in the forms that other tools take
    Render(Render),
    /// Says what `up` would change in the cluster, object by object and field by field
    ///
    /// Writes nothing there. Ends with 0 where nothing would change, with 4 where something would,
    /// with 1 where something stands in the way.
    Plan(Plan),
    /// Changes one thing of the application file in place; comments and layout stay
    #[command(subcommand)]
    Set(Set),
    /// Writes the images of one environment for the next
    Promote(Promote),
    /// Ships the application: ordered, waited for, explained where it fails
    Up(Up),
    /// Says what runs, and how it is
    Status(Target),
    /// Lists the releases that there were, with images and causes
    History(Target),
    /// Ships an earlier release again; refused where a database moved on that it does not know
    Rollback(Rollback),
    /// Gives a service or a store new pods, one after the other
    Restart(Restart),
    /// Prints what the pods of a service, a store or a migration say
    Logs(Logs),
    /// Says what others changed since the last release, field by field, and who
    ///
    /// Ends with 0 where everything is as it was shipped, with 4 where something differs.
    Drift(Target),
    /// Finds what is wrong with what runs: the cause, the last log lines, what to do
    Doctor(Target),
    /// Ticks or crosses every line of the list for before, during and after a release
    Checklist(Target),
    /// Removes exactly what `up` made; data that is protected stays
    Down(Down),
    /// Works with secret values
    #[command(subcommand)]
    Secrets(Secrets),
    /// Says which line of the file, or which rule, made a value
    Why(Why),
    /// Draws services, stores, externals, routes and what they use
    Graph(Graph),
    /// Prints the JSON Schema of the application file, for editors
    Schema,
    /// Explains a rule, a failure, a word of the file, or an engine
    Explain(Explain),
    /// Lists every rule that `check` knows
    Rules,
    /// Works with the embedded cluster
    #[command(subcommand)]
    Cluster(Cluster),
    /// Prints a completion script for a shell
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// The file and its environment.
#[derive(Clone, Debug, Default, Args)]
pub struct Source {
    /// A folder, or a file; without it `plimsoll.yaml` is looked for upwards from here. Where one is
    /// checked or shipped, it may also hold plain manifests, a Kustomize overlay or a Helm chart; `-`
    /// reads manifests from stdin
    #[arg(value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// The environment; without it the one marked as default, else the first
    #[arg(short, long, value_name = "ENV")]
    pub environment: Option<String>,
    /// Sets any key, above all layers: `--set images.tag=1.4.3`. May be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub set: Vec<(String, String)>,
    /// Judges what has an end, such as waivers, as on this day: `--today 2027-02-01`
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub today: Option<Date>,
    /// A values file of a Helm chart. May be repeated
    #[arg(long, value_name = "FILE")]
    pub values: Vec<PathBuf>,
    /// The name of manifests, an overlay or a chart; without it that of the chart or the folder
    #[arg(long = "name", value_name = "NAME")]
    pub called: Option<String>,
    /// Where objects of manifests, an overlay or a chart go that do not say
    #[arg(short, long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,
}

fn day(text: &str) -> Result<Date, String> {
    Date::parse(text).map_err(|problem| problem.what)
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE, such as `images.tag=1.4.3`".to_owned()),
    }
}

/// `plimsoll check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The file.
    #[command(flatten)]
    pub source: Source,
    /// One JSON object on stdout instead of text
    #[arg(long)]
    pub json: bool,
    /// How findings look
    #[arg(long, value_name = "FORMAT", default_value = "full")]
    pub format: Format,
}

/// How findings look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// With the lines that they are about.
    Full,
    /// One line each.
    Short,
}

/// `plimsoll render`.
#[derive(Debug, Args)]
pub struct Render {
    /// The file.
    #[command(flatten)]
    pub source: Source,
    /// What to write
    #[arg(long, value_name = "OUTPUT", default_value = "manifests")]
    pub to: Output,
    /// The folder to write into; without it one stream goes to stdout
    #[arg(short, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Kubernetes version to write for, instead of the file's
    #[arg(long, value_name = "VERSION")]
    pub kubernetes: Option<String>,
    /// Writes nothing: shows what would change in DIR, and ends with 1 where anything would
    #[arg(long, requires = "output")]
    pub diff: bool,
}

/// Outputs of `render`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Plain Kubernetes objects of one environment, for `kubectl apply -f`.
    Manifests,
    /// Base and overlays, for `kubectl apply -k`.
    Kustomize,
    /// One environment on one machine, for `docker compose up`.
    Compose,
    /// Helm charts with a values file for each environment, for `helm install`.
    Helm,
    /// Applications or `ApplicationSets` of Argo CD, their project and its configuration.
    Argocd,
    /// Sources and Kustomizations of Flux.
    Flux,
    /// The platform, and the releases of our charts, for `helmfile apply`.
    Helmfile,
    /// A workflow of GitHub Actions that builds images and opens the change.
    Github,
    /// Every output, of all environments.
    All,
}

/// `plimsoll set`.
#[derive(Debug, Subcommand)]
pub enum Set {
    /// Sets the tag of all images of ours, or the image of a service
    Image(SetImage),
}

/// `plimsoll set image`.
#[derive(Debug, Args)]
pub struct SetImage {
    /// `TAG` for all, `SERVICE=TAG`, `SERVICE=sha256:…` or `SERVICE=IMAGE` for one
    #[arg(required = true, value_name = "IMAGE")]
    pub images: Vec<Change>,
    /// The environment; without it the top of the file, where it holds for all
    #[arg(short, long, value_name = "ENV")]
    pub environment: Option<String>,
    /// The file
    #[arg(short = 'f', long = "file", value_name = "PATH")]
    pub file: Option<PathBuf>,
    /// Writes nothing: shows what would change
    #[arg(long)]
    pub diff: bool,
}

/// `plimsoll promote`.
#[derive(Debug, Args)]
pub struct Promote {
    /// The environment that is written
    #[arg(value_name = "ENV")]
    pub to: String,
    /// The environment whose images it gets; without it the one before in `deliver.promote`
    #[arg(long, value_name = "ENV")]
    pub from: Option<String>,
    /// The file
    #[arg(short = 'f', long = "file", value_name = "PATH")]
    pub file: Option<PathBuf>,
    /// Writes nothing: shows what would change
    #[arg(long)]
    pub diff: bool,
}

/// A release to look at.
#[derive(Debug, Args)]
pub struct Target {
    /// The file.
    #[command(flatten)]
    pub source: Source,
    /// A kubeconfig context; without it, and without one in the file, the embedded cluster
    #[arg(long, value_name = "CONTEXT")]
    pub context: Option<String>,
    /// The embedded cluster, also where the file names a context
    #[arg(long, conflicts_with = "context")]
    pub embedded: bool,
    /// One JSON object on stdout instead of text
    #[arg(long)]
    pub json: bool,
}

/// `plimsoll plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// The release.
    #[command(flatten)]
    pub target: Target,
    /// Takes over objects and fields that others made or set
    #[arg(long)]
    pub adopt: bool,
    /// A file to write the plan to, for `up --plan`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// `plimsoll up`.
#[derive(Debug, Args)]
pub struct Up {
    /// The release.
    #[command(flatten)]
    pub target: Target,
    /// Ships without asking
    #[arg(long)]
    pub yes: bool,
    /// Takes over objects and fields that others made or set
    #[arg(long)]
    pub adopt: bool,
    /// Does exactly what a plan of `plimsoll plan --out FILE` says, or stops where that is no longer
    /// what would happen
    #[arg(long, value_name = "FILE", conflicts_with = "fault")]
    pub plan: Option<PathBuf>,
    /// Replays events at so many times real time; embedded cluster only
    #[arg(long, value_name = "N")]
    pub speed: Option<f64>,
    /// Breaks something on the embedded cluster: `image=S`, `crash=S`, `migration=M`, `slow=S:60s`
    #[arg(long, value_name = "FAULT")]
    pub fault: Vec<String>,
}

/// `plimsoll rollback`.
#[derive(Debug, Args)]
pub struct Rollback {
    /// The release.
    #[command(flatten)]
    pub target: Target,
    /// The number that `history` shows; without it the release before
    #[arg(long, value_name = "NUMBER")]
    pub to: Option<u64>,
    /// Brings it back without asking
    #[arg(long)]
    pub yes: bool,
}

/// `plimsoll restart`.
#[derive(Debug, Args)]
pub struct Restart {
    /// The service or store, such as `api`
    pub name: String,
    /// The release.
    #[command(flatten)]
    pub target: Target,
}

/// `plimsoll logs`.
#[derive(Debug, Args)]
pub struct Logs {
    /// The service, store or migration, such as `api`
    pub name: String,
    /// The release.
    #[command(flatten)]
    pub target: Target,
    /// New lines as they come, until Ctrl-C
    #[arg(long)]
    pub follow: bool,
    /// Of the run before this one
    #[arg(long)]
    pub previous: bool,
    /// How many lines of each container
    #[arg(long, value_name = "LINES", default_value_t = 100)]
    pub tail: i64,
}

/// `plimsoll down`.
#[derive(Debug, Args)]
pub struct Down {
    /// The release.
    #[command(flatten)]
    pub target: Target,
    /// Removes data as well, for good: stores, their claims and the namespace around them. Wants the
    /// application's name typed: `--data shop`
    #[arg(long, value_name = "APPLICATION")]
    pub data: Option<String>,
    /// Removes without asking
    #[arg(long)]
    pub yes: bool,
}

/// `plimsoll secrets`.
#[derive(Debug, Subcommand)]
pub enum Secrets {
    /// Seals the values of an environment for its Sealed Secrets controller, and for nobody else
    ///
    /// Makes what the file says how to make. What a person brings is read from a variable, such as
    /// `PLIMSOLL_SECRET_STRIPE_KEY`, from stdin, or asked for on the terminal; it is in no argument and never on
    /// the disk. Writes `sealed/ENV.yaml` whole or not at all; what is sealed already stays.
    Seal(Seal),
}

/// `plimsoll secrets seal`.
#[derive(Debug, Args)]
pub struct Seal {
    /// The file.
    #[command(flatten)]
    pub source: Source,
    /// Reads a JSON object of names and values from stdin, or with a name the value of that alone
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "", require_equals = true)]
    pub stdin: Option<String>,
    /// Seals another value in place of the one that is sealed. May be repeated
    #[arg(long, value_name = "NAME")]
    pub renew: Vec<String>,
}

/// `plimsoll why`.
#[derive(Debug, Args)]
pub struct Why {
    /// The object, such as `Deployment/api`
    pub object: String,
    /// The field, such as `spec.template.spec.containers[api].image`; without it the object itself
    pub field: Option<String>,
    /// The file.
    #[arg(short = 'f', long = "file", value_name = "PATH")]
    pub path: Option<PathBuf>,
    /// The environment
    #[arg(short, long, value_name = "ENV")]
    pub environment: Option<String>,
    /// Sets any key, above all layers
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub set: Vec<(String, String)>,
    /// One JSON object on stdout instead of text
    #[arg(long)]
    pub json: bool,
}

/// `plimsoll graph`.
#[derive(Debug, Args)]
pub struct Graph {
    /// The file.
    #[command(flatten)]
    pub source: Source,
    /// How it is drawn; without it SVG where `-o` is given, else text
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Drawing>,
    /// The file to write
    #[arg(short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// How a graph is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Drawing {
    /// A picture.
    Svg,
    /// Lines of text.
    Text,
}

/// `plimsoll explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// A code (`PL0101`), a rule's name, a failure (`no-node`), a word (`services.scale`), or an engine (`stores.postgres`)
    pub what: String,
}

/// `plimsoll cluster`.
#[derive(Debug, Subcommand)]
pub enum Cluster {
    /// Forgets the embedded cluster of an environment
    Reset(Source),
}
