//! The words of NetworkPolicy, one by one.

use super::{policy, prepared};
use crate::controllers::testing::World;
use crate::network::{Flow, Party, Protocol, Verdict, egress, ingress};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

struct Scene {
    world: World,
    pod: Party,
}

/// A pod `app=web` that listens on `http` 8080.
fn scene(spec: Value) -> Scene {
    let mut world = prepared(&[]);
    policy(&mut world, "p", spec);
    let pod = Arc::new(
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "app", "name": "web", "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "ports": [{"name": "http", "containerPort": 8080}]}]}, "status": {"podIP": "10.1.0.9"}}),
    );
    let pod = Party::pod(&world.state, &pod);
    Scene { world, pod }
}

impl Scene {
    fn lets_in(&self, from: &Party, port: u16) -> bool {
        let flow = Flow {
            from,
            to: &self.pod,
            port,
            protocol: Protocol::Tcp,
            host: None,
        };
        !matches!(ingress(&self.world.state, &flow), Verdict::Denied(_))
    }

    fn lets_out(&self, to: &Party, port: u16) -> bool {
        let flow = Flow {
            from: &self.pod,
            to,
            port,
            protocol: Protocol::Tcp,
            host: None,
        };
        !matches!(egress(&self.world.state, &flow), Verdict::Denied(_))
    }

    fn peer(&self, namespace: &str, app: &str) -> Party {
        Party::workload(
            &self.world.state,
            namespace,
            BTreeMap::from([("app".to_owned(), app.to_owned())]),
        )
    }
}

fn world_at(address: &str) -> Party {
    Party::world(address.parse().expect("an address"))
}

#[test]
fn a_pod_that_no_policy_selects_is_open() {
    let scene =
        scene(json!({"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"]}));
    assert!(scene.lets_in(&scene.peer("other", "x"), 8080));
}

#[test]
fn a_policy_without_types_is_for_ingress_and_for_egress_if_it_has_such_rules() {
    let bare = scene(json!({"podSelector": {}}));
    assert!(!bare.lets_in(&bare.peer("app", "x"), 8080));
    assert!(bare.lets_out(&bare.peer("app", "x"), 80));
    let both = scene(
        json!({"podSelector": {}, "egress": [{"to": [{"podSelector": {"matchLabels": {"app": "db"}}}]}]}),
    );
    assert!(both.lets_out(&both.peer("app", "db"), 80));
    assert!(!both.lets_out(&both.peer("app", "x"), 80));
}

#[test]
fn a_pod_selector_alone_means_the_policys_own_namespace() {
    let scene = scene(
        json!({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]}),
    );
    assert!(scene.lets_in(&scene.peer("app", "x"), 8080));
    assert!(!scene.lets_in(&scene.peer("other", "x"), 8080));
}

#[test]
fn both_selectors_in_one_peer_must_hold_and_two_peers_are_alternatives() {
    let namespaces = json!({"matchLabels": {"kubernetes.io/metadata.name": "other"}});
    let pods = json!({"matchLabels": {"app": "a"}});
    let one = scene(
        json!({"podSelector": {}, "ingress": [{"from": [{"namespaceSelector": namespaces, "podSelector": pods}]}]}),
    );
    assert!(one.lets_in(&one.peer("other", "a"), 8080));
    assert!(!one.lets_in(&one.peer("other", "b"), 8080));
    assert!(!one.lets_in(&one.peer("app", "a"), 8080));
    let two = scene(
        json!({"podSelector": {}, "ingress": [{"from": [{"namespaceSelector": namespaces}, {"podSelector": pods}]}]}),
    );
    assert!(two.lets_in(&two.peer("other", "b"), 8080));
    assert!(two.lets_in(&two.peer("app", "a"), 8080));
    assert!(!two.lets_in(&two.peer("app", "b"), 8080));
}

#[test]
fn an_empty_rule_lets_everything_in_and_no_rule_nothing() {
    let all = scene(json!({"podSelector": {}, "ingress": [{}]}));
    assert!(all.lets_in(&world_at("203.0.113.1"), 1));
    let none = scene(json!({"podSelector": {}, "ingress": []}));
    assert!(!none.lets_in(&world_at("203.0.113.1"), 1));
}

#[test]
fn a_block_holds_its_addresses_but_for_the_exceptions() {
    let scene = scene(
        json!({"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "203.0.113.0/24", "except": ["203.0.113.128/25"]}}]}]}),
    );
    assert!(scene.lets_in(&world_at("203.0.113.1"), 8080));
    assert!(!scene.lets_in(&world_at("203.0.113.200"), 8080));
    assert!(!scene.lets_in(&world_at("198.51.100.1"), 8080));
}

#[test]
fn ports_are_numbers_ranges_or_names_of_the_callee() {
    let scene = scene(
        json!({"podSelector": {}, "ingress": [{"ports": [{"port": "http"}, {"port": 9000, "endPort": 9010}, {"protocol": "UDP"}]}]}),
    );
    let peer = scene.peer("app", "x");
    assert!(scene.lets_in(&peer, 8080));
    assert!(scene.lets_in(&peer, 9010));
    assert!(!scene.lets_in(&peer, 9011));
    assert!(!scene.lets_in(&peer, 53), "the open protocol is UDP");
}

#[test]
fn the_node_is_always_let_in() {
    let scene = scene(json!({"podSelector": {}, "policyTypes": ["Ingress"]}));
    assert!(scene.lets_in(&Party::node(), 8080));
}

#[test]
fn policies_add_up() {
    let mut scene = scene(json!({"podSelector": {}, "policyTypes": ["Ingress"]}));
    policy(
        &mut scene.world,
        "q",
        json!({"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [{"from": [{"podSelector": {}}]}]}),
    );
    assert!(scene.lets_in(&scene.peer("app", "x"), 8080));
}
