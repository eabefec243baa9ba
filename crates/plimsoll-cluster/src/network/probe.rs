//! Probes of the kubelet and scrapes of Prometheus, walked like any connection.

use super::backend::reach;
use super::policy::{container_ports, named_port};
use super::service;
use super::walk::stop;
use super::{Answer, Flow, ObjectRef, Party, PortRef, Protocol, Stop, Walk, read, selector};
use crate::state::State;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// Address from which a pod in Istio's ambient mode sees the kubelet. Source: Istio 1.30.
const AMBIENT_PROBE: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 7, 127));
const PROBES: [&str; 3] = ["startupProbe", "readinessProbe", "livenessProbe"];

/// Walks every probe of a pod from the kubelet. A pod without probes arrives too.
pub fn probes(state: &State, pod: &Arc<Value>) -> Walk {
    let mut walk = Walk::default();
    let outcome = all_probes(state, &mut walk, pod);
    walk.end(outcome)
}

fn all_probes(state: &State, walk: &mut Walk, pod: &Arc<Value>) -> Result<Answer, Stop> {
    let to = Party::pod(state, pod);
    let from = if to.is_ambient() {
        Party::world(AMBIENT_PROBE)
    } else {
        Party::node()
    };
    for container in read::items(pod, "/spec/containers")
        .iter()
        .chain(read::items(pod, "/spec/initContainers"))
    {
        for kind in PROBES {
            if let Some(port) = probe_port(&container[kind]) {
                one_probe(state, walk, &from, &to, container, kind, port)?;
            }
        }
    }
    Ok(Answer::Pod(ObjectRef::of(pod)))
}

fn probe_port(probe: &Value) -> Option<&Value> {
    ["httpGet", "tcpSocket", "grpc"]
        .iter()
        .find_map(|way| probe.get(way)?.get("port"))
}

fn one_probe(
    state: &State,
    walk: &mut Walk,
    from: &Party,
    to: &Party,
    container: &Value,
    kind: &str,
    port: &Value,
) -> Result<(), Stop> {
    let object = ObjectRef::new("Pod", &to.namespace, &to.name);
    let name = read::text(container, "/name");
    let number = match port {
        Value::String(word) => word
            .parse()
            .ok()
            .or_else(|| named_port(to, word, Protocol::Tcp)),
        number => number.as_u64().and_then(|n| u16::try_from(n).ok()),
    };
    let declared = to
        .pod
        .iter()
        .flat_map(|pod| container_ports(pod))
        .any(|p| p["containerPort"].as_u64() == number.map(u64::from));
    let Some(number) = number.filter(|_| declared) else {
        return Err(stop(
            object,
            format!("{kind} of {name} asks the port {port}, which no container declares"),
        ));
    };
    service::enter(
        state,
        walk,
        &Flow {
            from,
            to,
            port: number,
            protocol: Protocol::Tcp,
            host: None,
        },
    )?;
    walk.pass(object, format!("{kind} of {name} reaches {number}"));
    Ok(())
}

/// Walks every endpoint that a `ServiceMonitor` or `PodMonitor` selects, from the scraper.
pub fn scrape(state: &State, from: &Party, monitor: &Value) -> Walk {
    let mut walk = Walk::default();
    let outcome = if monitor["kind"] == "PodMonitor" {
        pods_of(state, &mut walk, from, monitor)
    } else {
        services_of(state, &mut walk, from, monitor)
    };
    walk.end(outcome)
}

/// Objects that a monitor selects, in the namespaces that it names.
fn selected(state: &State, kind: &str, monitor: &Value) -> Vec<Arc<Value>> {
    let names = read::items(monitor, "/spec/namespaceSelector/matchNames");
    let any = monitor["spec"]["namespaceSelector"]["any"] == true;
    let covers = |namespace: &str| match names {
        [] => any || namespace == read::namespace(monitor),
        names => any || names.iter().any(|name| name == namespace),
    };
    let takes = |object: &Arc<Value>| {
        covers(read::namespace(object))
            && selector::matches(
                &monitor["spec"]["selector"],
                &read::labels(object, "/metadata/labels"),
            )
    };
    state.list(kind).into_iter().filter(takes).collect()
}

fn services_of(
    state: &State,
    walk: &mut Walk,
    from: &Party,
    monitor: &Value,
) -> Result<Answer, Stop> {
    let object = ObjectRef::of(monitor);
    let services = selected(state, "Service", monitor);
    let mut answer = None;
    for service in &services {
        for endpoint in read::items(monitor, "/spec/endpoints") {
            let port = PortRef::Name(read::text(endpoint, "/port").to_owned());
            answer = Some(reach(
                state,
                walk,
                from,
                read::namespace(service),
                read::name(service),
                &port,
            )?);
        }
    }
    answer.ok_or_else(|| stop(object, "selects no Service"))
}

fn pods_of(state: &State, walk: &mut Walk, from: &Party, monitor: &Value) -> Result<Answer, Stop> {
    let object = ObjectRef::of(monitor);
    let mut answer = None;
    for pod in selected(state, "Pod", monitor) {
        let party = Party::pod(state, &pod);
        for endpoint in read::items(monitor, "/spec/podMetricsEndpoints") {
            let name = read::text(endpoint, "/port");
            let number = endpoint["portNumber"]
                .as_u64()
                .and_then(|n| u16::try_from(n).ok());
            let Some(port) = number.or_else(|| named_port(&party, name, Protocol::Tcp)) else {
                return Err(stop(
                    ObjectRef::of(&pod),
                    format!("has no port {name}, which {object} scrapes"),
                ));
            };
            service::deliver(state, walk, from, &pod, port, Protocol::Tcp)?;
            answer = Some(Answer::Pod(ObjectRef::of(&pod)));
        }
    }
    answer.ok_or_else(|| stop(object, "selects no pod"))
}
