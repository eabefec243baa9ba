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
pub mod health;
pub mod image;
pub mod job;
pub mod kubernetes;
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
    /// The environment that this is.
    #[spec(skip)]
    pub environment: Environment,
    /// Variables: `${NAME}` stands for the text.
    pub vars: IndexMap<Str, Knob<Str>>,
    /// Where all lives that says nothing else.
    pub namespace: Namespace,
    /// Settings of further namespaces. One in which nothing lives is not made.
    pub namespaces: IndexMap<Str, Namespace>,
    /// Registry, tag and pull secret of our images.
    pub images: Images,
    /// Programs that keep running.
    pub services: IndexMap<Str, Service>,
    /// Programs that run and end.
    pub jobs: IndexMap<Str, Job>,
    /// Programs that bring a database to the shape that a release needs.
    pub migrations: IndexMap<Str, Migration>,
    /// Databases, caches, brokers and buckets.
    pub stores: IndexMap<Str, Store>,
    /// What is outside and talked to.
    pub externals: IndexMap<Str, External>,
    /// Disks of more than one thing, or that outlive it.
    pub claims: IndexMap<Str, Claim>,
    /// How the outside comes in.
    pub routes: IndexMap<Str, Route>,
    /// What must not be read by everybody. No value is ever in this file.
    pub secrets: IndexMap<Str, Secret>,
    /// Demand from outside, by the service where it enters.
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
}
