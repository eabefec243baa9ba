//! Every edge of the application, found from its far end: who uses a service or a store, and which
//! routes lead to it. Made once for each environment.

use crate::program::Program;
use plimsoll_source::Str;
use plimsoll_spec::App;
use plimsoll_spec::app::route::{RoutePath, TlsKind};
use plimsoll_spec::app::store::Run;
use plimsoll_spec::app::{EnvValue, Route, Use};
use plimsoll_spec::types::{Part, RouteTarget, Target, TargetField};
use std::collections::{BTreeMap, BTreeSet};

/// The programs of an application and what leads from one to another.
pub struct Edges<'a> {
    programs: Vec<Program<'a>>,
    to_services: BTreeMap<&'a Str, Vec<(usize, &'a Use)>>,
    to_stores: BTreeMap<&'a Str, Vec<(usize, &'a Use)>>,
    routed: BTreeMap<&'a Str, Vec<(&'a Route, &'a RoutePath)>>,
    hosts: BTreeMap<&'a Str, Vec<(&'a Route, usize)>>,
    by_pod: BTreeSet<&'a Str>,
}

impl<'a> Edges<'a> {
    /// All edges of an application.
    pub fn new(app: &'a App) -> Self {
        let mut edges = Self {
            programs: programs(app),
            to_services: BTreeMap::new(),
            to_stores: BTreeMap::new(),
            routed: BTreeMap::new(),
            hosts: BTreeMap::new(),
            by_pod: reached_by_pod(app),
        };
        for (user, program) in edges.programs.iter().enumerate() {
            for uses in program.uses.values() {
                let (users, name) = match &uses.target {
                    Target::Service(name) => (&mut edges.to_services, name),
                    Target::Store { store, .. } => (&mut edges.to_stores, store),
                    Target::External(_) | Target::Slot(_) => continue,
                };
                users.entry(name).or_default().push((user, uses));
            }
        }
        for route in app.routes.values() {
            for path in route.paths.values() {
                if let RouteTarget::Backend {
                    target: Target::Service(name),
                    ..
                } = path.to.peek()
                {
                    edges.routed.entry(name).or_default().push((route, path));
                }
            }
        }
        let with_tls = |route: &&Route| *route.tls.kind.peek() != TlsKind::None;
        for route in app.routes.values().filter(with_tls) {
            for (at, host) in route.hosts.peek().iter().enumerate() {
                let routes = edges.hosts.entry(host.peek());
                routes.or_default().push((route, at));
            }
        }
        edges
    }

    /// Services, jobs, migrations, and the stores that are run as pods of ours.
    pub fn programs(&self) -> &[Program<'a>] {
        &self.programs
    }

    /// Who uses a service, and by which edge.
    pub fn users_of_service(&self, name: &Str) -> impl Iterator<Item = (&Program<'a>, &'a Use)> {
        self.users(self.to_services.get(name))
    }

    /// Who uses a store, and by which edge.
    pub fn users_of_store(&self, name: &Str) -> impl Iterator<Item = (&Program<'a>, &'a Use)> {
        self.users(self.to_stores.get(name))
    }

    fn users<'e>(
        &'e self,
        users: Option<&'e Vec<(usize, &'a Use)>>,
    ) -> impl Iterator<Item = (&'e Program<'a>, &'a Use)> {
        let users = users.into_iter().flatten();
        users.map(|(user, uses)| (&self.programs[*user], *uses))
    }

    /// The routes with TLS that hold a host, in the order of the file, and which of their hosts it is.
    pub fn routes_with(&self, host: &Str) -> &[(&'a Route, usize)] {
        self.hosts.get(host).map_or(&[], Vec::as_slice)
    }

    /// Whether somebody wants the names of each pod of a service.
    pub fn by_pod(&self, name: &Str) -> bool {
        self.by_pod.contains(name)
    }

    /// The paths of routes that lead to a service.
    pub fn routes_to(&self, name: &Str) -> impl Iterator<Item = (&'a Route, &'a RoutePath)> {
        self.routed.get(name).into_iter().flatten().copied()
    }
}

/// The services of which some text says `.pods`.
fn reached_by_pod(app: &App) -> BTreeSet<&Str> {
    let texts = app.services.values().flat_map(|service| {
        let env = service.env.peek().values().filter_map(|value| match value {
            EnvValue::Text(template) => Some(template),
            _ => None,
        });
        env.chain(service.command.iter().flatten())
            .chain(service.args.iter().flatten())
    });
    texts
        .flat_map(|template| &template.parts)
        .filter_map(of_each_pod)
        .collect()
}

/// The service of which a part of a text asks for the names of its pods.
fn of_each_pod(part: &Part) -> Option<&Str> {
    match part {
        Part::Target {
            target: Target::Service(service),
            field: TargetField::Pods,
            ..
        } => Some(service),
        _ => None,
    }
}

fn programs(app: &App) -> Vec<Program<'_>> {
    let services = app.services.values().map(Program::service);
    let jobs = app.jobs.values().map(Program::job);
    let migrations = app
        .migrations
        .values()
        .filter(|migration| migration.is_job())
        .map(|migration| Program::migration(migration, None));
    let stores = app
        .stores
        .values()
        .filter(|store| *store.run.peek() == Run::StatefulSet)
        .map(Program::store);
    services
        .chain(jobs)
        .chain(migrations)
        .chain(stores)
        .collect()
}
