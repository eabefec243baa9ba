//! Helm charts: the forms of all environments printed as templates, the words as values.

mod bind;
mod canon;
pub mod chart;
mod contract;
mod element;
mod expr;
mod family;
mod files;
mod layout;
mod logic;
mod path;
mod print;
mod readme;
mod schema;
mod values;
pub mod words;

use crate::{Emitted, System};
use chart::Chart;
use plimsoll_source::{Findings, Str};
use plimsoll_spec::App;
use plimsoll_spec::app::Route;
use plimsoll_spec::app::deliver::ChartPer;
use plimsoll_spec::types::{RouteTarget, Target};
use plimsoll_world::{ObjectForm, Unit};
use std::collections::BTreeSet;
/// The charts of an application.
pub fn files(system: &System) -> Emitted {
    let mut emitted = Emitted::default();
    for chart in charts(system, &mut emitted.findings) {
        files::of_chart(system, &chart, &mut emitted.files);
    }
    emitted
}

/// The charts, before they are printed: one of the application, or one of each service and one of
/// what belongs to none.
pub fn charts(system: &System, findings: &mut Findings) -> Vec<Chart> {
    let app = system.chosen().app;
    let name = app
        .deliver
        .chart
        .name
        .as_ref()
        .map(|name| name.peek().clone());
    let name = name.unwrap_or_else(|| app.app.peek().text().clone());
    if *app.deliver.chart.per.peek() == ChartPer::App {
        return vec![Chart::new(system, &name, None, &|_| true, findings)];
    }
    let services: BTreeSet<&Str> = system
        .environments
        .iter()
        .flat_map(|environment| environment.app.services.keys())
        .collect();
    let mut charts = vec![Chart::new(
        system,
        &name,
        None,
        &|object| owner(system, &object.unit).is_none(),
        findings,
    )];
    for service in services {
        let owned = |object: &ObjectForm| owner(system, &object.unit).as_ref() == Some(service);
        charts.push(Chart::new(system, service, Some(service), &owned, findings));
    }
    charts
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
