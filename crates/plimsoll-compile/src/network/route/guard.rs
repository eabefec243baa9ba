//! What stands before a route: logins, known addresses, rates, the largest request, TLS. Each gateway
//! has its own words for it; what it has none for is a finding elsewhere.
//!
//! Sources: Envoy Gateway 1.9 (`gateway.envoyproxy.io/v1alpha1`), Traefik 3.7 (`traefik.io/v1alpha1`),
//! Istio 1.30 (`security.istio.io/v1`).

mod envoy;
mod istio;
mod traefik;

use super::http::asked;
use crate::cx::{Cx, Objects};
use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec::app::guard::Guard;
use plimsoll_spec::app::platform::GatewayUse;
use plimsoll_spec::app::route::{Auth, RoutePath, RouteRate};
use plimsoll_spec::app::{OrNone, Route};
use plimsoll_spec::types::{Bytes, Cidr, Rate, RouteTarget};
use plimsoll_world::{Form, SeqBuilder};

/// What stands before some paths of a route.
pub struct Guards<'a> {
    /// A login.
    pub auth: Option<&'a Auth>,
    /// Addresses that may come; empty: all.
    pub allow: &'a [Sourced<Cidr>],
    /// Most requests.
    pub rate: Option<&'a RouteRate>,
    /// Largest request.
    pub body: Option<&'a Sourced<Bytes>>,
    /// How long nothing may be said on a stream, where the gateway has a word for it.
    pub idle: Option<Idle>,
    /// What decides which of them there are.
    pub because: Origin,
}

/// How long nothing may be said on a stream.
#[derive(PartialEq, Eq)]
pub struct Idle {
    /// As long as that; `0s` is without end.
    pub time: Sourced<Str>,
    /// Whether the route itself has no word for the time to a whole answer, so that it is said here that
    /// there is none.
    pub alone: bool,
}

impl Idle {
    fn of(cx: &Cx, route: &Route, path: &RoutePath) -> Option<Self> {
        if !can(cx, Guard::Idle) || !*path.stream.peek() {
            return None;
        }
        let time = match &path.timeout {
            OrNone::Some(time) => time.map(plimsoll_spec::types::Duration::gateway),
            OrNone::None(because) => Sourced::new("0s".into(), because.clone()),
        };
        Some(Self {
            time: time.because(path.stream.origin()),
            alone: super::grpc::is_spoken(cx, route),
        })
    }
}

impl<'a> Guards<'a> {
    /// What stands before a path.
    fn of(cx: &Cx, route: &Route, path: &'a RoutePath) -> Self {
        let body = match &path.body {
            // A request that is held until it is whole never ends where it streams.
            Some(OrNone::Some(body)) if !*path.stream.peek() => Some(body),
            _ => None,
        };
        let because = Origin::all([path.origin.clone(), path.stream.origin().clone()]);
        Self {
            auth: path.auth.some(),
            allow: &path.allow,
            rate: path.rate.as_ref(),
            body,
            idle: Idle::of(cx, route, path),
            because,
        }
    }

    /// Whether others are the same.
    fn same(&self, other: &Self) -> bool {
        let auth = |guards: &Self| {
            let auth = guards.auth?;
            let basic = auth.basic.as_ref().map(|name| name.peek().clone());
            let oidc = auth.oidc.as_ref().map(|oidc| {
                let words = [&oidc.issuer, &oidc.client, &oidc.secret];
                words.map(|word| word.peek().clone())
            });
            Some((basic, oidc))
        };
        let rate = |guards: &Self| {
            let rate = guards.rate?;
            let burst = rate.burst.as_ref().map(|burst| *burst.peek());
            Some((
                rate.rate.peek().milli_per_second(),
                burst,
                rate.per.peek().clone(),
            ))
        };
        auth(self) == auth(other)
            && self.allow == other.allow
            && rate(self) == rate(other)
            && self.body == other.body
            && self.idle == other.idle
    }
}

/// The paths of a route that have the same guards.
pub struct Group<'a> {
    /// The guards.
    pub guards: Guards<'a>,
    /// Name of the objects that say them.
    pub name: Sourced<Str>,
    /// The rules that they are about, by name; nothing where they are about the whole route.
    pub rules: Option<Vec<Sourced<Str>>>,
    paths: Vec<&'a RoutePath>,
}

