//! Routes by Ingress: one for all paths of a route that its controller is told the same of.

mod nginx;
mod pattern;
#[cfg(test)]
mod tests;

use super::elsewhere::Elsewhere;
use super::gateway::{class, hosts};
use super::{Backed, backed, certificate, issuer, matched};
use crate::cx::{Cx, Objects};
use crate::names;
use pattern::Spelling;
use plimsoll_source::{Knob, Node, Origin, Sourced, Str};
use plimsoll_spec::app::Route;
use plimsoll_spec::app::platform::GatewayUse;
use plimsoll_spec::app::route::{RoutePath, TlsKind};
use plimsoll_spec::types::RouteTarget;
use plimsoll_world::{
    Cond, Expr, Form, Fragment, Lit, MapBuilder, ObjectForm, Param, Role, Scope, SeqBuilder, Unit,
    Var, form,
};
use std::sync::Arc;

/// The Ingresses of all routes. Backends stand in the namespace of the Ingress.
pub fn objects(cx: &Cx, out: &mut Objects) {
    for route in cx.app.routes.values() {
        let unit = Unit::Route(route.name.peek().clone());
        for group in groups(cx, route) {
            let body = ingress(cx, route, &group);
            out.push(ObjectForm::new(unit.clone(), group.when(route), body).role(Role::Route));
        }
    }
}

/// What lets the Ingresses of a route be there.
pub(super) fn on(route: &Route) -> Cond {
    Cond::on(&route.enabled).and(Cond::Truthy(hosts(route)))
}

/// An Ingress stands where its backends do.
pub(super) fn home(cx: &Cx, route: &Route) -> Sourced<Str> {
    let found = route.paths.values().find_map(|path| backed(cx, path));
    found.map_or_else(|| cx.main_namespace().clone(), |backed| backed.namespace)
}

/// The Ingresses of a route that lead to a service, by name.
pub(super) fn leading_to(cx: &Cx, route: &Route, service: &Str) -> Vec<Sourced<Str>> {
    let groups = groups(cx, route).into_iter();
    let leads = |group: &Group| {
        let mut entries = group.entries.iter();
        entries.any(|entry| entry.serves && entry.service.peek() == service)
    };
    groups.filter(leads).map(|group| group.name).collect()
}

/// A path of an Ingress.
struct Entry<'a> {
    path: &'a RoutePath,
    /// What lets it exist.
    when: Cond,
    /// The Service behind it.
    service: Sourced<Str>,
    /// Port of the Service.
    port: Sourced<u16>,
    /// Whether requests come there; else the controller answers by itself.
    serves: bool,
}

/// Paths of a route of which the controller is told the same.
struct Group<'a> {
    /// Name of the Ingress.
    name: Sourced<Str>,
    annotations: Vec<(Str, Sourced<Str>)>,
    entries: Vec<Entry<'a>>,
    /// Whether it is the only one of its route.
    alone: bool,
}

impl Group<'_> {
    fn when(&self, route: &Route) -> Cond {
        if self.alone {
            return on(route);
        }
        // An Ingress without any path is refused.
        let none = Cond::known(false, &route.origin);
        let entries = self.entries.iter();
        let any = entries.fold(none, |any, entry| any.or(entry.when.clone()));
        on(route).and(any)
    }
}

/// The groups of a route: those with a service first, so that the route's own name is theirs.
fn groups<'a>(cx: &Cx<'a>, route: &'a Route) -> Vec<Group<'a>> {
    let spelling = pattern::of(cx, route);
    let mut groups: Vec<Group> = Vec::new();
    for entry in entries(cx, route) {
        let annotations = match cx.gateway() {
            GatewayUse::IngressNginx => nginx::annotations(cx, route, entry.path, spelling),
            _ => Vec::new(),
        };
        let same = |group: &&mut Group| {
            let theirs = group
                .annotations
                .iter()
                .map(|(key, value)| (key, value.peek()));
            theirs.eq(annotations.iter().map(|(key, value)| (key, value.peek())))
        };
        if let Some(group) = groups.iter_mut().find(same) {
            group.entries.push(entry);
            continue;
        }
        let at = groups.len();
        let name = route.name.map(|name| match at {
            0 => name.clone(),
            _ => Str::from(format!("{name}-{at}")),
        });
        groups.push(Group {
            name,
            annotations,
            entries: vec![entry],
            alone: true,
        });
    }
    let alone = groups.len() == 1;
    groups.iter_mut().for_each(|group| group.alone = alone);
    groups
}

/// The paths of a route, those that lead to a service first.
fn entries<'a>(cx: &Cx<'a>, route: &'a Route) -> Vec<Entry<'a>> {
    let paths = || route.paths.values();
    let mut all: Vec<Entry> = paths()
        .filter_map(|path| backed(cx, path).map(|backed| served(path, backed)))
        .collect();
    // What no controller is told of is a finding elsewhere.
    if cx.gateway() == GatewayUse::IngressNginx {
        let (service, port) = stand_in(cx, route, &all);
        let answered =
            paths().filter(|path| !matches!(path.to.peek(), RouteTarget::Backend { .. }));
        all.extend(answered.map(|path| Entry {
            path,
            when: Cond::known(true, path.to.origin()),
            service: service.clone().because(path.to.origin()),
            port: port.clone().because(path.to.origin()),
            serves: false,
        }));
    }
    all
}

