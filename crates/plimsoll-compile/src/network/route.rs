//! How the outside comes in: a Gateway with routes, or Ingresses.

mod elsewhere;
mod gateway;
mod grpc;
mod guard;
mod http;
mod ingress;
pub mod issuer;
mod listener;
pub mod said;
#[cfg(test)]
mod tests;

use crate::cx::{Cx, Objects};
use crate::platform::slots;
use crate::workload::env::available;
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::platform::{GatewayApi, GatewayUse};
use plimsoll_spec::app::route::{RoutePath, TlsKind};
use plimsoll_spec::app::{Port, Route};
use plimsoll_spec::types::{RouteTarget, Target};
use plimsoll_world::Cond;

/// Where a route lives: with its first backend of ours.
pub fn home_of(cx: &Cx, route: &Route) -> Sourced<Str> {
    let found: Vec<Backed> = route
        .paths
        .values()
        .filter_map(|path| backed(cx, path))
        .collect();
    gateway::home(cx, &found)
}

/// The Ingresses of a route that lead to a service, by name.
pub fn ingresses_to(cx: &Cx, route: &Route, service: &Str) -> Vec<Sourced<Str>> {
    ingress::leading_to(cx, route, service)
}

/// Whether the route of Gateway API is one by gRPC.
pub fn is_grpc(cx: &Cx, route: &Route) -> bool {
    grpc::is_spoken(cx, route)
}

/// The routes that hold a host of this one, and those that hold a host of theirs: what one of them
/// needs, the hosts of all of them have. This one stands first.
fn together<'a>(cx: &Cx<'a>, route: &'a Route) -> Vec<&'a Route> {
    let shares = |one: &Route, other: &Route| {
        let holds = |host: &Sourced<Str>| {
            let mut hosts = other.hosts.peek().iter();
            hosts.any(|other| other.peek() == host.peek())
        };
        one.hosts.peek().iter().any(holds)
    };
    let mut together = vec![route];
    let mut at = 0;
    while let Some(one) = together.get(at).copied() {
        for other in cx.app.routes.values() {
            let known = together.iter().any(|known| std::ptr::eq(*known, other));
            if !known && shares(one, other) {
                together.push(other);
            }
        }
        at += 1;
    }
    together
}

/// The objects of all routes.
pub fn objects(cx: &Cx, out: &mut Objects) {
    if cx.gateway() == GatewayUse::None || cx.app.routes.is_empty() {
        return;
    }
    said::report(cx);
    match cx.app.platform.gateway.api.peek() {
        GatewayApi::Gateway => gateway::objects(cx, out),
        GatewayApi::Ingress => ingress::objects(cx, out),
    }
    issuer::objects(cx, out);
}

/// A path whose backend is here.
struct Backed<'a> {
    path: &'a RoutePath,
    /// What lets it exist.
    when: Cond,
    /// Namespace of the backend.
    namespace: Sourced<Str>,
    /// Name of its Service.
    service: Sourced<Str>,
    /// Port of the Service.
    port: Sourced<u16>,
    /// Whether it speaks gRPC.
    grpc: bool,
    /// Where a new version of it answers, while its traffic is divided by weights.
    second: Option<Sourced<Str>>,
}

/// The backend of a path; `None` for redirects, 404s and what is not here.
fn backed<'a>(cx: &Cx, path: &'a RoutePath) -> Option<Backed<'a>> {
    let RouteTarget::Backend { target, port } = path.to.peek() else {
        return None;
    };
    let origin = path.to.origin();
    match target {
        Target::Service(name) => {
            let service = cx.app.services.get(name)?;
            let offered = service.offered();
            let found = find_port(offered.all.iter(), port.as_ref())?;
            use plimsoll_spec::app::port::Speaks;
            Some(Backed {
                path,
                when: available(cx, target),
                namespace: service.namespace.clone(),
                service: service.name.fixed().clone().because(origin),
                port: found.at.clone().because(origin),
                grpc: *found.speaks.peek() == Speaks::Grpc,
                second: crate::workload::rollout::weighed(cx, service),
            })
        }
        Target::Slot(slot) => {
            let facts = slots::facts(cx, slot)?;
            let wanted = |known: &&slots::SlotPort| {
                port.as_ref()
                    .is_none_or(|port| port == known.name || *port == known.service.to_string())
            };
            let port = facts.ports.iter().filter(|port| port.http).find(wanted)?;
            Some(Backed {
                path,
                when: available(cx, target),
                namespace: facts.namespace.clone(),
                service: Sourced::new(facts.service.into(), origin.clone()),
                port: Sourced::new(port.service, origin.clone()),
                grpc: false,
                second: None,
            })
        }
        Target::Store { .. } | Target::External(_) => None,
    }
}

fn find_port<'a>(
    mut ports: impl Iterator<Item = (&'a Str, &'a Port)>,
    wanted: Option<&Str>,
) -> Option<&'a Port> {
    match wanted {
        None => ports.next().map(|(_, port)| port),
        Some(wanted) => ports
            .find(|(name, port)| *name == wanted || port.at.peek().to_string() == wanted.as_str())
            .map(|(_, port)| port),
    }
}

/// `/x` is a prefix, `=/x` exact: what is matched, and how.
fn matched(path: &RoutePath) -> (Sourced<Str>, bool) {
    let text = path.path.fixed();
    let exact = text.peek().starts_with('=');
    (text.map(|text| text.trim_start_matches('=').into()), exact)
}

/// Name of the Secret with the certificate of a route; `None` without TLS.
fn certificate(route: &Route) -> Option<Sourced<Str>> {
    let kind = &route.tls.kind;
    match kind.peek() {
        TlsKind::None => None,
        TlsKind::Auto => Some(route.name.map(|name| format!("{name}-tls").into())),
        TlsKind::Named(name) => Some(kind.map(|_| crate::names::dashed(name).into())),
        TlsKind::Existing(name) => Some(kind.map(|_| name.clone())),
    }
}
