//! The order of small releases.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::release::{Desired, Role, Rollback};

fn object(body: Value) -> Desired {
    let part = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
    let key = ObjectKey::new(
        part("/apiVersion").expect("apiVersion"),
        part("/kind").expect("kind"),
        part("/metadata/namespace"),
        part("/metadata/name").expect("name"),
    );
    Desired {
        key,
        body,
        after: Vec::new(),
        exists_after: Vec::new(),
        calls: Vec::new(),
        protected: false,
        keeps_claims: false,
        role: Role::Plain,
        place: None,
        unit: String::new(),
    }
}

fn release(objects: Vec<Desired>) -> Release {
    Release {
        application: "shop".into(),
        environment: "dev".into(),
        namespace: "shop".into(),
        objects,
        secrets: Vec::new(),
        deadline: Duration::from_mins(15),
        rollback: Rollback::Never,
        revisions: std::collections::BTreeMap::new(),
    }
}

fn deployment(name: &str, spec: &Value) -> Desired {
    object(json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": name, "namespace": "shop" },
        "spec": { "template": { "metadata": { "labels": { "app": name } }, "spec": spec } },
    }))
}

fn plain(kind: &str, name: &str) -> Desired {
    object(
        json!({ "apiVersion": "v1", "kind": kind, "metadata": { "name": name, "namespace": "shop" } }),
    )
}

fn names_before(graph: &Graph, node: usize) -> Vec<String> {
    graph
        .before(node)
        .iter()
        .map(|edge| graph.key(edge.before).to_string())
        .collect()
}

#[test]
fn a_pod_comes_after_everything_that_it_names() {
    let spec = json!({
        "serviceAccountName": "api",
        "imagePullSecrets": [{ "name": "pull" }],
        "containers": [{
            "env": [{ "name": "A", "valueFrom": { "secretKeyRef": { "name": "one", "key": "a" } } }],
            "envFrom": [{ "configMapRef": { "name": "config" } }],
        }],
        "volumes": [{ "persistentVolumeClaim": { "claimName": "files" } }],
    });
    let graph = Graph::build(&release(vec![
        deployment("api", &spec),
        plain("ServiceAccount", "api"),
        plain("Secret", "pull"),
        plain("Secret", "one"),
        plain("ConfigMap", "config"),
        plain("PersistentVolumeClaim", "files"),
        plain("ConfigMap", "of-nobody"),
        object(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop" } })),
    ]))
    .expect("an order");
    let before = names_before(&graph, 0);
    assert_eq!(
        before,
        [
            "ServiceAccount/api",
            "Secret/pull",
            "Secret/one",
            "ConfigMap/config",
            "PersistentVolumeClaim/files",
            "Namespace/shop"
        ]
    );
    assert_eq!((graph.wave(7), graph.wave(1), graph.wave(0)), (1, 2, 3));
}

/// Holds S7, V4.
#[test]
fn policies_come_before_the_pods_that_they_select_and_no_others() {
    let policy = |name: &str, selector: Value| {
        object(json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": { "name": name, "namespace": "shop" },
            "spec": { "podSelector": selector },
        }))
    };
    let graph = Graph::build(&release(vec![
        deployment("api", &json!({})),
        policy("default-deny", json!({})),
        policy("api", json!({ "matchLabels": { "app": "api" } })),
        policy("web", json!({ "matchLabels": { "app": "web" } })),
    ]))
    .expect("an order");
    assert_eq!(
        names_before(&graph, 0),
        ["NetworkPolicy/default-deny", "NetworkPolicy/api"]
    );
}

#[test]
fn a_custom_resource_waits_until_its_definition_is_ready() {
    let graph = Graph::build(&release(vec![
        object(json!({ "apiVersion": "example.org/v1", "kind": "Lamp", "metadata": { "name": "l", "namespace": "shop" } })),
        object(json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": { "name": "lamps.example.org" },
            "spec": { "group": "example.org", "names": { "kind": "Lamp" } },
        })),
    ]))
    .expect("an order");
    assert_eq!(
        graph.before(0),
        [Edge {
            before: 1,
            need: Need::Ready
        }]
    );
}

#[test]
fn pods_wait_for_what_makes_their_secret() {
    let spec =
        json!({ "containers": [{ "envFrom": [{ "secretRef": { "name": "api-secrets" } }] }] });
    let graph = Graph::build(&release(vec![
        deployment("api", &spec),
        object(json!({
            "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
            "metadata": { "name": "api", "namespace": "shop" },
            "spec": { "target": { "name": "api-secrets" } },
        })),
    ]))
    .expect("an order");
    assert_eq!(
        graph.before(0),
        [Edge {
            before: 1,
            need: Need::Ready
        }]
    );
}

#[test]
fn a_ring_is_named_whole() {
    let mut first = plain("ConfigMap", "a");
    let mut second = plain("ConfigMap", "b");
    let mut third = plain("ConfigMap", "c");
    first.after = vec![second.key.clone()];
    second.after = vec![third.key.clone()];
    third.exists_after = vec![first.key.clone()];
    let error = Graph::build(&release(vec![
        plain("ConfigMap", "free"),
        first,
        second,
        third,
    ]));
    assert_eq!(
        error.expect_err("no order").to_string(),
        "these wait for each other: ConfigMap/a → ConfigMap/b → ConfigMap/c → ConfigMap/a"
    );
}

#[test]
fn waiting_for_what_is_not_shipped_is_an_error() {
    let mut first = plain("ConfigMap", "a");
    first.after = vec![ObjectKey::new("batch/v1", "Job", Some("shop"), "migrate")];
    let error = Graph::build(&release(vec![first])).expect_err("no order");
    assert_eq!(
        error.to_string(),
        "ConfigMap/a waits for Job/migrate, which is not part of the release"
    );
}

#[test]
fn what_a_store_refers_to_is_held_with_it() {
    let mut store = deployment("db", &json!({ "serviceAccountName": "db" }));
    store.after = vec![ObjectKey::new("v1", "ConfigMap", Some("shop"), "step")];
    let graph = Graph::build(&release(vec![
        store,
        plain("ServiceAccount", "db"),
        plain("ConfigMap", "step"),
        plain("ServiceAccount", "api"),
    ]))
    .expect("an order");
    assert_eq!(graph.held_by(0), BTreeSet::from([0, 1]));
}
