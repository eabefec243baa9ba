//! What leads to pods leads to other ones only when those answer.
//!
//! Edges that follow from what is there: a route or a Service that exists, and a program that calls
//! another one, wait for pods that they have not led to before. A first release has no such edges:
//! nobody is served yet, and a program may want its own route before it is ready.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::graph::Graph;
use crate::observe::Observed;
use crate::pod_spec::{runs_replicas, template};
use crate::references::{items, text};
use crate::release::{Desired, ObjectKey, Release};

/// A Service by namespace and name.
type Backend = (String, String);

/// Adds the edges of everything that is there and switches.
pub(crate) fn hold_back(release: &Release, observed: &Observed, graph: &mut Graph) {
    for (node, desired) in release.objects.iter().enumerate() {
        let Some(live) = observed.get(&desired.key) else {
            continue;
        };
        let old = backends(&desired.key, &live.data);
        let new = backends(&desired.key, &desired.body);
        let mut awaited: Vec<usize> = new
            .difference(&old)
            .flat_map(|backend| behind(release, backend))
            .collect();
        awaited.extend(newly_selected(release, desired, &live.data));
        awaited.extend(newly_called(release, desired, observed));
        for workload in awaited {
            graph.wait_for_ready(node, workload);
        }
    }
}

/// The Services that a route leads to.
fn backends(key: &ObjectKey, body: &Value) -> BTreeSet<Backend> {
    let home = key.namespace.as_deref().unwrap_or_default();
    let mut found = BTreeSet::new();
    let mut add = |namespace: &str, name: &str| {
        if !name.is_empty() {
            let inside = if namespace.is_empty() {
                home
            } else {
                namespace
            };
            found.insert((inside.to_owned(), name.to_owned()));
        }
    };
    match (key.group(), key.kind.as_str()) {
        ("networking.k8s.io", "Ingress") => {
            add("", text(body, "/spec/defaultBackend/service/name"));
            for rule in items(body, "/spec/rules") {
                for path in items(rule, "/http/paths") {
                    add("", text(path, "/backend/service/name"));
                }
            }
        }
        ("gateway.networking.k8s.io", kind) if kind.ends_with("Route") => {
            for rule in items(body, "/spec/rules") {
                for backend in items(rule, "/backendRefs") {
                    add(text(backend, "/namespace"), text(backend, "/name"));
                }
            }
        }
        ("networking.istio.io", "VirtualService") => {
            let protocols = ["/spec/http", "/spec/tls", "/spec/tcp"];
            let routes = protocols.into_iter().flat_map(|list| items(body, list));
            for target in routes.flat_map(|route| items(route, "/route")) {
                // `name`, `name.namespace`, or the whole name with the domain of the cluster.
                let mut parts = text(target, "/destination/host").split('.');
                let name = parts.next().unwrap_or_default();
                add(parts.next().unwrap_or_default(), name);
            }
        }
        ("traefik.io", kind) if kind.starts_with("IngressRoute") => {
            for route in items(body, "/spec/routes") {
                for service in items(route, "/services") {
                    add(text(service, "/namespace"), text(service, "/name"));
                }
            }
        }
        _ => {}
    }
    found
}

/// The workloads whose pods a Service of the release selects.
fn behind(release: &Release, (namespace, name): &Backend) -> Vec<usize> {
    let is_it = |object: &&Desired| {
        let key = &object.key;
        let inside = key.namespace.as_deref() == Some(namespace);
        key.kind == "Service" && key.group().is_empty() && inside && key.name == *name
    };
    let service = release.objects.iter().find(is_it);
    let selector = service.and_then(|service| service.body.pointer("/spec/selector"));
    match selector.and_then(Value::as_object) {
        Some(selector) => selected(release, namespace, selector),
        None => Vec::new(),
    }
}

/// Workloads that a Service with another selector leads to. One without an address of its own names
/// pods for each other: they may need it before they are ready.
fn newly_selected(release: &Release, desired: &Desired, live: &Value) -> Vec<usize> {
    let key = &desired.key;
    let is_service = key.kind == "Service" && key.group().is_empty();
    if !is_service || text(&desired.body, "/spec/clusterIP") == "None" {
        return Vec::new();
    }
    let selector = |body: &Value| {
        let all = body.pointer("/spec/selector").and_then(Value::as_object);
        let mut all = all.cloned().unwrap_or_default();
        // Argo Rollouts adds it, and moves it by itself.
        all.remove("rollouts-pod-template-hash");
        all
    };
    let namespace = key.namespace.as_deref().unwrap_or_default();
    let (old, new) = (selector(live), selector(&desired.body));
    if old == new || new.is_empty() {
        return Vec::new();
    }
    let before = selected(release, namespace, &old);
    let mut after = selected(release, namespace, &new);
    after.retain(|workload| !before.contains(workload));
    after
}

/// Workloads that a program calls and that were not there before.
fn newly_called(release: &Release, desired: &Desired, observed: &Observed) -> Vec<usize> {
    let is_new = |called: &&ObjectKey| observed.get(called).is_none();
    let node = |called: &ObjectKey| release.objects.iter().position(|one| one.key == *called);
    let called = desired.calls.iter().filter(is_new);
    called.filter_map(node).collect()
}

/// Workloads in a namespace whose pods carry all these labels. A Rollout that divides the traffic of
/// a route is none: it waits for the route.
fn selected(release: &Release, namespace: &str, selector: &Map<String, Value>) -> Vec<usize> {
    let carries = |object: &Desired| {
        let labels = template(&object.key, &object.body)
            .and_then(|pod| pod.pointer("/metadata/labels"))
            .and_then(Value::as_object);
        labels.is_some_and(|labels| {
            selector
                .iter()
                .all(|(key, value)| labels.get(key) == Some(value))
        })
    };
    let divides = |object: &Desired| {
        let canary = "/spec/strategy/canary/trafficRouting";
        object.body.pointer(canary).is_some()
    };
    let objects = release.objects.iter().enumerate();
    objects
        .filter(|(_, object)| object.key.namespace.as_deref() == Some(namespace))
        .filter(|(_, object)| runs_replicas(&object.key) && carries(object) && !divides(object))
        .map(|(node, _)| node)
        .collect()
}
