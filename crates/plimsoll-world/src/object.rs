//! The plain objects of one environment.

use plimsoll_source::{Node, Origin, Str};
use std::fmt;

/// What identifies an object in a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// `apps/v1`, or `v1` of the core.
    pub api_version: Str,
    /// `Deployment`.
    pub kind: Str,
    /// Nothing where the kind lives outside of namespaces.
    pub namespace: Option<Str>,
    /// Its name.
    pub name: Str,
}

impl ObjectKey {
    /// The key of a body; `None` where kind or name is missing.
    pub fn of(body: &Node) -> Option<Self> {
        let text = |path: &[&str]| body.at(path).and_then(Node::text).cloned();
        Some(Self {
            api_version: text(&["apiVersion"])?,
            kind: text(&["kind"])?,
            namespace: text(&["metadata", "namespace"]),
            name: text(&["metadata", "name"])?,
        })
    }

    /// The group of the kind, empty for the core.
    pub fn group(&self) -> &str {
        self.api_version
            .split_once('/')
            .map_or("", |(group, _)| group)
    }
}

/// `Deployment/api`.
impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

/// The block of the application file that an object belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// A namespace with its limits and default policies.
    Namespace(Str),
    /// What belongs to the application as a whole.
    Shared,
    /// A store.
    Store(Str),
    /// A shared disk.
    Claim(Str),
    /// A migration.
    Migration(Str),
    /// A job.
    Job(Str),
    /// A service.
    Service(Str),
    /// A route.
    Route(Str),
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Namespace(name) => write!(f, "namespace {name}"),
            Self::Shared => f.write_str("shared"),
            Self::Store(name) => write!(f, "store {name}"),
            Self::Claim(name) => write!(f, "claim {name}"),
            Self::Migration(name) => write!(f, "migration {name}"),
            Self::Job(name) => write!(f, "job {name}"),
            Self::Service(name) => write!(f, "service {name}"),
            Self::Route(name) => write!(f, "route {name}"),
        }
    }
}

/// What an object is for a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Applied, and ready when its kind says so.
    Plain,
    /// The pods of a service.
    Workload,
    /// The pods of a store.
    Store,
    /// A Job that must succeed once for what it runs.
    Migration,
    /// A Job of the release before the services.
    Before,
    /// A Job of the release after every rollout.
    After,
    /// Where requests come in.
    Route,
    /// What brings a Secret.
    SecretSource,
}

/// One object of an environment.
#[derive(Clone, Debug)]
pub struct Object {
    /// What identifies it.
    pub key: ObjectKey,
    /// Its block.
    pub unit: Unit,
    /// What it is for a release.
    pub role: Role,
    /// Units whose objects must be ready before this one starts.
    pub after: Vec<Unit>,
    /// Whether its data survives every release, prune and `down`.
    pub protected: bool,
    /// The tree.
    pub body: Node,
}

/// Everything that an environment puts into a cluster, in a stable order.
#[derive(Clone, Debug)]
pub struct World {
    /// Name of the application.
    pub application: Str,
    /// The environment.
    pub environment: Str,
    /// Its main namespace.
    pub namespace: Str,
    /// The objects: by unit, then in the order of the compiler's modules.
    pub objects: Vec<Object>,
    /// What decided which objects there are.
    pub decided: Origin,
}

impl World {
    /// Finds an object by `Kind/name`, `Kind/name` with a namespace before (`ns/Kind/name`), in any
    /// case of the kind.
    pub fn find(&self, wanted: &str) -> Option<&Object> {
        let parts: Vec<&str> = wanted.split('/').collect();
        let (namespace, kind, name) = match parts[..] {
            [kind, name] => (None, kind, name),
            [namespace, kind, name] => (Some(namespace), kind, name),
            _ => return None,
        };
        self.objects.iter().find(|object| {
            object.key.kind.eq_ignore_ascii_case(kind)
                && object.key.name == name
                && namespace.is_none_or(|ns| object.key.namespace.as_deref() == Some(ns))
        })
    }
}
