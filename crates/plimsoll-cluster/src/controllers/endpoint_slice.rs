//! `EndpointSlices`: the addresses behind each Service that selects pods.
//! Follows `pkg/controller/endpointslice`, Kubernetes 1.37; one slice per Service and set of ports.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::label_index::{LabelIndex, SelectorIndex};
use super::{Controller, Key, MANAGER, NOBODY, Outcome, owner_reference, pods, read, selector};
use crate::object;
use crate::state::{DeleteOptions, State};
use crate::store::LogEntry;

const KIND: &str = "discovery.k8s.io/EndpointSlice";
const SOURCE: &str = "endpointslice-controller.k8s.io";
const SERVICE_LABEL: &str = "kubernetes.io/service-name";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";

/// The EndpointSlice controller.
#[derive(Debug, Default)]
pub struct EndpointSlices {
    pods: LabelIndex,
    services: SelectorIndex,
}

impl Controller for EndpointSlices {
    fn name(&self) -> &'static str {
        SOURCE
    }

    fn interested(&mut self, entry: &LogEntry, state: &State) -> Vec<Key> {
        match &*entry.kind {
            "Service" => {
                self.services.observe(entry, "/spec/selector");
                vec![Key::new(&entry.namespace, &entry.name)]
            }
            "Pod" => {
                self.pods.observe(entry);
                self.services_of(entry, state)
            }
            KIND => {
                let name = object::label(entry.object(), SERVICE_LABEL);
                name.map(|name| Key::new(&entry.namespace, name))
                    .into_iter()
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(service) = state.get("Service", &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        let chosen = &service["spec"]["selector"];
        if object::is_terminating(&service)
            || read::text(&service, "/spec/type") == "ExternalName"
            || chosen.as_object().is_none_or(serde_json::Map::is_empty)
        {
            return Outcome::Done;
        }
        let wanted = json!({"matchLabels": chosen});
        let pods = self.pods.select(state, &key.namespace, &wanted);
        write(state, &service, groups(state, &service, &pods));
        Outcome::Done
    }
}

impl EndpointSlices {
    fn services_of(&self, entry: &LogEntry, state: &State) -> Vec<Key> {
        if !matters(entry) {
            return Vec::new();
        }
        let mut keys = BTreeSet::new();
        for pod in entry.old.iter().chain(&entry.new) {
            let labels = &pod["metadata"]["labels"];
            for name in self.services.candidates(&entry.namespace, labels) {
                let service = state.get("Service", &entry.namespace, name);
                if service
                    .is_some_and(|one| selector::matches_all(&one["spec"]["selector"], labels))
                {
                    keys.insert(Key::new(&entry.namespace, name));
                }
            }
        }
        keys.into_iter().collect()
    }
}

/// Whether a change of a pod can change a slice.
fn matters(entry: &LogEntry) -> bool {
    let same = |old: &Value, new: &Value| {
        old["metadata"]["labels"] == new["metadata"]["labels"]
            && old["status"]["podIP"] == new["status"]["podIP"]
            && object::is_terminating(old) == object::is_terminating(new)
            && pods::is_ready(old) == pods::is_ready(new)
            && pods::is_over(old) == pods::is_over(new)
    };
    match (&entry.old, &entry.new) {
        (Some(old), Some(new)) => !same(old, new),
        (Some(one), None) | (None, Some(one)) => one["status"]["podIP"].is_string(),
        (None, None) => false,
    }
}

/// Endpoints by the ports that their pods resolve to; a named port may differ between pods.
fn groups(state: &State, service: &Value, pods: &[Arc<Value>]) -> Vec<(Value, Vec<Value>)> {
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    let publish = read::flag(service, "/spec/publishNotReadyAddresses");
    for pod in pods.iter().filter(|pod| !pods::is_over(pod)) {
        if read::text(pod, "/status/podIP").is_empty() {
            continue;
        }
        let ports = ports(service, pod);
        let endpoint = endpoint(state, service, pod, publish);
        match groups.iter_mut().find(|(known, _)| *known == ports) {
            Some((_, endpoints)) => endpoints.push(endpoint),
            None => groups.push((ports, vec![endpoint])),
        }
    }
    if groups.is_empty() {
        groups.push((json!(null), Vec::new()));
    }
    groups
}

fn ports(service: &Value, pod: &Value) -> Value {
    let listed = read::items(service, "/spec/ports").iter();
    let ports = listed.filter_map(|port| {
        let number = target(port, pod)?;
        let protocol = port["protocol"].as_str().unwrap_or("TCP");
        let name = port["name"].as_str().unwrap_or_default();
        let mut written = json!({"name": name, "port": number, "protocol": protocol});
        if let Some(application) = port["appProtocol"].as_str() {
            written["appProtocol"] = json!(application);
        }
        Some(written)
    });
    Value::Array(ports.collect())
}

/// The number of a Service port on a pod; a name is looked up in the pod's containers.
fn target(port: &Value, pod: &Value) -> Option<i64> {
    match &port["targetPort"] {
        Value::String(name) => named_port(pod, name, port["protocol"].as_str().unwrap_or("TCP")),
        Value::Number(number) if number.as_i64() != Some(0) => number.as_i64(),
        _ => port["port"].as_i64(),
    }
}

fn named_port(pod: &Value, name: &str, protocol: &str) -> Option<i64> {
    let sidecars = read::items(pod, "/spec/initContainers").iter();
    let sidecars = sidecars.filter(|one| one["restartPolicy"] == "Always");
    let all = read::items(pod, "/spec/containers").iter().chain(sidecars);
    let mut ports = all.flat_map(|container| read::items(container, "/ports"));
    let fits = |port: &&Value| {
        port["name"] == name && port["protocol"].as_str().unwrap_or("TCP") == protocol
    };
    ports.find(fits)?["containerPort"].as_i64()
}

fn endpoint(state: &State, service: &Value, pod: &Value, publish: bool) -> Value {
    let terminating = object::is_terminating(pod);
    let serving = pods::is_ready(pod);
    let ready = publish || (serving && !terminating);
    let mut endpoint = json!({
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": ready, "serving": serving || publish, "terminating": terminating},
        "nodeName": pod["spec"]["nodeName"],
        "targetRef": {
            "kind": "Pod",
            "namespace": pod["metadata"]["namespace"],
            "name": pod["metadata"]["name"],
            "uid": pod["metadata"]["uid"],
        },
    });
    if let Some(zone) = state
        .get("Node", "", read::text(pod, "/spec/nodeName"))
        .and_then(|node| object::label(&node, "topology.kubernetes.io/zone").map(str::to_owned))
    {
        endpoint["zone"] = json!(zone);
    }
    let host = read::text(pod, "/spec/hostname");
    if !host.is_empty() && pod["spec"]["subdomain"] == service["metadata"]["name"] {
        endpoint["hostname"] = json!(host);
    }
    endpoint
}

fn write(state: &mut State, service: &Value, groups: Vec<(Value, Vec<Value>)>) {
    let namespace = object::namespace(service);
    let mut spare: Vec<Arc<Value>> = state.owned_by(object::uid(service));
    spare.retain(|one| one["kind"] == "EndpointSlice" && !object::is_terminating(one));
    for (ports, endpoints) in groups {
        let same = spare
            .iter()
            .position(|slice| slice["ports"] == ports)
            .or(if spare.is_empty() { None } else { Some(0) });
        match same {
            Some(at) => update(state, &spare.remove(at), service, ports, endpoints),
            None => create(state, service, &ports, &endpoints),
        }
    }
    for slice in spare {
        let gone = state.delete(
            KIND,
            namespace,
            object::name(&slice),
            &DeleteOptions::default(),
        );
        debug_assert!(gone.is_ok(), "an owned slice can be deleted");
    }
}

fn update(state: &mut State, slice: &Value, service: &Value, ports: Value, endpoints: Vec<Value>) {
    let mut changed = slice.clone();
    changed["ports"] = ports;
    changed["endpoints"] = Value::Array(endpoints);
    changed["metadata"]["labels"] = labels(service);
    if changed != *slice {
        let written = state.update(MANAGER, changed);
        debug_assert!(
            written.is_ok(),
            "a slice that we made is valid: {written:?}"
        );
    }
}

fn create(state: &mut State, service: &Value, ports: &Value, endpoints: &[Value]) {
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": format!("{}-", object::name(service)),
            "namespace": service["metadata"]["namespace"],
            "labels": labels(service),
            "ownerReferences": [owner_reference(service)],
        },
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": ports,
    });
    // Refused only while the namespace is being deleted; then nobody needs the slice.
    drop(state.create(NOBODY, slice));
}

fn labels(service: &Value) -> Value {
    let mut labels = match &service["metadata"]["labels"] {
        Value::Object(labels) => Value::Object(labels.clone()),
        _ => json!({}),
    };
    labels[SERVICE_LABEL] = service["metadata"]["name"].clone();
    labels[MANAGED_BY] = json!("endpointslice-controller.k8s.io");
    if read::text(service, "/spec/clusterIP") == "None" {
        labels["service.kubernetes.io/headless"] = json!("");
    }
    labels
}
