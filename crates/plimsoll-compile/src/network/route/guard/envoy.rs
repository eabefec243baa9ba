//! Guards in the words of Envoy Gateway: policies that are attached to routes and to the Gateway.

use super::{Group, Guards, can, groups, ranges, whole};
use crate::cx::{Cx, Objects};
use crate::names::{self, dashed};
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::Route;
use plimsoll_spec::app::guard::Guard;
use plimsoll_spec::app::platform::TlsProfile;
use plimsoll_spec::app::route::{Auth, RoutePath, RouteRate};
use plimsoll_spec::types::RouteTarget;
use plimsoll_world::{
    Cond, Form, Fragment, Lit, MapBuilder, ObjectForm, Scope, SeqBuilder, Unit, form,
};

/// The policies of a route.
pub fn objects(cx: &Cx, route: &Route, home: &Sourced<Str>, out: &mut Objects) {
    answer(cx, route, home, out);
    for group in groups(cx, route) {
        let target = targets(cx, route, &group);
        let parts = [
            ("SecurityPolicy", security(cx, &group)),
            ("BackendTrafficPolicy", traffic(cx, &group)),
        ];
        for (kind, spec) in parts {
            let Some(spec) = spec else { continue };
            let s = &Scope::new("network/route/guard").because(&group.guards.because);
            let body = form!(s; {
                apiVersion: "gateway.envoyproxy.io/v1alpha1",
                kind: Lit(kind),
                metadata: {
                    name: &group.name,
                    namespace: home,
                    labels: names::labels(cx, &route.name, "route"),
                },
                spec: { targetRefs: target.clone(), ..spec },
            });
            let unit = Unit::Route(route.name.peek().clone());
            out.push(ObjectForm::new(
                unit,
                super::super::gateway::on(cx, route),
                body,
            ));
        }
    }
}

/// The routes, or single rules of them, that a group is about.
fn targets(cx: &Cx, route: &Route, group: &Group) -> Form {
    let s = &Scope::new("network/route/guard").because(&group.guards.because);
    let mut list = SeqBuilder::new(s);
    let kind = super::super::grpc::kind(cx, route);
    let one = |section: Option<Sourced<Str>>| {
        form!(s; {
            group: "gateway.networking.k8s.io",
            kind: Lit(kind),
            name: &route.name,
            sectionName: section,
        })
    };
    match &group.rules {
        None => list.push(s, one(None)),
        Some(rules) => rules
            .iter()
            .for_each(|rule| list.push(s, one(Some(rule.clone())))),
    }
    list.build()
}

fn security(cx: &Cx, group: &Group) -> Option<Form> {
    let s = &Scope::new("network/route/guard").because(&group.guards.because);
    let mut map = MapBuilder::new(s);
    let mut some = false;
    if let Some(auth) = group.guards.auth {
        some |= login(cx, auth, &mut map);
    }
    let allow = group.guards.allow;
    if let Some(first) = allow.first() {
        let s = &s.because(first.origin());
        some = true;
        map.put(
            s,
            "authorization",
            form!(s; {
                defaultAction: "Deny",
                rules: [{ action: "Allow", principal: { clientCIDRs: ranges(s, allow) } }],
            }),
        );
    }
    some.then(|| map.build())
}

fn login(cx: &Cx, auth: &Auth, map: &mut MapBuilder) -> bool {
    let s = &Scope::new("network/route/guard").because(&auth.origin);
    let secret = |name: &Sourced<Str>| name.map(|name| Str::from(dashed(name)));
    let mut some = false;
    if let Some(basic) = auth.basic.as_ref().filter(|_| can(cx, Guard::Basic)) {
        some = true;
        map.put(s, "basicAuth", form!(s; { users: { name: secret(basic) } }));
    }
    if let Some(oidc) = &auth.oidc {
        some = true;
        map.put(
            s,
            "oidc",
            form!(s; {
                provider: { issuer: &oidc.issuer },
                clientID: &oidc.client,
                clientSecret: { name: secret(&oidc.secret) },
            }),
        );
    }
    some
}

