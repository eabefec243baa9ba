//! Addresses on parsed objects: ports of sidecars, and buckets of our own.

use crate::stores::tests::{assert_valid, container, made, variable};
use serde_json::{Value, json};

const SIDECAR: &str = "
services:
  web:
    ports: 3000
    sidecars: { p: { image: docker.io/library/nginx:1.27, ports: { static: { port: 8081, at: 81 } } } }
  v:
    uses: [{ web: { ports: static } }]
    env: { S: \"http://${web.host}:${web.ports.static}\" }
    size: { memory: 64Mi }
routes: { main: { hosts: x.example.org, paths: { /: \"web:static\" } } }
";

/// Ports in every rule of one side of a policy, with what they belong to.
fn opened(policy: &Value, side: &str) -> Vec<Value> {
    let rules = policy["spec"][side].as_array().expect("rules");
    let ports = rules.iter().filter_map(|rule| rule["ports"].as_array());
    ports.flatten().map(|port| port["port"].clone()).collect()
}

#[test]
fn the_port_of_a_sidecar_is_found_by_routes_edges_and_addresses() {
    assert_valid(SIDECAR);
    let made = made(SIDECAR);
    let route = made.object("HTTPRoute/main");
    assert_eq!(
        route["spec"]["rules"][0]["backendRefs"],
        json!([{ "name": "web", "port": 81 }])
    );
    let deployment = made.object("Deployment/v");
    let s = variable(container(&deployment, "v"), "S");
    assert_eq!(s["value"], "http://web:81");
    // Policies are of pods: the container's number, for the gateway and for who uses it.
    let into = opened(&made.object("NetworkPolicy/web"), "ingress");
    assert_eq!(into, [json!(8081), json!(8081)], "both come to the sidecar");
    let out = opened(&made.object("NetworkPolicy/v"), "egress");
    assert!(
        out.contains(&json!(8081)) && !out.contains(&json!(3000)),
        "{out:?}"
    );
}

#[test]
fn a_bucket_of_our_own_has_an_endpoint_and_a_region() {
    let text = "
services: { web: { uses: [files], env: { E: \"${files.endpoint}\", R: \"${files.region}\" } } }
stores: { files: { engine: s3, backup: none } }
";
    let deployment = made(text).object("Deployment/web");
    let web = container(&deployment, "web");
    assert_eq!(variable(web, "E")["value"], "http://files:8333");
    assert_eq!(variable(web, "R")["value"], "us-east-1");
}
