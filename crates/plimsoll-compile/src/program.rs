//! What services, jobs, migrations and stores have in common: a program in a pod.

use crate::secrets::plan::PlannedKey;
use indexmap::IndexMap;
use plimsoll_source::{Knob, Origin, Sourced, Str};
use plimsoll_spec::app::pod::{Companion, SecretUse, Security, Volume, Writable};
use plimsoll_spec::app::size::Size;
use plimsoll_spec::app::{
    ConfigFile, EnvValue, Image, Job, Migration, Placement, Ports, Service, Store, Use,
};
use plimsoll_spec::types::{Permission, Template};
use plimsoll_world::{Cond, Unit};
use std::sync::OnceLock;

/// A program in a pod, seen without what only its own block has.
pub struct Program<'a> {
    /// Its block.
    pub unit: Unit,
    /// Its name: of its objects, its container and its labels.
    pub name: Sourced<Str>,
    /// Role in the labels.
    pub component: &'static str,
    /// Whether it is on.
    pub enabled: &'a Knob<bool>,
    /// Where it lives.
    pub namespace: &'a Sourced<Str>,
    /// What it runs.
    pub image: &'a Image,
    /// Instead of the image's entry point.
    pub command: Option<&'a [Template]>,
    /// Instead of the image's arguments.
    pub args: Option<&'a [Template]>,
    /// What it asks for; a store has a size of its own kind.
    pub size: Option<&'a Size>,
    /// Environment variables.
    pub env: &'a Knob<IndexMap<Str, EnvValue>>,
    /// Files.
    pub config: &'a IndexMap<Str, ConfigFile>,
    /// Secrets.
    pub secrets: &'a IndexMap<Str, SecretUse>,
    /// Name of its Secret object.
    pub secret_name: Option<&'a Knob<Str>>,
    /// What it talks to.
    pub uses: &'a IndexMap<Str, Use>,
    /// Disks.
    pub volumes: &'a IndexMap<Str, Volume>,
    /// Scratch.
    pub writable: &'a Writable,
    /// Where it goes.
    pub placement: &'a Knob<Placement>,
    /// Identity in the cloud.
    pub identity: Option<&'a Sourced<Str>>,
    /// What it may ask of the API server.
    pub can: &'a [Sourced<Permission>],
    /// What its process may.
    pub security: &'a Security,
    /// Labels.
    pub labels: &'a Knob<IndexMap<Str, Sourced<Str>>>,
    /// Annotations.
    pub annotations: &'a Knob<IndexMap<Str, Sourced<Str>>>,
    /// Ports; of jobs and migrations none.
    pub ports: Option<&'a Ports>,
    /// Containers before it.
    pub init: Option<&'a IndexMap<Str, Companion>>,
    /// Containers beside it.
    pub sidecars: Option<&'a IndexMap<Str, Companion>>,
    /// Whether each of its pods has disks of its own.
    pub own_disks: bool,
    /// Where it was written.
    pub origin: &'a Origin,
    /// The keys of its Secret, once somebody has asked; see [`crate::secrets::plan::keys`].
    pub planned: OnceLock<IndexMap<Str, PlannedKey>>,
}

impl<'a> Program<'a> {
    /// The containers before and beside it.
    pub fn companions(&self) -> impl Iterator<Item = &'a Companion> + use<'a> {
        let both = self.init.into_iter().chain(self.sidecars);
        both.flat_map(IndexMap::values)
    }

    /// The program of a service.
    pub fn service(service: &'a Service) -> Self {
        Self {
            unit: Unit::Service(service.name.peek().clone()),
            name: service.name.fixed().clone(),
            component: "service",
            enabled: &service.enabled,
            namespace: &service.namespace,
            image: &service.image,
            command: service.command.as_deref(),
            args: service.args.as_deref(),
            size: Some(&service.size),
            env: &service.env,
            config: &service.config,
            secrets: &service.secrets,
            secret_name: Some(&service.secret_name),
            uses: &service.uses,
            volumes: &service.volumes,
            writable: &service.writable,
            placement: &service.placement,
            identity: service.identity.as_ref(),
            can: &service.can,
            security: &service.security,
            labels: &service.labels,
            annotations: &service.annotations,
            ports: Some(&service.ports),
            init: Some(&service.init),
            sidecars: Some(&service.sidecars),
            own_disks: *service.kind.peek() == plimsoll_spec::app::service::Kind::StatefulSet,
            origin: &service.origin,
            planned: OnceLock::new(),
        }
    }

