//! One simulated HTTP request from outside, and the requests that the cluster's objects declare.

use super::walk::stop;
use super::{ObjectRef, Walk, declared, gateway, ingresses};
use crate::state::State;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

/// A client somewhere in the Internet (documentation range TEST-NET-3).
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));

/// A request as a client sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Host name.
    pub host: String,
    /// Path, beginning with `/`.
    pub path: String,
    /// HTTP method.
    pub method: String,
    /// Whether it comes by HTTPS.
    pub tls: bool,
    /// Whether it is a gRPC call, so that `GRPCRoutes` are asked too.
    pub grpc: bool,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The client's address.
    pub from: IpAddr,
}

impl Request {
    /// `GET https://HOST/PATH` from some client.
    pub fn get(host: &str, path: &str) -> Self {
        Self {
            host: host.to_owned(),
            path: path.to_owned(),
            method: "GET".to_owned(),
            tls: true,
            grpc: false,
            headers: BTreeMap::new(),
            from: CLIENT,
        }
    }

    /// The same without TLS.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.tls = false;
        self
    }

    /// Scheme of the URL.
    pub fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }
}

/// A request that some route or ingress declares to answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Declared {
    /// Host as declared; may begin with `*.`.
    pub host: String,
    /// Path as declared.
    pub path: String,
    /// Whether it comes by HTTPS.
    pub tls: bool,
    /// HTTP method, where the rule asks for one.
    pub method: Option<String>,
    /// Headers that the rule asks for.
    pub headers: BTreeMap<String, String>,
    /// Whether a `GRPCRoute` declares it.
    pub grpc: bool,
    /// Who declares it.
    pub object: ObjectRef,
}

impl Declared {
    /// A request of that form. For `*.x` some host under it.
    pub fn request(&self) -> Request {
        let host = self
            .host
            .strip_prefix('*')
            .map_or_else(|| self.host.clone(), |rest| format!("any{rest}"));
        let usual = if self.grpc { "POST" } else { "GET" };
        Request {
            method: self.method.clone().unwrap_or_else(|| usual.to_owned()),
            tls: self.tls,
            grpc: self.grpc,
            headers: self.headers.clone(),
            ..Request::get(&host, &self.path)
        }
    }
}

/// Walks one request through listener, certificate, rule, backend, Service, endpoints, policies of
/// both ends, to a ready pod.
pub fn route(state: &State, request: &Request) -> Walk {
    let mut walk = Walk::default();
    let outcome = gateway::answer(state, request, &mut walk)
        .or_else(|| ingresses::answer(state, request, &mut walk));
    let outcome = outcome.unwrap_or_else(|| {
        let why = format!(
            "no Gateway or Ingress takes {}://{}",
            request.scheme(),
            request.host
        );
        Err(stop(ObjectRef::new("Host", "", &request.host), why))
    });
    walk.end(outcome)
}

/// Every request that a `HTTPRoute`, `GRPCRoute` or Ingress declares to answer, in order of host and path.
pub fn routes(state: &State) -> Vec<Declared> {
    let mut all = BTreeSet::new();
    declared::declared(state, &mut all);
    ingresses::declared(state, &mut all);
    all.into_iter().collect()
}

/// Whether a declared host (`""`, exact, or `*.x`) takes `host`.
pub(super) fn host_takes(declared: &str, host: &str) -> bool {
    match declared.strip_prefix("*.") {
        _ if declared.is_empty() || declared == "*" => true,
        Some(suffix) => {
            host.len() > suffix.len() + 1
                && host.ends_with(suffix)
                && host[..host.len() - suffix.len()].ends_with('.')
        }
        None => declared.eq_ignore_ascii_case(host),
    }
}

/// How closely a declared host fits: exact before wildcard, longer before shorter.
pub(super) fn host_rank(declared: &str) -> (bool, usize) {
    (
        !declared.is_empty() && !declared.starts_with('*'),
        declared.len(),
    )
}
