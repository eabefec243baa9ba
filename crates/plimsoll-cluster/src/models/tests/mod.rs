//! Tests of models: what each makes, and what it says when something is missing.

mod autoscaling;
mod certificates;
mod postgres;
mod rollouts;
mod secrets;

use super::platform::{self, Component, PlatformError};
use super::testing::prepared;
use crate::state::State;

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
