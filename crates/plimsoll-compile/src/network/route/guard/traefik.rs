//! Guards in the words of Traefik: middlewares, which the rules of routes name as filters.

use super::{Group, can, groups, ranges, whole};
use crate::cx::{Cx, Objects};
use crate::names::{self, dashed};
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::Route;
use plimsoll_spec::app::guard::Guard;
use plimsoll_spec::app::route::{RoutePath, RouteRate};
use plimsoll_world::{Form, ObjectForm, Scope, SeqBuilder, Unit, form};

/// The middlewares of a group: what each is called, and what it does. The cheapest stands first.
fn middlewares(cx: &Cx, group: &Group) -> Vec<(&'static str, Form)> {
    let s = &Scope::new("network/route/guard").because(&group.guards.because);
    let guards = &group.guards;
    let mut all = Vec::new();
    if !guards.allow.is_empty() {
        let ranges = ranges(s, guards.allow);
        all.push(("allow", form!(s; { ipAllowList: { sourceRange: ranges } })));
    }
    if let Some(rate) = guards.rate {
        all.push(("rate", limit(rate)));
    }
    if let Some(body) = guards.body {
        let bytes = body.map(|body| i64::try_from(body.bytes()).unwrap_or(i64::MAX));
        all.push((
            "body",
            form!(s; { buffering: { maxRequestBodyBytes: bytes } }),
        ));
    }
    let basic = guards.auth.and_then(|auth| auth.basic.as_ref());
    if let Some(basic) = basic.filter(|_| can(cx, Guard::Basic)) {
        let secret = basic.map(|name| Str::from(dashed(name)));
        all.push((
            "login",
            form!(s; { basicAuth: { secret: secret, removeHeader: true } }),
        ));
    }
    all
}

fn limit(rate: &RouteRate) -> Form {
    let s = &Scope::new("network/route/guard").because(rate.rate.origin());
    let period = |letter: char| match letter {
        'm' => "1m",
        'h' => "1h",
        'd' => "24h",
        _ => "1s",
    };
    let header = rate.per.peek().header();
    let header = header.map(|name| rate.per.map(|_| name.clone()));
    // Without a burst of its own, as many at once as come in the time.
    let burst = rate
        .burst
        .as_ref()
        .map(|burst| burst.map(|burst| i64::from(*burst)));
    let average = rate.rate.map(|rate| whole(rate).0);
    form!(s; { rateLimit: {
        average: &average,
        burst: burst.unwrap_or_else(|| average.clone()),
        period: rate.rate.choose("network/route/guard", |rate| period(whole(rate).1)),
        sourceCriterion: header.map(|name| form!(s; { requestHeaderName: name })),
    } })
}

fn name_of(group: &Group, what: &str) -> Sourced<Str> {
    group.name.map(|name| Str::from(format!("{name}-{what}")))
}

/// The middlewares of a route.
pub fn objects(cx: &Cx, route: &Route, home: &Sourced<Str>, out: &mut Objects) {
    for group in groups(cx, route) {
        let s = &Scope::new("network/route/guard").because(&group.guards.because);
        for (what, spec) in middlewares(cx, &group) {
            let body = form!(s; {
                apiVersion: "traefik.io/v1alpha1",
                kind: "Middleware",
                metadata: {
                    name: name_of(&group, what),
                    namespace: home,
                    labels: names::labels(cx, &route.name, "route"),
                },
                spec: spec,
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

/// The filters of a path's rule that name them.
pub fn filters(cx: &Cx, route: &Route, path: &RoutePath, list: &mut SeqBuilder) {
    let groups = groups(cx, route);
    let own = |group: &&Group| group.paths.iter().any(|other| std::ptr::eq(*other, path));
    let Some(group) = groups.iter().find(own) else {
        return;
    };
    let s = &Scope::new("network/route/guard").because(&group.guards.because);
    for (what, _) in middlewares(cx, group) {
        list.push(
            s,
            form!(s; { type: "ExtensionRef", extensionRef: {
            group: "traefik.io", kind: "Middleware", name: name_of(group, what),
        } }),
        );
    }
}
