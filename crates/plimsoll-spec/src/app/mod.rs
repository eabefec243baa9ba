//! The application in one environment, typed and complete. One file per block.
//!
//! Doc comments of fields are the reference page and the descriptions of the JSON Schema.

pub mod claim;
pub mod cluster;
pub mod config;
pub mod deliver;
pub mod env;
pub mod environment;
pub mod external;
pub mod guard;
pub mod health;
pub mod image;
pub mod job;
pub mod kubernetes;
pub mod layer;
pub mod load;
pub mod migration;
pub mod namespace;
pub mod observe;
pub mod or_none;
pub mod placement;
pub mod platform;
pub mod pod;
pub mod policy;
pub mod port;
pub mod route;
pub mod scale;
pub mod sealed;
pub mod secret;
pub mod service;
pub mod size;
pub mod spent;
pub mod store;
pub mod strategy;
pub mod uses;

pub use claim::Claim;
pub use cluster::Cluster;
pub use config::ConfigFile;
pub use deliver::Deliver;
pub use env::EnvValue;
pub use environment::Environment;
pub use external::External;
pub use health::{Health, Probe};
pub use image::{Image, Images};
pub use job::Job;
pub use kubernetes::Kubernetes;
pub use layer::Layer;
pub use load::{Cap, Load};
pub use migration::Migration;
pub use namespace::Namespace;
pub use observe::Observe;
pub use or_none::OrNone;
pub use placement::Placement;
pub use platform::Platform;
pub use policy::Policy;
pub use port::{Port, Ports};
pub use route::Route;
pub use scale::Scale;
pub use secret::Secret;
pub use service::Service;
pub use size::Size;
pub use spent::Spent;
pub use store::Store;
pub use strategy::Strategy;
pub use uses::Use;

use indexmap::IndexMap;
use plimsoll_source::{Knob, Sourced, Str};
use plimsoll_spec_derive::Spec;

use crate::types::Name;

/// An application in one environment.
#[derive(Clone, Debug, Spec)]
pub struct App {
    /// Name of the application; prefix of nothing, label of everything.
    pub app: Sourced<Name>,
    /// Version of this language.
    #[spec(default = "1")]
    pub format: Sourced<u32>,
    /// Further files of the same shape, relative to this one; each owns what it defines.
    pub include: Spent<Vec<Str>>,
    /// The environment that this is.
    #[spec(skip)]
    pub environment: Environment,
    /// Variables: `${NAME}` stands for the text.
    #[spec(keys = Word)]
    pub vars: IndexMap<Str, Knob<Str>>,
    /// Where all lives that says nothing else.
    pub namespace: Namespace,
    /// Settings of further namespaces. One in which nothing lives is not made.
    #[spec(keys = Name)]
    pub namespaces: IndexMap<Str, Namespace>,
    /// Registry, tag and pull secret of our images.
    pub images: Images,
    /// What lies under every service.
    pub defaults: Spent<Service>,
    /// Programs that keep running.
    #[spec(keys = Name)]
    pub services: IndexMap<Str, Service>,
    /// Programs that run and end.
    #[spec(keys = Name)]
    pub jobs: IndexMap<Str, Job>,
    /// Programs that bring a database to the shape that a release needs.
    #[spec(keys = Name)]
    pub migrations: IndexMap<Str, Migration>,
    /// Databases, caches, brokers and buckets.
    #[spec(keys = Name)]
    pub stores: IndexMap<Str, Store>,
    /// What is outside and talked to.
    #[spec(keys = Name)]
    pub externals: IndexMap<Str, External>,
    /// Disks of more than one thing, or that outlive it.
    #[spec(keys = Name)]
    pub claims: IndexMap<Str, Claim>,
    /// How the outside comes in.
    #[spec(keys = Name)]
    pub routes: IndexMap<Str, Route>,
    /// What must not be read by everybody. No value is ever in this file.
    #[spec(keys = Word)]
    pub secrets: IndexMap<Str, Secret>,
    /// Demand from outside, by the service where it enters.
    #[spec(keys = Name)]
    pub load: IndexMap<Str, Load>,
    /// Upper bounds for all; lowers, never raises.
    pub cap: Cap,
    /// What we run on.
    pub cluster: Cluster,
    /// Components around the application.
    pub platform: Platform,
    /// Who applies, and how a release goes.
    pub deliver: Deliver,
    /// Objectives, alerts, dashboards.
    pub observe: Observe,
    /// Levels of rules, waivers, licences.
    pub policy: Policy,
    /// The way out to raw Kubernetes.
    pub kubernetes: Kubernetes,
    /// Layers of the same shape. Without any there is one environment, named `default`.
    #[spec(keys = Name)]
    pub environments: Spent<IndexMap<Str, Layer>>,
}
