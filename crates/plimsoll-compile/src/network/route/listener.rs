//! The listeners of a Gateway: one for each host, and one for all who still come without TLS.
//!
//! Two listeners of one host and port shut each other out (Gateway API 1.5, "distinct listeners"),
//! so where several routes hold a host, its listener is that of the first.

use super::certificate;
use super::gateway::hosts;
use crate::cx::Cx;
use plimsoll_source::{Node, Origin, Sourced, Str};
use plimsoll_spec::app::Route;
use plimsoll_world::{Cond, Expr, Form, Scope, SeqBuilder, Var, form};

/// All listeners of the application's Gateway.
pub fn all(cx: &Cx, s: &Scope) -> Form {
    let mut list = SeqBuilder::new(s);
    list.push(
        s,
        form!(s; {
            name: "http", port: 80, protocol: "HTTP",
            allowedRoutes: { namespaces: { from: "All" } },
        }),
    );
    for route in cx.app.routes.values() {
        let Some(secret) = certificate(route) else {
            continue;
        };
        let s = &s.because(&route.origin);
        if !shares(cx, route) {
            let host = Expr::Var(Var::Item);
            list.each(served(route), listener(s, name(route), host, &secret));
            continue;
        }
        for (at, host) in route.hosts.peek().iter().enumerate() {
            let first = cx.edges.routes_with(host.peek()).first();
            if first.is_some_and(|(first, _)| first.name == route.name) {
                let name = Expr::from(&numbered(route, at));
                let wanted = wanted(cx, host.peek());
                list.push_when(s, wanted, || listener(s, name, Expr::from(host), &secret));
            }
        }
    }
    list.build()
}

fn listener(s: &Scope, name: Expr, host: Expr, secret: &Sourced<Str>) -> Form {
    form!(s; {
        name: name,
        hostname: host,
        port: 443,
        protocol: "HTTPS",
        tls: { mode: "Terminate", certificateRefs: [{ kind: "Secret", name: secret }] },
        allowedRoutes: { namespaces: { from: "All" } },
    })
}

/// The listeners that a route with TLS hangs on, as references to a Gateway.
pub fn references(cx: &Cx, s: &Scope, gateway: &Sourced<Str>, route: &Route) -> Form {
    let mut list = SeqBuilder::new(s);
    let reference = |section: Expr| {
        form!(s; {
            name: gateway,
            namespace: cx.main_namespace(),
            sectionName: section,
        })
    };
    if shares(cx, route) {
        for host in route.hosts.peek() {
            if let Some((first, at)) = cx.edges.routes_with(host.peek()).first() {
                list.push(s, reference(Expr::from(&numbered(first, *at))));
            }
        }
    } else {
        list.each(hosts(route), reference(name(route)));
    }
    list.build()
}

/// The hosts of a route, as the word that turns them; fixed where another route holds one of them, for
/// then a listener is no longer the route's alone.
pub fn hosts_of(cx: &Cx, route: &Route) -> Expr {
    match hosts(route) {
        Expr::Val(param) if shares(cx, route) => Expr::Lit(param.value.clone()),
        open => open,
    }
}

/// Whether another route with TLS holds one of its hosts.
fn shares(cx: &Cx, route: &Route) -> bool {
    let mut own = route.hosts.peek().iter();
    own.any(|host| cx.edges.routes_with(host.peek()).len() > 1)
}

/// The hosts that have listeners: those of a route that is on.
fn served(route: &Route) -> Expr {
    let none = Expr::Lit(Node::seq(Origin::rule("network/route/listener", []), []));
    Expr::either(Cond::on(&route.enabled), hosts(route), none)
}

/// Whether any route that holds a host is on.
fn wanted(cx: &Cx, host: &Str) -> Cond {
    let none = Cond::known(false, &Origin::rule("network/route/listener", []));
    let holding = cx.edges.routes_with(host).iter();
    holding.fold(none, |any, (route, _)| any.or(Cond::on(&route.enabled)))
}

/// Name of the listener of a route's host, inside of an `Each` over them: `https-main`,
/// `https-main-1`, …
fn name(route: &Route) -> Expr {
    let further = route.name.map(|name| Str::from(format!("https-{name}-")));
    let number = Expr::Var(Var::Key);
    Expr::either(
        Cond::Truthy(number.clone()),
        Expr::concat([Expr::from(&further), number]),
        Expr::from(&numbered(route, 0)),
    )
}

/// The same name for a host whose number is known.
fn numbered(route: &Route, at: usize) -> Sourced<Str> {
    route.name.map(|name| match at {
        0 => format!("https-{name}").into(),
        at => format!("https-{name}-{at}").into(),
    })
}
