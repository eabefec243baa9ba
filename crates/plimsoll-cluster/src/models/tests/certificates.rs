//! cert-manager.

use crate::controllers::testing::World;
use crate::models::platform::Component;
use crate::models::testing::{condition, prepared};
use serde_json::{Value, json};

const CERTIFICATE: &str = "cert-manager.io/Certificate";

fn world() -> World {
    prepared(&[Component {
        issuers: vec!["letsencrypt".to_owned()],
        ..Component::named("cert-manager")
    }])
}

fn certificate(issuer: &str) -> Value {
    json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": {"name": "web"},
        "spec": {"secretName": "web-tls", "dnsNames": ["a.example"], "issuerRef": {"kind": "ClusterIssuer", "name": issuer}},
    })
}

#[test]
fn a_certificate_gets_its_secret() {
    let mut world = world();
    world.create(certificate("letsencrypt"));
    world.pass(60);
    let secret = world.get("Secret", "web-tls");
    assert_eq!(secret["type"], "kubernetes.io/tls");
    let keys: Vec<_> = secret["data"]
        .as_object()
        .expect("data")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(keys, ["tls.crt", "tls.key", "ca.crt"]);
    assert_eq!(
        condition(&world.get(CERTIFICATE, "web"), "Ready"),
        "True Ready Certificate is up to date and has not expired"
    );
}

#[test]
fn without_its_issuer_a_certificate_waits_and_says_so() {
    let mut world = world();
    world.create(certificate("letsencript"));
    world.pass(60);
    assert_eq!(
        condition(&world.get(CERTIFICATE, "web"), "Ready"),
        "False DoesNotExist Referenced \"ClusterIssuer\" not found: letsencript"
    );
    assert!(world.state.get("Secret", "app", "web-tls").is_none());
}

#[test]
fn a_deleted_secret_is_issued_anew() {
    let mut world = world();
    world.create(certificate("self-signed"));
    world.pass(30);
    world.delete("Secret", "web-tls");
    world.pass(30);
    assert!(world.state.get("Secret", "app", "web-tls").is_some());
}

#[test]
fn an_annotated_ingress_gets_a_certificate_for_its_hosts() {
    let mut world = world();
    world.create(json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "main", "annotations": {"cert-manager.io/cluster-issuer": "letsencrypt"}},
        "spec": {"tls": [{"hosts": ["b.example", "a.example"], "secretName": "main-tls"}], "defaultBackend": {"service": {"name": "x", "port": {"number": 80}}}},
    }));
    world.pass(60);
    assert_eq!(
        world.get(CERTIFICATE, "main-tls")["spec"]["dnsNames"],
        json!(["a.example", "b.example"])
    );
    assert!(world.state.get("Secret", "app", "main-tls").is_some());
}