fn traffic(cx: &Cx, group: &Group) -> Option<Form> {
    let s = &Scope::new("network/route/guard").because(&group.guards.because);
    let Guards {
        rate, body, idle, ..
    } = &group.guards;
    if !can(cx, Guard::Rate) || (rate.is_none() && body.is_none() && idle.is_none()) {
        return None;
    }
    Some(form!(s; {
        rateLimit: rate.map(limit),
        requestBuffer: body.map(|body| form!(s; { limit: body.map(std::string::ToString::to_string) })),
        timeout: idle.as_ref().map(|idle| form!(s; { http: {
            requestTimeout: idle.alone.then(|| s.text("0s")),
            streamIdleTimeout: &idle.time,
        } })),
    }))
}

/// Name of the filter that answers 404.
fn nobody(route: &Route) -> Sourced<Str> {
    route.name.map(|name| Str::from(format!("{name}-none")))
}

/// What answers 404, where a path of a route leads nowhere.
fn answer(cx: &Cx, route: &Route, home: &Sourced<Str>, out: &mut Objects) {
    let mut paths = route.paths.values();
    let Some(path) = paths.find(|path| *path.to.peek() == RouteTarget::None) else {
        return;
    };
    let s = &Scope::new("network/route/guard").because(path.to.origin());
    let body = form!(s; {
        apiVersion: "gateway.envoyproxy.io/v1alpha1",
        kind: "HTTPRouteFilter",
        metadata: {
            name: nobody(route),
            namespace: home,
            labels: names::labels(cx, &route.name, "route"),
        },
        spec: { directResponse: { statusCode: 404 } },
    });
    let when = super::super::gateway::on(cx, route);
    out.push(ObjectForm::new(
        Unit::Route(route.name.peek().clone()),
        when,
        body,
    ));
}

/// The filter of a path's rule that names it.
pub fn nowhere(route: &Route, path: &RoutePath, list: &mut SeqBuilder) {
    let s = &Scope::new("network/route/guard").because(path.to.origin());
    list.push(
        s,
        form!(s; { type: "ExtensionRef", extensionRef: {
            group: "gateway.envoyproxy.io", kind: "HTTPRouteFilter", name: nobody(route),
        } }),
    );
}

/// So many requests of each client, counted by each proxy for itself.
fn limit(rate: &RouteRate) -> Form {
    let s = &Scope::new("network/route/guard").because(rate.rate.origin());
    let unit = |letter: char| match letter {
        'm' => "Minute",
        'h' => "Hour",
        'd' => "Day",
        _ => "Second",
    };
    let header = rate.per.peek().header();
    let header = header.map(|name| rate.per.map(|_| name.clone()));
    let selector = match header {
        Some(name) => form!(s; { headers: [{ name: name, type: "Distinct" }] }),
        None => form!(s; { sourceCIDR: { value: "0.0.0.0/0", type: "Distinct" } }),
    };
    form!(s; { local: { rules: [{
        clientSelectors: [selector],
        limit: {
            requests: rate.rate.map(|rate| whole(rate).0),
            unit: rate.rate.choose("network/route/guard", |rate| unit(whole(rate).1)),
        },
    }] } })
}

/// Ciphers of TLS 1.2 that Mozilla's "intermediate" names, 5.7; 1.3 chooses among its own.
const CIPHERS: [&str; 6] = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
];

/// Which TLS the Gateway offers.
pub fn tls(cx: &Cx, out: &mut Objects) {
    let profile = &cx.app.platform.gateway.tls;
    let s = &Scope::new("network/route/guard").because(profile.origin());
    let modern = || Cond::decided(profile, |profile| *profile == TlsProfile::Modern);
    let name = cx.name();
    let body = form!(s; {
        apiVersion: "gateway.envoyproxy.io/v1alpha1",
        kind: "ClientTrafficPolicy",
        metadata: {
            name: &name,
            namespace: cx.main_namespace(),
            labels: names::labels(cx, &name, "gateway"),
        },
        spec: {
            targetRefs: [{
                group: "gateway.networking.k8s.io", kind: "Gateway", name: &name,
            }],
            tls: {
                when (modern()) minVersion: "1.3",
                when (modern().not()) minVersion: "1.2",
                when (modern().not()) ciphers: Fragment(form!(s; [for cipher in CIPHERS => s.text(cipher)])),
            },
        },
    });
    out.push(ObjectForm::new(
        Unit::Shared,
        super::super::gateway::any(cx),
        body,
    ));
}
