//! Gateway controllers: classes are accepted, Gateways programmed, routes told what they point at.
//!
//! Conditions and reasons of Gateway API 1.6.1. The proxies themselves run no pods here; the network
//! walk knows where their traffic comes from.

use super::writing::{Writer, condition, says, status_of, too_young};
use crate::controllers::{Controller, Key, Outcome, read};
use crate::network::gateway::{allows_route, attaches, granted, is_distinct, names_gateway};
use crate::network::{data_plane, host_overlap};
use crate::state::State;
use crate::store::LogEntry;
use serde_json::{Value, json};
use std::sync::Arc;

const CLASS: &str = "gateway.networking.k8s.io/GatewayClass";
const GATEWAY: &str = "gateway.networking.k8s.io/Gateway";
const HTTP_ROUTE: &str = "gateway.networking.k8s.io/HTTPRoute";
const GRPC_ROUTE: &str = "gateway.networking.k8s.io/GRPCRoute";
const GRANT: &str = "gateway.networking.k8s.io/ReferenceGrant";
const GROUP: &str = "gateway.networking.k8s.io";
const WRITER: Writer = Writer("gateway-controller");
/// Time until a proxy and its address are there.
const SECONDS: i64 = 2;

/// Accepts classes whose controller is modelled.
#[derive(Debug)]
pub(super) struct GatewayClasses;

impl Controller for GatewayClasses {
    fn name(&self) -> &'static str {
        "gateway-classes"
    }

    fn interested(&mut self, entry: &LogEntry, _: &State) -> Vec<Key> {
        if *entry.kind == *CLASS {
            vec![Key::new("", &entry.name)]
        } else {
            Vec::new()
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(class) = state.get(CLASS, "", &key.name) else {
            return Outcome::Done;
        };
        if data_plane(read::text(&class, "/spec/controllerName")).is_some() {
            let mut status = status_of(&class);
            condition(
                &mut status,
                &class,
                says("Accepted", true, "Accepted", "Valid GatewayClass"),
                state.now(),
            );
            WRITER.status(state, &class, status);
        }
        Outcome::Done
    }
}

/// Controller name of the accepted class of a Gateway.
fn controller_of(state: &State, gateway: &Value) -> Option<String> {
    let class = state.get(CLASS, "", read::text(gateway, "/spec/gatewayClassName"))?;
    let accepted = crate::object::condition(&class, "Accepted") == Some("True");
    accepted.then(|| read::text(&class, "/spec/controllerName").to_owned())
}

/// Programs Gateways.
#[derive(Debug)]
pub(super) struct Gateways;

