//! From a Service and a port to the ready pods behind it.

use super::policy::container_ports;
use super::walk::stop;
use super::{Flow, ObjectRef, Party, Protocol, Stop, Verdict, Walk, mesh, policy, read};
use crate::state::State;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// A port of a Service, as a backend or a caller names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortRef {
    /// By number of the Service.
    Number(u16),
    /// By name in the Service.
    Name(String),
}

impl fmt::Display for PortRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// What a Service port leads to.
pub(super) enum Behind {
    /// Ready pods with the port that they listen on.
    Pods(Vec<(Arc<Value>, u16)>, Protocol),
    /// A name outside the cluster (`ExternalName`).
    Name(String),
}

/// Follows a Service port to its ready endpoints.
pub(super) fn behind(
    state: &State,
    walk: &mut Walk,
    namespace: &str,
    name: &str,
    port: &PortRef,
) -> Result<Behind, Stop> {
    let Some(service) = state.get("Service", namespace, name) else {
        return Err(stop(
            ObjectRef::new("Service", namespace, name),
            "does not exist",
        ));
    };
    let object = ObjectRef::of(&service);
    if service["spec"]["type"] == "ExternalName" {
        let outside = read::text(&service, "/spec/externalName").to_owned();
        walk.pass(object, format!("is another name of {outside}"));
        return Ok(Behind::Name(outside));
    }
    let Some(found) = service_port(&service, port) else {
        return Err(stop(
            object,
            format!("has no port {port}; it has {}", known_ports(&service)),
        ));
    };
    walk.pass(object.clone(), format!("port {port}"));
    let pods = ready_endpoints(state, &service, found)?;
    if pods.is_empty() {
        return Err(stop(object, nobody(state, &service)));
    }
    Ok(Behind::Pods(
        pods,
        Protocol::parse(read::text(found, "/protocol")),
    ))
}

fn service_port<'a>(service: &'a Value, port: &PortRef) -> Option<&'a Value> {
    read::items(service, "/spec/ports")
        .iter()
        .find(|candidate| match port {
            PortRef::Number(number) => candidate["port"] == *number,
            PortRef::Name(name) => candidate["name"] == name.as_str(),
        })
}

fn known_ports(service: &Value) -> String {
    let ports = read::items(service, "/spec/ports").iter();
    let words: Vec<_> = ports
        .map(|port| {
            format!("{} {}", read::text(port, "/name"), port["port"])
                .trim()
                .to_owned()
        })
        .collect();
    if words.is_empty() {
        "none".to_owned()
    } else {
        words.join(", ")
    }
}

fn ready_endpoints(
    state: &State,
    service: &Value,
    port: &Value,
) -> Result<Vec<(Arc<Value>, u16)>, Stop> {
    let (namespace, port_name) = (read::namespace(service), read::text(port, "/name"));
    let mut found = Vec::new();
    for slice in slices(state, service) {
        let slice_port = read::items(&slice, "/ports")
            .iter()
            .find(|p| read::text(p, "/name") == port_name);
        let Some(number) = slice_port.and_then(|p| u16::try_from(p["port"].as_u64()?).ok()) else {
            continue;
        };
        for endpoint in read::items(&slice, "/endpoints")
            .iter()
            .filter(|e| e["conditions"]["ready"] != false)
        {
            let pod = read::text(endpoint, "/targetRef/name");
            match state.get("Pod", namespace, pod) {
                Some(pod) => found.push((pod, number)),
                None => {
                    return Err(stop(
                        ObjectRef::of(&slice),
                        format!("names the pod {pod}, which does not exist"),
                    ));
                }
            }
        }
    }
    Ok(found)
}

/// Slices of a Service: those that its controller made, else those that somebody labelled.
fn slices(state: &State, service: &Value) -> Vec<Arc<Value>> {
    const SLICE: &str = "discovery.k8s.io/EndpointSlice";
    let mut slices = state.owned_by(crate::object::uid(service));
    slices.retain(|slice| slice["kind"] == "EndpointSlice");
    if slices.is_empty() {
        slices = state.list_in(SLICE, read::namespace(service));
        let label = |slice: &Value| {
            slice["metadata"]["labels"]["kubernetes.io/service-name"] == service["metadata"]["name"]
        };
        slices.retain(|slice| label(slice));
    }
    slices
}

