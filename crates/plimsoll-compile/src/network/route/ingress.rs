//! Routes by Ingress.

use super::gateway::{class, hosts};
use super::{backed, certificate, issuer, matched};
use crate::cx::{Cx, Objects};
use crate::names;
use plimsoll_source::{Knob, Node, Origin, Sourced, Str};
use plimsoll_spec::app::platform::GatewayUse;
use plimsoll_spec::app::route::{RouteRate, TlsKind};
use plimsoll_spec::app::{OrNone, Route};
use plimsoll_spec::types::Rate;
use plimsoll_world::{
    Cond, Expr, Form, Fragment, Lit, MapBuilder, ObjectForm, Param, Role, Scope, SeqBuilder, Unit,
    Var, form,
};
use std::sync::Arc;

/// One Ingress for each route. Backends stand in the namespace of the Ingress.
pub fn objects(cx: &Cx, out: &mut Objects) {
    for route in cx.app.routes.values() {
        let unit = Unit::Route(route.name.peek().clone());
        out.push(ObjectForm::new(unit, on(route), ingress(cx, route)).role(Role::Route));
    }
}

/// What lets the Ingress of a route be there.
pub(super) fn on(route: &Route) -> Cond {
    Cond::on(&route.enabled).and(Cond::Truthy(hosts(route)))
}

/// An Ingress stands where its backends do.
pub(super) fn home(cx: &Cx, route: &Route) -> Sourced<Str> {
    let found = route.paths.values().find_map(|path| backed(cx, path));
    found.map_or_else(|| cx.main_namespace().clone(), |backed| backed.namespace)
}

fn ingress(cx: &Cx, route: &Route) -> Form {
    let s = &Scope::new("network/route/ingress").because(&route.origin);
    let namespace = home(cx, route);
    let mut rules = SeqBuilder::new(s);
    rules.each(
        hosts(route),
        form!(s; {
            host: Expr::Var(Var::Item),
            http: { paths: paths(cx, s, route) },
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
            name: &route.name,
            namespace: &namespace,
            labels: labels.build(),
            annotations: Fragment(annotations(cx, s, route)),
        },
        spec: {
            ingressClassName: class(cx),
            when (Cond::Truthy(whole.clone())) tls: whole.clone(),
            when (Cond::Truthy(whole).not()) tls: tls,
            rules: rules.build(),
        },
    })
}

fn paths(cx: &Cx, s: &Scope, route: &Route) -> Form {
    let mut list = SeqBuilder::new(s);
    for path in route.paths.values() {
        let Some(backed) = backed(cx, path) else {
            continue;
        };
        let (text, exact) = matched(path);
        let knob = Knob::new(path.path.handle().clone(), text);
        let kind = if exact { "Exact" } else { "Prefix" };
        list.push_when(s, backed.when.clone(), || {
            form!(s; {
                path: &knob,
                pathType: Lit(kind),
                backend: { service: { name: &backed.service, port: { number: &backed.port } } },
            })
        });
    }
    list.build()
}

/// What the controller is told beside the rules. Source: ingress-nginx 1.15, annotations.
fn annotations(cx: &Cx, s: &Scope, route: &Route) -> Form {
    let mut map = MapBuilder::new(s);
    if let Some((key, value)) =
        issuer::annotation(cx).filter(|_| *route.tls.kind.peek() == TlsKind::Auto)
    {
        map.put(s, key, value);
    }
    if cx.gateway() == GatewayUse::IngressNginx {
        nginx(s, route, &mut map);
    }
    for (key, value) in &route.annotations {
        map.put(s, key.clone(), value);
    }
    map.build()
}

/// Begins the annotations of ingress-nginx.
const PREFIX: &str = "nginx.ingress.kubernetes.io";

/// A rate by the second where it is one, else by the minute: ingress-nginx counts nothing else. It
/// takes five times as many at once unless told otherwise.
fn limit(s: &Scope, map: &mut MapBuilder, rate: &RouteRate) {
    let by_second = |rate: &Rate| rate.milli_per_second() >= 1000;
    let count = |rate: &Rate| {
        if by_second(rate) {
            rate.milli_per_second() / 1000
        } else {
            (rate.milli_per_second() * 60).div_ceil(1000).max(1)
        }
    };
    let unit = if by_second(rate.rate.peek()) {
        "rps"
    } else {
        "rpm"
    };
    let most = rate.rate.map(|rate| Str::from(count(rate).to_string()));
    map.put(s, format!("{PREFIX}/limit-{unit}"), most);
    if let Some(burst) = &rate.burst {
        let times = burst.zip(&rate.rate, |burst, rate| {
            Str::from(u64::from(*burst).div_ceil(count(rate)).max(1).to_string())
        });
        map.put(s, format!("{PREFIX}/limit-burst-multiplier"), times);
    }
}

fn nginx(s: &Scope, route: &Route, map: &mut MapBuilder) {
    map.put(
        s,
        format!("{PREFIX}/ssl-redirect"),
        route.redirect.map(|on| Str::from(on.to_string())),
    );
    if let Some(rate) = &route.rate {
        limit(s, map, rate);
    }
    if let Some(OrNone::Some(body)) = &route.body {
        map.put(
            s,
            format!("{PREFIX}/proxy-body-size"),
            body.map(|body| body.bytes().to_string()),
        );
    }
    if let Some(OrNone::Some(timeout)) = &route.timeout {
        let secs = timeout.map(|timeout| timeout.secs().to_string());
        map.put(s, format!("{PREFIX}/proxy-read-timeout"), secs);
    }
    if let OrNone::Some(auth) = &route.auth
        && let Some(basic) = &auth.basic
    {
        let secret = basic.map(|name| Str::from(crate::names::dashed(name)));
        map.put(s, format!("{PREFIX}/auth-type"), s.text("basic"));
        map.put(s, format!("{PREFIX}/auth-secret"), secret);
        map.put(s, format!("{PREFIX}/auth-realm"), &route.name);
    }
    if !route.allow.is_empty() {
        let ranges: Vec<String> = route
            .allow
            .iter()
            .map(|cidr| cidr.peek().to_string())
            .collect();
        let all = route.allow[0].map(|_| Str::from(ranges.join(",")));
        map.put(s, format!("{PREFIX}/whitelist-source-range"), all);
    }
}