fn served<'a>(path: &'a RoutePath, backed: Backed) -> Entry<'a> {
    Entry {
        path,
        when: backed.when,
        service: backed.service,
        port: backed.port,
        serves: true,
    }
}

/// A path must name a Service also where the controller answers by itself: one of the route, else
/// any beside it.
fn stand_in(cx: &Cx, route: &Route, entries: &[Entry]) -> (Sourced<Str>, Sourced<u16>) {
    let there = entries.iter().find(|entry| entry.when.may_hold());
    if let Some(entry) = there {
        return (entry.service.clone(), entry.port.clone());
    }
    let home = home(cx, route);
    let beside = cx.app.services.values().find_map(|service| {
        let (_, port) = service.ports.main()?;
        let here = service.namespace.peek() == home.peek() && *service.enabled.peek();
        here.then(|| (service.name.fixed().clone(), port.at.clone()))
    });
    beside.unwrap_or_else(|| {
        (
            route.name.clone(),
            Sourced::rule("network/route/ingress", 80),
        )
    })
}

fn ingress(cx: &Cx, route: &Route, group: &Group) -> Form {
    let s = &Scope::new("network/route/ingress").because(&route.origin);
    let namespace = home(cx, route);
    let mut rules = SeqBuilder::new(s);
    rules.each(
        hosts(route),
        form!(s; {
            host: Expr::Var(Var::Item),
            http: { paths: paths(cx, s, route, group) },
        }),
    );
    let mut labels = MapBuilder::new(s);
    labels.splice(s, names::labels(cx, &route.name, "route"));
    for (key, value) in &route.labels {
        labels.put(s, key.clone(), value);
    }
    let tls = certificate(route).map(|secret| {
        let mut all = SeqBuilder::new(s);
        all.each(hosts(route), Form::Expr(Expr::Var(Var::Item)));
        form!(s; [{ hosts: all.build(), secretName: &secret }])
    });
    // All of it as one word, nothing where the file says its parts.
    let whole = Expr::Val(Arc::new(Param {
        handle: route.tls.handle.clone(),
        value: Node::Null(Origin::rule("network/route/ingress", [])),
    }));
    form!(s; {
        apiVersion: "networking.k8s.io/v1",
        kind: "Ingress",
        metadata: {
            name: &group.name,
            namespace: &namespace,
            labels: labels.build(),
            annotations: Fragment(annotations(cx, s, route, group)),
        },
        spec: {
            ingressClassName: class(cx),
            when (Cond::Truthy(whole.clone())) tls: whole.clone(),
            when (Cond::Truthy(whole).not()) tls: tls,
            rules: rules.build(),
        },
    })
}

fn paths(cx: &Cx, s: &Scope, route: &Route, group: &Group) -> Form {
    let spelling = pattern::of(cx, route);
    let mut list = SeqBuilder::new(s);
    for entry in &group.entries {
        let (text, kind) = match spelling {
            Spelling::Plain => {
                let (text, exact) = matched(entry.path);
                let kind = if exact { "Exact" } else { "Prefix" };
                (turned(entry.path, text), kind)
            }
            Spelling::Pattern => (
                Expr::from(&pattern::text(entry.path)),
                "ImplementationSpecific",
            ),
        };
        list.push_when(s, entry.when.clone(), || {
            form!(s; {
                path: text,
                pathType: Lit(kind),
                backend: { service: { name: &entry.service, port: { number: &entry.port } } },
            })
        });
    }
    list.build()
}

/// The text of a path as the word that turns it, unless what the controller is told holds it too.
fn turned(path: &RoutePath, text: Sourced<Str>) -> Expr {
    match path.to.peek() {
        RouteTarget::Redirect(url) if Elsewhere::parse(url).is_none_or(|to| to.keeps_path()) => {
            Expr::from(&text)
        }
        _ => Expr::from(&Knob::new(path.path.handle().clone(), text)),
    }
}

/// What controllers are told beside the rules.
fn annotations(cx: &Cx, s: &Scope, route: &Route, group: &Group) -> Form {
    let mut map = MapBuilder::new(s);
    // One of them asks for the certificate; two that ask for the same are refused.
    let asks = group.name.peek() == route.name.peek();
    if let Some((key, value)) =
        issuer::annotation(cx).filter(|_| asks && *route.tls.kind.peek() == TlsKind::Auto)
    {
        map.put(s, key, value);
    }
    for (key, value) in &group.annotations {
        map.put(s, key.clone(), value);
    }
    for (key, value) in &route.annotations {
        map.put(s, key.clone(), value);
    }
    map.build()
}