impl Controller for Gateways {
    fn name(&self) -> &'static str {
        "gateways"
    }

    fn interested(&mut self, entry: &LogEntry, state: &State) -> Vec<Key> {
        let came_or_went = entry.old.is_none() || entry.new.is_none();
        match &*entry.kind {
            GATEWAY => vec![Key::new(&entry.namespace, &entry.name)],
            CLASS | HTTP_ROUTE | GRPC_ROUTE | GRANT => keys(state, GATEWAY),
            "Secret" if came_or_went => keys(state, GATEWAY),
            _ => Vec::new(),
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(gateway) = state.get(GATEWAY, &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        if controller_of(state, &gateway).is_none() {
            return Outcome::Done;
        }
        if let Some(wait) = too_young(state, &gateway, SECONDS) {
            return wait;
        }
        let now = state.now();
        let mut status = status_of(&gateway);
        status["addresses"] = json!([{"type": "IPAddress", "value": address(state, &gateway)}]);
        let accepted = says(
            "Accepted",
            true,
            "Accepted",
            "The Gateway has been scheduled",
        );
        condition(&mut status, &gateway, accepted, now);
        condition(
            &mut status,
            &gateway,
            says(
                "Programmed",
                true,
                "Programmed",
                "Address assigned to the Gateway",
            ),
            now,
        );
        let listeners = read::items(&gateway, "/spec/listeners").iter();
        status["listeners"] = listeners
            .map(|listener| listener_status(state, &gateway, listener))
            .collect();
        WRITER.status(state, &gateway, status);
        Outcome::Done
    }
}

fn keys(state: &State, kind: &str) -> Vec<Key> {
    state.list(kind).iter().map(|one| Key::of(one)).collect()
}

/// The n-th address of TEST-NET-2 for the n-th Gateway.
fn address(state: &State, gateway: &Value) -> String {
    let known = read::text(gateway, "/status/addresses/0/value");
    if !known.is_empty() {
        return known.to_owned();
    }
    let taken = state
        .list(GATEWAY)
        .iter()
        .filter(|one| !read::items(one, "/status/addresses").is_empty())
        .count();
    format!("198.51.100.{}", 10 + taken % 200)
}

fn listener_status(state: &State, gateway: &Value, listener: &Value) -> Value {
    let before = read::items(gateway, "/status/listeners")
        .iter()
        .find(|one| one["name"] == listener["name"]);
    let mut status = before
        .cloned()
        .unwrap_or_else(|| json!({"name": listener["name"]}));
    let kinds = if matches!(read::text(listener, "/protocol"), "HTTP" | "HTTPS") {
        &["HTTPRoute", "GRPCRoute"][..]
    } else {
        &[]
    };
    status["supportedKinds"] = kinds
        .iter()
        .map(|kind| json!({"group": GROUP, "kind": kind}))
        .collect();
    let routes = [GRPC_ROUTE, HTTP_ROUTE]
        .into_iter()
        .flat_map(|kind| state.list(kind));
    status["attachedRoutes"] = json!(
        routes
            .filter(|route| attaches(state, gateway, listener, route))
            .count()
    );
    let (resolved, reason, message) = certificates(state, gateway, listener);
    let now = state.now();
    let alone = is_distinct(gateway, listener);
    let (accepted, conflicts) = if alone {
        ("Accepted", "NoConflicts")
    } else {
        ("HostnameConflict", "HostnameConflict")
    };
    let resolved = resolved && alone;
    let accepted = says("Accepted", alone, accepted, "");
    condition(&mut status, gateway, accepted, now);
    let conflicted = says("Conflicted", !alone, conflicts, "");
    condition(&mut status, gateway, conflicted, now);
    condition(
        &mut status,
        gateway,
        says("ResolvedRefs", resolved, reason, &message),
        now,
    );
    let programmed = if resolved { "Programmed" } else { "Invalid" };
    condition(
        &mut status,
        gateway,
        says("Programmed", resolved, programmed, ""),
        now,
    );
    status
}

fn certificates(state: &State, gateway: &Value, listener: &Value) -> (bool, &'static str, String) {
    let own = crate::object::namespace(gateway);
    for reference in read::items(listener, "/tls/certificateRefs") {
        let (namespace, name) = (
            reference["namespace"].as_str().unwrap_or(own),
            read::text(reference, "/name"),
        );
        if !granted(
            state,
            (GROUP, "Gateway"),
            own,
            ("", "Secret", name),
            namespace,
        ) {
            return (
                false,
                "RefNotPermitted",
                format!(
                    "Certificate ref to secret {namespace}/{name} not permitted by any ReferenceGrant."
                ),
            );
        }
        if state.get("Secret", namespace, name).is_none() {
            return (
                false,
                "InvalidCertificateRef",
                format!("Secret {namespace}/{name} does not exist."),
            );
        }
    }
    (true, "ResolvedRefs", String::new())
}

/// Tells routes of one kind whether their parents take them and their backends exist.
#[derive(Debug)]
pub(super) struct Routes(&'static str);

impl Routes {
    pub(super) fn http() -> Self {
        Self(HTTP_ROUTE)
    }

    pub(super) fn grpc() -> Self {
        Self(GRPC_ROUTE)
    }
}

impl Controller for Routes {
    fn name(&self) -> &'static str {
        "gateway-routes"
    }

    fn interested(&mut self, entry: &LogEntry, state: &State) -> Vec<Key> {
        let came_or_went = entry.old.is_none() || entry.new.is_none();
        match &*entry.kind {
            kind if kind == self.0 => vec![Key::new(&entry.namespace, &entry.name)],
            GATEWAY | GRANT | CLASS => keys(state, self.0),
            "Service" if came_or_went => keys(state, self.0),
            _ => Vec::new(),
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(route) = state.get(self.0, &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        let mut parents = Vec::new();
        for parent in read::items(&route, "/spec/parentRefs") {
            parents.extend(parent_status(state, &route, parent));
        }
        if !parents.is_empty() {
            WRITER.status(state, &route, json!({"parents": parents}));
        }
        Outcome::Done
    }
}

/// What the controller of a parent says; nobody says anything about a parent that does not exist.
fn parent_status(state: &State, route: &Value, parent: &Value) -> Option<Value> {
    let namespace = parent["namespace"]
        .as_str()
        .unwrap_or_else(|| crate::object::namespace(route));
    let gateway = state.get(GATEWAY, namespace, read::text(parent, "/name"))?;
    let controller = controller_of(state, &gateway)?;
    let before = read::items(route, "/status/parents")
        .iter()
        .find(|one| one["parentRef"] == *parent);
    let mut status = before
        .cloned()
        .unwrap_or_else(|| json!({"parentRef": parent, "controllerName": controller}));
    let now = state.now();
    let (accepted, reason, message) = acceptance(state, route, parent, &gateway);
    condition(
        &mut status,
        route,
        says("Accepted", accepted, reason, message),
        now,
    );
    let (resolved, reason, message) = backends(state, route);
    condition(
        &mut status,
        route,
        says("ResolvedRefs", resolved, reason, &message),
        now,
    );
    Some(status)
}

fn acceptance(
    state: &State,
    route: &Value,
    parent: &Value,
    gateway: &Arc<Value>,
) -> (bool, &'static str, &'static str) {
    if !names_gateway(parent, gateway, route) {
        return (false, "NoMatchingParent", "the parent is no Gateway");
    }
    let named = |listener: &&Value| {
        parent
            .get("sectionName")
            .is_none_or(|section| *section == listener["name"])
            && parent
                .get("port")
                .is_none_or(|port| *port == listener["port"])
    };
    let listeners: Vec<_> = read::items(gateway, "/spec/listeners")
        .iter()
        .filter(named)
        .collect();
    if listeners.is_empty() {
        return (
            false,
            "NoMatchingParent",
            "No listeners match this parent ref",
        );
    }
    let allowed: Vec<_> = listeners
        .into_iter()
        .filter(|listener| allows_route(state, gateway, listener, route))
        .collect();
    if allowed.is_empty() {
        return (
            false,
            "NotAllowedByListeners",
            "No listeners included by this parent ref allowed this attachment.",
        );
    }
    let hosts: Vec<_> = read::items(route, "/spec/hostnames")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let meets = |listener: &&Value| {
        hosts.is_empty()
            || hosts
                .iter()
                .any(|host| host_overlap(read::text(listener, "/hostname"), host).is_some())
    };
    if !allowed.iter().any(meets) {
        return (
            false,
            "NoMatchingListenerHostname",
            "There were no hostname intersections between the route and this parent ref's listener(s).",
        );
    }
    (true, "Accepted", "Route is accepted")
}

fn backends(state: &State, route: &Value) -> (bool, &'static str, String) {
    let own = crate::object::namespace(route);
    for backend in read::items(route, "/spec/rules")
        .iter()
        .flat_map(|rule| read::items(rule, "/backendRefs"))
    {
        let (namespace, name) = (
            backend["namespace"].as_str().unwrap_or(own),
            read::text(backend, "/name"),
        );
        let (group, kind) = (
            read::text(backend, "/group"),
            backend["kind"].as_str().unwrap_or("Service"),
        );
        if !granted(
            state,
            (GROUP, read::text(route, "/kind")),
            own,
            (group, kind, name),
            namespace,
        ) {
            return (
                false,
                "RefNotPermitted",
                format!(
                    "Backend ref to {kind} {namespace}/{name} not permitted by any ReferenceGrant."
                ),
            );
        }
        let full = if group.is_empty() {
            kind.to_owned()
        } else {
            format!("{group}/{kind}")
        };
        if state.get(&full, namespace, name).is_none() {
            return (
                false,
                "BackendNotFound",
                format!("{kind} {namespace}/{name} not found"),
            );
        }
    }
    (
        true,
        "ResolvedRefs",
        "Resolved all the Object references for the Route".to_owned(),
    )
}
