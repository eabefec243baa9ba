//! Tests of walks: a shop that works, and each of its links taken away in turn.

mod ciliums;
mod connections;
mod policies;
mod routes;

use crate::controllers::runner::Runner;
use crate::controllers::testing::World;
use crate::faults::Faults;
use crate::models::{self, platform};
use crate::network::{Party, Walk};
use crate::node::facts::Facts;
use crate::node::machines::Machines;
use crate::state::State;
use platform::Component;
use serde_json::{Value, json};

/// A prepared cluster with all controllers and models.
pub(super) fn prepared(components: &[Component]) -> World {
    let mut state = State::new(1, 36);
    platform::install(&mut state, components).expect("the platform installs");
    Machines::default().install(&mut state);
    let mut controllers = crate::controllers::standard(Facts::default(), Faults::default());
    controllers.extend(models::all());
    let mut world = World { state, runner: Runner::new(controllers) };
    world.create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "app"}}));
    world
}

/// A Deployment and a Service of one name.
pub(super) fn serve(world: &mut World, name: &str, port: u16) {
    let labels = json!({"app.kubernetes.io/name": name});
    world.create(json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": {
            "containers": [{"name": name, "image": "example/shop:1", "ports": [{"name": "http", "containerPort": port}]}],
        }}},
    }));
    world.create(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
    }));
}

/// A policy of the namespace `app`.
pub(super) fn policy(world: &mut World, name: &str, spec: Value) {
    world.create(json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name}, "spec": spec,
    }));
}

pub(super) fn default_deny(world: &mut World) {
    policy(world, "default-deny", json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}));
}

pub(super) fn named(name: &str) -> Value {
    json!({"matchLabels": {"app.kubernetes.io/name": name}})
}

/// Lets all pods of the namespace look names up.
pub(super) fn allow_dns(world: &mut World) {
    policy(world, "dns", json!({"podSelector": {}, "policyTypes": ["Egress"], "egress": [{
        "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}],
        "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
    }]}));
}

/// Some pod with this name label.
pub(super) fn pod_of(world: &World, name: &str) -> Party {
    let pods = world.state.list_in("Pod", "app");
    let pod = pods.iter().find(|pod| pod["metadata"]["labels"]["app.kubernetes.io/name"] == name);
    Party::pod(&world.state, pod.expect("the Deployment has pods"))
}

/// Where and why a walk stopped.
pub(super) fn stopped(walk: &Walk) -> String {
    let stop = walk.stopped.as_ref().unwrap_or_else(|| panic!("it arrived: {walk:?}"));
    stop.to_string()
}