/// The groups of a route, in the order of its paths.
pub fn groups<'a>(cx: &Cx, route: &'a Route) -> Vec<Group<'a>> {
    let mut groups: Vec<Group> = Vec::new();
    let served = |path: &&&RoutePath| matches!(path.to.peek(), RouteTarget::Backend { .. });
    let paths: Vec<&RoutePath> = route.paths.values().collect();
    for path in paths.iter().filter(served) {
        let guards = Guards::of(cx, route, path);
        match groups.iter_mut().find(|group| group.guards.same(&guards)) {
            Some(group) => group.paths.push(path),
            None => {
                let at = groups.len();
                let name = route.name.map(|name| match at {
                    0 => name.clone(),
                    _ => Str::from(format!("{name}-{at}")),
                });
                groups.push(Group {
                    guards,
                    name,
                    rules: None,
                    paths: vec![path],
                });
            }
        }
    }
    if groups.len() > 1 {
        for group in &mut groups {
            let names = group.paths.iter().flat_map(|path| {
                let asked = asked(path).into_iter();
                asked.map(|methods| rule_name(&paths, path, &methods))
            });
            group.rules = Some(names.collect());
        }
    }
    groups
}

/// Name of a rule of a path, by its place and, where each method has one of its own, by the method.
fn rule_name(all: &[&RoutePath], path: &RoutePath, methods: &[&Sourced<Str>]) -> Sourced<Str> {
    let at = all.iter().position(|other| std::ptr::eq(*other, path));
    let name = format!("rule-{}", at.unwrap_or_default());
    match methods {
        [method] if path.methods.len() > 1 => method
            .map(|method| Str::from(format!("{name}-{}", method.to_lowercase())))
            .because(&path.origin),
        _ => Sourced::new(Str::from(name), path.origin.clone()),
    }
}

/// Name of a path's rule, where guards speak of single rules.
pub fn named(
    cx: &Cx,
    route: &Route,
    path: &RoutePath,
    methods: &[&Sourced<Str>],
) -> Option<Sourced<Str>> {
    let several = groups(cx, route).len() > 1;
    let all: Vec<&RoutePath> = route.paths.values().collect();
    several.then(|| rule_name(&all, path, methods))
}

/// The filter that answers 404 where a path leads nowhere, of a gateway that has one.
pub fn nowhere(cx: &Cx, route: &Route, path: &RoutePath, list: &mut SeqBuilder) {
    if cx.gateway() == GatewayUse::Envoy {
        envoy::nowhere(route, path, list);
    }
}

/// Filters of a path's rule that its gateway reads.
pub fn filters(cx: &Cx, route: &Route, path: &RoutePath, list: &mut SeqBuilder) {
    if cx.gateway() == GatewayUse::Traefik {
        traefik::filters(cx, route, path, list);
    }
}

/// The objects before a route.
pub fn objects(cx: &Cx, route: &Route, home: &Sourced<Str>, out: &mut Objects) {
    match cx.gateway() {
        GatewayUse::Envoy => envoy::objects(cx, route, home, out),
        GatewayUse::Traefik => traefik::objects(cx, route, home, out),
        GatewayUse::Istio => istio::objects(cx, route, out),
        _ => {}
    }
}

/// What the Gateway itself is told.
pub fn of_gateway(cx: &Cx, out: &mut Objects) {
    if cx.gateway() == GatewayUse::Envoy {
        envoy::tls(cx, out);
    }
}

/// Whether the gateway can do it.
fn can(cx: &Cx, guard: Guard) -> bool {
    guard.is_known(&cx.app.platform)
}

/// A rate as a whole number in a second, minute, hour or day.
fn whole(rate: &Rate) -> (i64, char) {
    let (number, unit) = rate.parts();
    let unit = unit.chars().next().unwrap_or('s');
    match number.parse() {
        Ok(number) => (number, unit),
        Err(_) => {
            let in_a_day = rate.milli_per_second() * 86_400 / 1000;
            (i64::try_from(in_a_day).unwrap_or(i64::MAX), 'd')
        }
    }
}

/// A list of address ranges.
fn ranges(s: &plimsoll_world::Scope, allow: &[Sourced<Cidr>]) -> Form {
    plimsoll_world::form!(s; [for range in allow => range.map(|range| Str::from(range.to_string()))])
}
