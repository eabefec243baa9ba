//! Routes by gRPC, in the words of Gateway API, where all that a host answers can be said so.
//!
//! A hostname of a listener is of routes by HTTP or of routes by gRPC: of two routes of both kinds one is
//! refused. And a `GRPCRoute` knows services and methods alone. So a host with anything else has an
//! `HTTPRoute` for all of its paths: gRPC is HTTP/2 to `/SERVICE/METHOD`, and the port of the Service says
//! that it speaks it.

use super::gateway::{hostnames, metadata, parents};
use super::http::backends;
use super::{Backed, backed, matched, together};
use crate::cx::Cx;
use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec::app::Route;
use plimsoll_spec::app::route::RoutePath;
use plimsoll_spec::types::RouteTarget;
use plimsoll_world::{Form, Scope, SeqBuilder, form};

/// Whether the routes of a host are routes by gRPC.
pub fn is_spoken(cx: &Cx, route: &Route) -> bool {
    let routes = together(cx, route);
    let mut paths = routes.iter().flat_map(|route| route.paths.values());
    let all = paths.all(|path| match path.to.peek() {
        // A target that is not here has no say.
        RouteTarget::Backend { .. } => {
            backed(cx, path).is_none_or(|backed| backed.grpc && Call::of(path).is_some())
        }
        RouteTarget::Redirect(_) | RouteTarget::None => false,
    });
    all && route.paths.values().any(|path| backed(cx, path).is_some())
}

/// The kind of a route's object.
pub fn kind(cx: &Cx, route: &Route) -> &'static str {
    if is_spoken(cx, route) {
        "GRPCRoute"
    } else {
        "HTTPRoute"
    }
}

/// What a path of gRPC names.
enum Call {
    /// Every service.
    Any,
    /// A service.
    Service(Sourced<Str>),
    /// One method of a service.
    Method(Sourced<Str>, Sourced<Str>),
}

impl Call {
    /// What a path names; nothing where a `GRPCRoute` cannot say all that the path does.
    fn of(path: &RoutePath) -> Option<Self> {
        let more = path.rewrite.is_some() || path.cors.is_some() || !path.methods.is_empty();
        if more || !*path.stream.peek() {
            return None;
        }
        let (text, exact) = matched(path);
        let part = |part: &str| text.map(|_| Str::from(part));
        let parts: Vec<&str> = text.peek().trim_start_matches('/').split('/').collect();
        match parts[..] {
            [""] if !exact => Some(Self::Any),
            [service] if !exact && is_name(service) => Some(Self::Service(part(service))),
            [service, method] if is_name(service) && is_name(method) => {
                Some(Self::Method(part(service), part(method)))
            }
            _ => None,
        }
    }

    fn matches(&self, s: &Scope) -> Option<Form> {
        let (service, method) = match self {
            Self::Any => return None,
            Self::Service(service) => (service, None),
            Self::Method(service, method) => (service, Some(method)),
        };
        Some(form!(s; [{ method: { service: service, method: method.cloned() } }]))
    }
}

/// Whether a text is a name of protobuf, with its package.
fn is_name(text: &str) -> bool {
    let word = |word: &str| {
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
        word.chars().all(letters) && word.starts_with(|c: char| !c.is_ascii_digit())
    };
    text.split('.').all(word)
}

/// The `GRPCRoute` of a route.
pub fn route(cx: &Cx, route: &Route, home: &Sourced<Str>) -> Form {
    let s = &Scope::new("network/route/gateway").because(&route.origin);
    let mut rules = SeqBuilder::new(s);
    for path in route.paths.values() {
        let Some(backed) = backed(cx, path) else {
            continue;
        };
        rules.push_when(s, backed.when.clone(), || {
            rule(cx, route, path, &backed, home)
        });
    }
    form!(s; {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "GRPCRoute",
        metadata: metadata(cx, route, route.name.clone(), home),
        spec: {
            parentRefs: parents(cx, route, None),
            hostnames: hostnames(cx, s, route),
            rules: rules.build(),
        },
    })
}

fn rule(cx: &Cx, route: &Route, path: &RoutePath, backed: &Backed, home: &Sourced<Str>) -> Form {
    let decided = Origin::all([path.origin.clone(), path.stream.origin().clone()]);
    let s = &Scope::new("network/route/gateway").because(&decided);
    form!(s; {
        name: super::guard::named(cx, route, path, &[]),
        matches: Call::of(path).and_then(|call| call.matches(s)),
        backendRefs: backends(s, backed, home),
    })
}