    /// The program of a job.
    pub fn job(job: &'a Job) -> Self {
        Self {
            unit: Unit::Job(job.name.peek().clone()),
            name: job.name.clone(),
            component: "job",
            enabled: &job.enabled,
            namespace: &job.namespace,
            image: &job.image,
            command: job.command.as_deref(),
            args: job.args.as_deref(),
            size: Some(&job.size),
            env: &job.env,
            config: &job.config,
            secrets: &job.secrets,
            secret_name: Some(&job.secret_name),
            uses: &job.uses,
            volumes: &job.volumes,
            writable: &job.writable,
            placement: &job.placement,
            identity: job.identity.as_ref(),
            can: &job.can,
            security: &job.security,
            labels: &job.labels,
            annotations: &job.annotations,
            ports: None,
            init: None,
            sidecars: None,
            own_disks: false,
            origin: &job.origin,
            planned: OnceLock::new(),
        }
    }

    /// The program of a migration; `command` is that of its tool, where it has one.
    pub fn migration(migration: &'a Migration, command: Option<&'a [Template]>) -> Self {
        Self {
            unit: Unit::Migration(migration.name.peek().clone()),
            name: migration
                .name
                .map(|name| Str::from(format!("{name}-migrate"))),
            component: "migration",
            enabled: &migration.enabled,
            namespace: &migration.namespace,
            image: &migration.image,
            command: migration.command.as_deref().or(command),
            args: migration.args.as_deref(),
            size: Some(&migration.size),
            env: &migration.env,
            config: &migration.config,
            secrets: &migration.secrets,
            secret_name: None,
            uses: &migration.uses,
            volumes: &migration.volumes,
            writable: &migration.writable,
            placement: &migration.placement,
            identity: migration.identity.as_ref(),
            can: &[],
            security: &migration.security,
            labels: &migration.labels,
            annotations: &migration.annotations,
            ports: None,
            init: None,
            sidecars: None,
            own_disks: false,
            origin: &migration.origin,
            planned: OnceLock::new(),
        }
    }

    /// The program of a store that is run here.
    pub fn store(store: &'a Store) -> Self {
        Self {
            unit: Unit::Store(store.name.peek().clone()),
            name: store.name.clone(),
            component: "store",
            enabled: &store.enabled,
            namespace: &store.namespace,
            image: &store.image,
            command: store.command.as_deref(),
            args: store.args.as_deref(),
            size: None,
            env: &store.env,
            config: &store.config,
            secrets: &store.secrets,
            secret_name: None,
            uses: &store.uses,
            volumes: &store.volumes,
            writable: &store.writable,
            placement: &store.placement,
            identity: None,
            can: &[],
            security: &store.security,
            labels: &store.labels,
            annotations: &store.annotations,
            ports: Some(&store.ports),
            init: Some(&store.init),
            sidecars: Some(&store.sidecars),
            own_disks: true,
            origin: &store.origin,
            planned: OnceLock::new(),
        }
    }

    /// Whether it is on, as a condition.
    pub fn on(&self) -> Cond {
        Cond::on(self.enabled)
    }

    /// Name of a port's container by reference; the main one where none is named.
    pub fn port(
        &self,
        port: &plimsoll_spec::types::PortRef,
    ) -> Option<(Sourced<u16>, Option<&Str>)> {
        use plimsoll_spec::types::PortRef;
        let ports = self.ports?;
        match port {
            PortRef::Main => ports
                .main()
                .map(|(name, port)| (port.port.clone(), Some(name))),
            PortRef::Named(name) => {
                let (_, name, port) = ports.all.get_full(name)?;
                Some((port.port.clone(), Some(name)))
            }
            PortRef::Number(number) => Some((Sourced::rule("program", *number), None)),
        }
    }
}
