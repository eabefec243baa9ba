//! Tests of models: what each makes, and what it says when something is missing.

mod autoscaling;
mod certificates;
mod postgres;
mod rollouts;
mod secrets;

use super::platform::{self, Component, PlatformError};
use super::testing::prepared;
use crate::controllers::testing::World;
use crate::state::State;
use serde_json::json;

#[test]
fn every_component_installs() {
    let components: Vec<_> = platform::names().map(Component::named).collect();
    let world = prepared(&components);
    assert!(
        world
            .state
            .get("gateway.networking.k8s.io/GatewayClass", "", "cilium")
            .is_some()
    );
    assert!(world.state.kinds().get("argoproj.io/Rollout").is_some());
}

#[test]
fn installing_twice_changes_nothing() {
    let components = [Component::named("envoy"), Component::named("cert-manager")];
    let mut state = State::new(1, 36);
    platform::install(&mut state, &components).expect("installs");
    let version = state.version();
    platform::install(&mut state, &components).expect("installs again");
    assert_eq!(state.version(), version);
}

#[test]
fn an_unknown_component_is_refused() {
    let refused = platform::install(&mut State::new(1, 36), &[Component::named("enovy")]);
    assert_eq!(refused, Err(PlatformError::Unknown("enovy".to_owned())));
}

#[test]
fn names_resolve_in_a_prepared_cluster() {
    let mut world = prepared(&[]);
    world.pass(60);
    let pods = world.state.list_in("Pod", "kube-system");
    let ready = pods
        .iter()
        .filter(|pod| crate::object::condition(pod, "Ready") == Some("True"));
    assert_eq!(ready.count(), 2, "both pods of CoreDNS");
}

#[test]
fn a_policy_of_a_gateway_is_accepted_once_its_target_is_there() {
    let mut world = prepared(&[Component::named("envoy")]);
    world.create(json!({
        "apiVersion": "gateway.envoyproxy.io/v1alpha1", "kind": "SecurityPolicy", "metadata": {"name": "p"},
        "spec": {"targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "main"}]},
    }));
    let told = |world: &World| {
        let policy = world.get("gateway.envoyproxy.io/SecurityPolicy", "p");
        policy["status"]["ancestors"][0]["conditions"][0]["reason"].clone()
    };
    assert_eq!(told(&world), "TargetNotFound");
    world.create(json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "main"}, "spec": {}}));
    assert_eq!(told(&world), "Accepted");
}

#[test]
fn components_that_others_talk_to_run() {
    let mut world = prepared(&[Component::named("prometheus"), Component::named("otel")]);
    world.pass(60);
    for (namespace, name) in [
        ("monitoring", "prometheus-operated"),
        ("telemetry", "opentelemetry-collector"),
    ] {
        let deployment = world
            .state
            .get("apps/Deployment", namespace, name)
            .expect("made");
        assert_eq!(deployment["status"]["readyReplicas"], 1, "{name}");
    }
}

#[test]
fn two_runs_of_the_same_cluster_are_equal_to_the_last_byte() {
    let run = || {
        let components: Vec<_> = platform::names().map(Component::named).collect();
        let mut world = prepared(&components);
        crate::models::testing::serve(&mut world, "web", 8080);
        world.create(json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "db"}, "spec": {"instances": 2, "storage": {"size": "1Gi"}}}));
        world.pass(600);
        let log = world.state.events_since(0);
        log.map(|entry| format!("{} {:?}", entry.version, entry.new))
            .collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}

#[test]
fn a_kind_is_traced_to_its_component() {
    assert_eq!(
        platform::bringing("cert-manager.io/Certificate"),
        Some("cert-manager")
    );
    assert_eq!(platform::bringing("apps/Deployment"), None);
    for kind in super::attended_kinds() {
        assert!(
            platform::bringing(kind).is_some(),
            "{kind} is attended and nobody brings it"
        );
    }
}
