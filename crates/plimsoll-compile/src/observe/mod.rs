//! What is seen of an application while it runs: what Prometheus reads, when somebody is told, and
//! what Grafana draws.
//!
//! All is written in the words of the Prometheus operator (`monitoring.coreos.com/v1`) and found by
//! labels; none of it is made where `platform.metrics` is `none`.

pub mod alerts;
mod claims;
mod dashboards;
mod engines;
mod monitors;
mod objectives;
pub mod query;
pub mod uncounted;

#[cfg(test)]
mod tests;

pub use monitors::extra_port as metrics_port;

use crate::cx::{Cx, Objects};
use crate::names;
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::Store;
use plimsoll_spec::app::platform::MetricsUse;
use plimsoll_spec::app::store::Run;
use plimsoll_world::{Form, Scope, form};

/// Monitors, alerts and dashboards of everything.
pub fn objects(cx: &Cx, out: &mut Objects) {
    uncounted::check(cx);
    if *cx.app.platform.metrics.use_.peek() != MetricsUse::Prometheus {
        return;
    }
    monitors::objects(cx, out);
    alerts::objects(cx, out);
    if *cx.app.observe.dashboards.peek() {
        dashboards::objects(cx, out);
    }
}

/// Metadata of what belongs to one thing.
fn metadata(
    cx: &Cx,
    name: &Sourced<Str>,
    namespace: &Sourced<Str>,
    component: &'static str,
) -> Form {
    let s = &Scope::new("observe");
    form!(s; {
        name: name,
        namespace: namespace,
        labels: names::labels(cx, name, component),
    })
}

/// The stores that run here.
fn stores<'a>(cx: &Cx<'a>) -> impl Iterator<Item = &'a Store> {
    let here = |store: &&Store| *store.run.peek() != Run::External;
    cx.app.stores.values().filter(here)
}
