//! Tests of walks: a shop that works, and each of its links taken away in turn.

mod ciliums;
mod connections;
mod policies;
mod routes;

use crate::controllers::testing::World;
pub(super) use crate::models::testing::{prepared, serve};
use crate::network::{Party, Walk};
use serde_json::{Value, json};

/// A policy of the namespace `app`.
pub(super) fn policy(world: &mut World, name: &str, spec: Value) {
    world.create(json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name}, "spec": spec,
    }));
}

pub(super) fn default_deny(world: &mut World) {
    policy(
        world,
        "default-deny",
        json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}),
    );
}

pub(super) fn named(name: &str) -> Value {
    json!({"matchLabels": {"app.kubernetes.io/name": name}})
}

/// Lets all pods of the namespace look names up.
pub(super) fn allow_dns(world: &mut World) {
    policy(
        world,
        "dns",
        json!({"podSelector": {}, "policyTypes": ["Egress"], "egress": [{
            "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}],
            "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
        }]}),
    );
}

/// Some pod with this name label.
pub(super) fn pod_of(world: &World, name: &str) -> Party {
    let pods = world.state.list_in("Pod", "app");
    let pod = pods
        .iter()
        .find(|pod| pod["metadata"]["labels"]["app.kubernetes.io/name"] == name);
    Party::pod(&world.state, pod.expect("the Deployment has pods"))
}

/// Where and why a walk stopped.
pub(super) fn stopped(walk: &Walk) -> String {
    let stop = walk
        .stopped
        .as_ref()
        .unwrap_or_else(|| panic!("it arrived: {walk:?}"));
    stop.to_string()
}
