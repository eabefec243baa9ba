//! Which charts an application has, and which objects each holds.

use super::path;
use crate::System;
use plimsoll_source::Str;
use plimsoll_spec::App;
use plimsoll_spec::app::Route;
use plimsoll_spec::app::deliver::ChartPer;
use plimsoll_spec::types::{RouteTarget, Target};
use plimsoll_world::{ObjectForm, Role, Unit};
use std::collections::BTreeSet;

/// What one chart is of.
pub struct Part {
    /// The chart's name.
    pub name: String,
    kind: Kind,
}

enum Kind {
    /// The whole application.
    All,
    /// Stores that we run, shared disks, and what these need: it is installed first, and its
    /// stores outlive it.
    Stores,
    /// What is neither a store nor of one service. `stores`: whether these are a chart of their own.
    Rest { per: ChartPer, stores: bool },
    /// One service.
    Service(Str),
}

impl Part {
    /// The service whose words stand at the root of the values.
    pub fn service(&self) -> Option<&Str> {
        match &self.kind {
            Kind::Service(name) => Some(name),
            _ => None,
        }
    }

    /// Whether it is of the stores alone.
    pub fn is_of_stores(&self) -> bool {
        matches!(self.kind, Kind::Stores)
    }

    /// Whether an object is in the chart.
    pub fn holds(&self, system: &System, object: &ObjectForm) -> bool {
        match &self.kind {
            Kind::All => true,
            Kind::Stores => is_foundation(object),
            Kind::Rest { per, stores } => {
                !(*stores && is_foundation(object))
                    && (*per == ChartPer::App || owner(system, &object.unit).is_none())
            }
            Kind::Service(name) => owner(system, &object.unit).as_ref() == Some(name),
        }
    }
}

/// The charts of an application: one, or one of each service and one of what belongs to none; and
/// one of the stores that we run, unless a contract says what the one chart of all is.
pub fn of(system: &System) -> Vec<Part> {
    let app = system.chosen().app;
    let name = match &app.deliver.chart.name {
        Some(name) => name.peek().to_string(),
        None => app.app.peek().text().to_string(),
    };
    let per = *app.deliver.chart.per.peek();
    let objects = || {
        let environments = system.environments.iter();
        environments.flat_map(|env| &env.blueprint.objects)
    };
    let runs_stores = objects().any(|object| matches!(object.unit, Unit::Store(_)));
    let contract = !app.deliver.chart.values.is_empty();
    if per == ChartPer::App && (contract || !runs_stores) {
        let kind = Kind::All;
        return vec![Part { name, kind }];
    }
    let services: BTreeSet<&Str> = match per {
        ChartPer::App => BTreeSet::new(),
        ChartPer::Service => {
            let environments = system.environments.iter();
            environments
                .flat_map(|env| env.app.services.keys())
                .collect()
        }
    };
    let mut parts = Vec::new();
    if runs_stores {
        let taken = |name: &str| services.iter().any(|service| service.as_str() == name);
        let name = path::free(&taken, &format!("{name}-stores"));
        let kind = Kind::Stores;
        parts.push(Part { name, kind });
    }
    let stores = runs_stores;
    let kind = Kind::Rest { per, stores };
    parts.push(Part { name, kind });
    parts.extend(services.into_iter().map(|service| Part {
        name: service.to_string(),
        kind: Kind::Service(service.clone()),
    }));
    parts
}

/// Whether an object must be there before anything that uses stores: stores themselves, disks,
/// policies of whole namespaces, and secrets that belong to no block.
fn is_foundation(object: &ObjectForm) -> bool {
    match object.unit {
        Unit::Store(_) | Unit::Claim(_) | Unit::Namespace(_) => true,
        Unit::Shared => object.role == Role::SecretSource,
        _ => false,
    }
}

/// The service in whose chart a block is.
fn owner(system: &System, unit: &Unit) -> Option<Str> {
    let any = |of: &dyn Fn(&App) -> Option<Str>| {
        system
            .environments
            .iter()
            .find_map(|environment| of(environment.app))
    };
    match unit {
        Unit::Service(name) => Some(name.clone()),
        Unit::Migration(name) => any(&|app| {
            app.migrations
                .get(name)?
                .service
                .as_ref()
                .map(|service| service.peek().clone())
        }),
        Unit::Job(name) => any(&|app| {
            app.jobs
                .get(name)?
                .service
                .as_ref()
                .map(|service| service.peek().clone())
        }),
        Unit::Route(name) => any(&|app| only_target(app.routes.get(name)?)),
        Unit::Namespace(_) | Unit::Shared | Unit::Store(_) | Unit::Claim(_) => None,
    }
}

/// The one service that a route leads to.
fn only_target(route: &Route) -> Option<Str> {
    let mut all = route.paths.values().map(|path| match path.to.peek() {
        RouteTarget::Backend {
            target: Target::Service(name),
            ..
        } => Some(name),
        _ => None,
    });
    let first = all.next()??;
    all.all(|other| other == Some(first)).then(|| first.clone())
}