/// Says why a Service has nobody: none selected, no such port, or none ready.
fn nobody(state: &State, service: &Value) -> String {
    let selector = read::labels(service, "/spec/selector");
    if selector.is_empty() {
        return "has no selector and no endpoint".to_owned();
    }
    let pods = state.list_in("Pod", read::namespace(service));
    let selected = pods.iter().filter(|pod| {
        let labels = read::labels(pod, "/metadata/labels");
        selector
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
    });
    match selected.count() {
        0 => "selects no pod".to_owned(),
        1 => "has no ready endpoint; the pod that it selects is not ready or lacks the port"
            .to_owned(),
        n => format!(
            "has no ready endpoint; the {n} pods that it selects are not ready or lack the port"
        ),
    }
}

/// Brings a connection to one pod: policies on both ends, a port that it listens on, readiness.
pub(super) fn deliver(
    state: &State,
    walk: &mut Walk,
    from: &Party,
    pod: &Arc<Value>,
    port: u16,
    protocol: Protocol,
) -> Result<(), Stop> {
    let to = Party::pod(state, pod);
    // Between two pods of Istio's ambient mode the node proxies speak HBONE on 15008; that is the
    // port which policies see. Source: Istio 1.30, "Ambient and Kubernetes NetworkPolicy".
    let hbone = from.is_ambient() && to.is_ambient() && protocol == Protocol::Tcp;
    let seen = if hbone { 15008 } else { port };
    let flow = Flow {
        from,
        to: &to,
        port: seen,
        protocol,
        host: None,
    };
    leave(state, walk, &flow)?;
    enter(state, walk, &flow)?;
    mesh::authorise(state, walk, from, &to, port)?;
    listens(walk, pod, port, protocol)
}

/// Asks the caller's policies.
pub(super) fn leave(state: &State, walk: &mut Walk, flow: &Flow<'_>) -> Result<(), Stop> {
    judged(walk, flow, policy::egress(state, flow), "out")
}

/// Asks the callee's policies.
pub(super) fn enter(state: &State, walk: &mut Walk, flow: &Flow<'_>) -> Result<(), Stop> {
    judged(walk, flow, policy::ingress(state, flow), "in")
}

fn judged(walk: &mut Walk, flow: &Flow<'_>, verdict: Verdict, way: &str) -> Result<(), Stop> {
    let line = format!(
        "{} to {} on {} {}",
        flow.from, flow.to, flow.protocol, flow.port
    );
    match verdict {
        Verdict::Free => Ok(()),
        Verdict::Allowed(policy) => {
            walk.pass(policy, format!("lets {line} {way}"));
            Ok(())
        }
        Verdict::Denied(policies) => {
            let mut policies = policies.into_iter();
            let first = policies
                .next()
                .unwrap_or_else(|| ObjectRef::new("NetworkPolicy", "", ""));
            let rest: Vec<_> = policies.map(|policy| policy.name).collect();
            let others = if rest.is_empty() {
                String::new()
            } else {
                format!(" (nor does {})", rest.join(", "))
            };
            Err(stop(first, format!("does not let {line} {way}{others}")))
        }
    }
}

fn listens(walk: &mut Walk, pod: &Value, port: u16, protocol: Protocol) -> Result<(), Stop> {
    let object = ObjectRef::of(pod);
    let declared = container_ports(pod).any(|p| {
        p["containerPort"] == port && Protocol::parse(read::text(p, "/protocol")) == protocol
    });
    if !declared {
        return Err(stop(
            object,
            format!("no container declares {protocol} {port}: connection refused"),
        ));
    }
    if !read::condition_is_true(pod, "Ready") {
        return Err(stop(object, "is not ready"));
    }
    walk.pass(object, format!("answers on {protocol} {port}"));
    Ok(())
}
