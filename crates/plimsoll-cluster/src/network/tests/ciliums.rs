//! Cilium's policies: entities, FQDNs, deny rules, and what address ranges do not mean there.

use super::{default_deny, pod_of, prepared, serve, stopped};
use crate::controllers::testing::World;
use crate::models::platform::Component;
use crate::network::{Request, Target, connection, route};
use serde_json::{Value, json};

const HOST: &str = "shop.example";

fn cilium_policy(world: &mut World, name: &str, spec: Value) {
    world.create(json!({"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"name": name}, "spec": spec}));
}

/// A shop behind Cilium's own gateway, under default deny.
fn shop() -> World {
    let mut world = prepared(&[Component::named("cilium"), Component::named("cert-manager")]);
    default_deny(&mut world);
    serve(&mut world, "web", 8080);
    world.create(json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": {"name": "shop", "annotations": {"cert-manager.io/cluster-issuer": "self-signed"}},
        "spec": {"gatewayClassName": "cilium", "listeners": [
            {"name": "https", "port": 443, "protocol": "HTTPS", "hostname": HOST, "tls": {"certificateRefs": [{"name": "shop-tls"}]}},
        ]},
    }));
    world.create(json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "main"},
        "spec": {"parentRefs": [{"name": "shop"}], "hostnames": [HOST], "rules": [{"backendRefs": [{"name": "web", "port": 80}]}]},
    }));
    world.pass(120);
    world
}

#[test]
fn ciliums_gateway_is_the_ingress_entity_and_no_namespace() {
    let mut world = shop();
    let ask = |world: &World| route(&world.state, &Request::get(HOST, "/"));
    assert!(
        stopped(&ask(&world))
            .starts_with("NetworkPolicy app/default-deny: does not let the gateway of the nodes")
    );
    cilium_policy(
        &mut world,
        "gateway",
        json!({"endpointSelector": {}, "ingress": [
            {"fromEntities": ["ingress"], "toPorts": [{"ports": [{"port": "8080", "protocol": "TCP"}]}]},
        ]}),
    );
    assert!(ask(&world).arrived(), "{:?}", ask(&world));
}

fn out(world: &World, host: &str) -> bool {
    connection(
        &world.state,
        &pod_of(world, "web"),
        &Target::Host {
            name: host.to_owned(),
            port: 443,
        },
    )
    .arrived()
}

fn allow_dns(world: &mut World, rules: Value) {
    cilium_policy(
        world,
        "dns",
        json!({"endpointSelector": {}, "egress": [{
            "toEndpoints": [{"matchLabels": {"k8s:io.kubernetes.pod.namespace": "kube-system", "k8s-app": "kube-dns"}}],
            "toPorts": [{"ports": [{"port": "53", "protocol": "ANY"}], "rules": rules}],
        }]}),
    );
}

#[test]
fn a_host_is_allowed_by_name_if_dns_is_watched() {
    let mut world = shop();
    cilium_policy(
        &mut world,
        "outside",
        json!({"endpointSelector": {}, "egress": [
            {"toFQDNs": [{"matchName": "api.example.org"}, {"matchPattern": "*.cdn.example"}], "toPorts": [{"ports": [{"port": "443"}]}]},
        ]}),
    );
    allow_dns(&mut world, json!({}));
    assert!(
        !out(&world, "api.example.org"),
        "no rule lets Cilium learn the address"
    );
    world.delete("cilium.io/CiliumNetworkPolicy", "dns");
    allow_dns(&mut world, json!({"dns": [{"matchPattern": "*"}]}));
    assert!(out(&world, "api.example.org"));
    assert!(out(&world, "a.cdn.example"));
    assert!(!out(&world, "a.b.cdn.example"));
    assert!(!out(&world, "other.example.org"));
}

#[test]
fn the_api_server_is_an_entity_and_no_address_range() {
    let mut world = shop();
    allow_dns(&mut world, json!({}));
    let ask = |world: &World| {
        connection(&world.state, &pod_of(world, "web"), &Target::ApiServer).arrived()
    };
    cilium_policy(
        &mut world,
        "range",
        json!({"endpointSelector": {}, "egress": [{"toCIDR": ["0.0.0.0/0"]}]}),
    );
    assert!(!ask(&world));
    cilium_policy(
        &mut world,
        "entity",
        json!({"endpointSelector": {}, "egress": [{"toEntities": ["kube-apiserver"]}]}),
    );
    assert!(ask(&world));
}

#[test]
fn a_deny_rule_wins() {
    let mut world = shop();
    allow_dns(&mut world, json!({"dns": [{"matchPattern": "*"}]}));
    cilium_policy(
        &mut world,
        "world",
        json!({"endpointSelector": {}, "egress": [{"toEntities": ["world"]}]}),
    );
    assert!(out(&world, "api.example.org"));
    cilium_policy(
        &mut world,
        "no-world",
        json!({"endpointSelector": {}, "egressDeny": [{"toEntities": ["world"]}]}),
    );
    assert!(!out(&world, "api.example.org"));
}

#[test]
fn a_selector_that_names_no_namespace_means_the_policys_own() {
    let mut world = shop();
    cilium_policy(
        &mut world,
        "own",
        json!({"endpointSelector": {}, "egress": [{"toEndpoints": [{}]}]}),
    );
    let dns = crate::network::dns(&world.state, &pod_of(&world, "web"));
    assert!(stopped(&dns).contains("to pod kube-system/coredns-"));
}
