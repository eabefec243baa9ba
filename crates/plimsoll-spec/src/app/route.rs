//! How the outside comes in.

use indexmap::IndexMap;
use plimsoll_source::{Handle, Knob, Origin, Sourced, Str};
use plimsoll_spec_derive::Spec;

use super::OrNone;
use crate::types::{Bytes, Cidr, Counted, Duration, Rate, RouteTarget};

/// Hosts and paths through which the outside comes in.
#[derive(Clone, Debug, Spec)]
pub struct Route {
    /// Its name, which is the name of its objects.
    #[spec(name)]
    pub name: Sourced<Str>,
    /// Host names; `*.x` is allowed, and an empty list.
    pub hosts: Knob<Vec<Sourced<Str>>>,
    /// Paths: `/x` is a prefix by whole segments, `=/x` exact. Exact goes before prefix, longer
    /// before shorter; order says nothing.
    #[spec(keys = RoutePath)]
    pub paths: IndexMap<Str, RoutePath>,
    /// Certificate: `auto` (from `platform.certificates`), `none`, one of `secrets`, or
    /// `{ secret }`, a Secret that exists.
    #[spec(default = "auto")]
    pub tls: RouteTls,
    /// Send HTTP to HTTPS.
    #[spec(default = "true")]
    pub redirect: Sourced<bool>,
    /// Most requests of one client address.
    pub rate: Option<RouteRate>,
    /// Who may come in by a login.
    pub auth: OrNone<Auth>,
    /// Client addresses that may come in.
    pub allow: Vec<Sourced<Cidr>>,
    /// Largest request.
    #[spec(shown = "the gateway's")]
    pub body: Option<OrNone<Sourced<Bytes>>>,
    /// Upgrades allowed, nothing buffered: WebSocket, server-sent events, gRPC streams.
    #[spec(shown = "false; true for a port that speaks grpc")]
    pub stream: Option<Sourced<bool>>,
    /// Time to the whole answer; with `stream` the idle time.
    #[spec(shown = "30s; 1h with `stream`")]
    pub timeout: Option<OrNone<Sourced<Duration>>>,
    /// Another Gateway or class.
    #[spec(shown = "`platform.gateway`")]
    pub gateway: Option<Sourced<Str>>,
    /// Off: as if not written, but charts keep a switch.
    #[spec(default = "true")]
    pub enabled: Knob<bool>,
    /// Labels.
    pub labels: IndexMap<Str, Sourced<Str>>,
    /// Annotations.
    pub annotations: IndexMap<Str, Sourced<Str>>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// Where a path leads. What it does not say is the route's.
#[derive(Clone, Debug, Spec)]
#[spec(short = "to")]
pub struct RoutePath {
    /// The path; its text is a handle.
    #[spec(name)]
    pub path: Knob<Str>,
    /// `SERVICE[:PORT]`, `platform.SLOT[:PORT]`, a URL to redirect to by 308, or `none`: 404.
    pub to: Sourced<RouteTarget>,
    /// Upgrades allowed, nothing buffered.
    #[spec(shown = "the route's")]
    pub stream: Sourced<bool>,
    /// Time to the whole answer; with `stream` the idle time.
    #[spec(shown = "the route's")]
    pub timeout: OrNone<Sourced<Duration>>,
    /// Largest request.
    #[spec(shown = "the route's")]
    pub body: Option<OrNone<Sourced<Bytes>>>,
    /// Client addresses that may come in.
    #[spec(shown = "the route's")]
    pub allow: Vec<Sourced<Cidr>>,
    /// Who may come in by a login.
    #[spec(shown = "the route's")]
    pub auth: OrNone<Auth>,
    /// Most requests of one client address.
    #[spec(shown = "the route's")]
    pub rate: Option<RouteRate>,
    /// What the matched prefix becomes.
    pub rewrite: Option<Sourced<Str>>,
    /// Methods that are let in.
    #[spec(shown = "all")]
    pub methods: Vec<Sourced<Str>>,
    /// Who else's pages may call.
    pub cors: Option<Cors>,
    /// Passed over where the target is not here.
    #[spec(default = "false")]
    pub optional: Sourced<bool>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// Certificate of a route.
#[derive(Clone, Debug)]
pub struct RouteTls {
    /// What it is.
    pub kind: Sourced<TlsKind>,
    /// The handle `routes.R.tls`.
    pub handle: Handle,
}

/// What the certificate of a route is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsKind {
    /// From `platform.certificates`.
    Auto,
    /// Without TLS.
    None,
    /// One of `secrets`, with `kind: tls`.
    Named(Str),
    /// A Secret that exists.
    Existing(Str),
}

/// Most requests of one client address.
#[derive(Clone, Debug, Spec)]
#[spec(short = "rate")]
pub struct RouteRate {
    /// How many.
    pub rate: Sourced<Rate>,
    /// How many at once.
    pub burst: Option<Sourced<u32>>,
    /// What is counted apart: `client`, or a header `header:NAME`.
    #[spec(default = "client")]
    pub per: Sourced<Counted>,
}

/// A login before a route. One of the two is there.
#[derive(Clone, Debug, Spec)]
pub struct Auth {
    /// A secret with `username` and `password`; a single value is the password, and the route's
    /// name the user.
    pub basic: Option<Sourced<Str>>,
    /// A login elsewhere.
    pub oidc: Option<Oidc>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// A login by `OpenID` Connect.
#[derive(Clone, Debug, Spec)]
pub struct Oidc {
    /// Who knows the people.
    pub issuer: Sourced<Str>,
    /// As whom we ask.
    pub client: Sourced<Str>,
    /// The secret that we ask with.
    pub secret: Sourced<Str>,
}

/// Pages of others that may call.
#[derive(Clone, Debug, Spec)]
#[spec(short = "origins")]
pub struct Cors {
    /// Origins, `https://example.org`, or `*`.
    pub origins: Vec<Sourced<Str>>,
    /// Methods.
    pub methods: Vec<Sourced<Str>>,
    /// Headers.
    pub headers: Vec<Sourced<Str>>,
    /// Whether cookies come along.
    #[spec(default = "false")]
    pub credentials: Sourced<bool>,
}
