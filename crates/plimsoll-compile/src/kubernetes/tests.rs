//! What raw parts make of an application, on parsed objects.

use crate::stores::tests::{Made, assert_valid, made};
use serde_json::json;

fn patched(patches: &str) -> Made {
    let text = format!(
        "
services: {{ api: {{ image: api, ports: 80, scale: 2..5, env: {{ A: one, B: two }} }} }}
kubernetes: {{ patches: {patches} }}
"
    );
    made(&text)
}

fn codes(made: &Made) -> Vec<&'static str> {
    let sorted = made.compiled.findings.sorted().into_iter();
    let raw = sorted.filter(|finding| finding.rule.code.starts_with("PL041"));
    raw.map(|finding| finding.rule.code).collect()
}

/// Holds T4.
#[test]
fn a_merge_changes_items_by_their_names() {
    let made = patched(
        "[{ object: Deployment/api, merge: { spec: { minReadySeconds: 7, template: { spec: { hostNetwork: false,
            containers: [{ name: api, tty: true, env: [{ name: B, value: other }, { name: C, value: new }] }, { name: more, image: x }] } } } } }]",
    );
    let deployment = made.object("Deployment/api");
    assert_eq!(deployment["spec"]["minReadySeconds"], 7);
    let containers = deployment["spec"]["template"]["spec"]["containers"].as_array();
    let containers = containers.expect("containers");
    assert_eq!(
        (containers.len(), &containers[1]["name"]),
        (2, &json!("more"))
    );
    assert_eq!(containers[0]["tty"], true);
    assert!(
        containers[0]["image"]
            .as_str()
            .expect("an image")
            .contains("api")
    );
    let value = |name: &str| {
        let env = containers[0]["env"].as_array().expect("variables");
        env.iter()
            .find(|one| one["name"] == name)
            .map(|one| one["value"].clone())
    };
    let values = ["A", "B", "C"].map(|name| value(name).expect("a value"));
    assert_eq!(values, [json!("one"), json!("other"), json!("new")]);
}

#[test]
fn directives_and_nothing_take_away() {
    let made = patched(
        "[{ object: Deployment/api, merge: { spec: { strategy: null, template: { spec: {
            containers: [{ name: api, env: [{ name: B, $patch: delete }], resources: { $patch: replace, limits: { cpu: 2 } } }] } } } } },
          { object: Service/api, remove: 'metadata.labels[app.kubernetes.io/part-of]' }]",
    );
    let deployment = made.object("Deployment/api");
    assert!(deployment["spec"].get("strategy").is_none());
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["resources"], json!({"limits": {"cpu": 2}}));
    let env = container["env"].as_array().expect("variables");
    assert!(env.iter().all(|one| one["name"] != "B") && env.iter().any(|one| one["name"] == "A"));
    let labels = made.object("Service/api")["metadata"]["labels"].clone();
    assert!(
        labels.get("app.kubernetes.io/part-of").is_none(),
        "{labels}"
    );
    assert_eq!(labels["app.kubernetes.io/name"], "api");
    assert_eq!(codes(&made), [""; 0]);
}

#[test]
fn a_json_patch_walks_keys_and_numbers() {
    let made = patched(
        "[{ object: Service/api, json: [
            { op: test, path: /spec/ports/0/name, value: http },
            { op: add, path: /spec/ports/-, value: { name: more, port: 81 } },
            { op: replace, path: /spec/ports/0/port, value: 8080 },
            { op: add, path: /metadata/annotations, value: { a~b: c } },
            { op: copy, from: /spec/ports/1, path: /spec/ports/0 },
            { op: remove, path: /spec/ports/2 }] }]",
    );
    let service = made.object("Service/api");
    let ports = service["spec"]["ports"].as_array().expect("ports");
    let ports: Vec<_> = ports.iter().map(|port| port["port"].clone()).collect();
    assert_eq!(ports, [json!(81), json!(8080)]);
    assert_eq!(service["metadata"]["annotations"], json!({"a~b": "c"}));
    assert_eq!(codes(&made), [""; 0]);
}

#[test]
fn a_patch_that_does_nothing_or_cannot_be_done_is_told() {
    for (patch, code) in [
        ("{ object: Deployment/apy, merge: { spec: {} } }", "PL0410"),
        (
            "{ object: Deployment/api, merge: { kind: Deployment } }",
            "PL0411",
        ),
        ("{ object: Deployment/api, remove: spec.paused }", "PL0411"),
        ("{ object: Deployment/api, merge: [] }", "PL0412"),
        (
            "{ object: Deployment/api, merge: { metadata: { name: b } } }",
            "PL0412",
        ),
        (
            "{ object: Deployment/api, json: [{ op: remove, path: /spec/paused }] }",
            "PL0412",
        ),
        (
            "{ object: Deployment/api, json: [{ op: test, path: /kind, value: Pod }] }",
            "PL0412",
        ),
        (
            "{ object: Service/api, json: [{ op: add, path: /spec/ports/9, value: {} }] }",
            "PL0412",
        ),
        (
            "{ object: Service/api, json: [{ op: swap, path: /spec }] }",
            "PL0412",
        ),
        ("{ object: Service/api, json: {} }", "PL0412"),
    ] {
        assert_eq!(codes(&patched(&format!("[{patch}]"))), [code], "{patch}");
    }
}

#[test]
fn a_patch_of_an_object_that_is_off_is_passed_over() {
    let text = "
services: { api: { ports: 80 }, worker: { enabled: false } }
kubernetes: { patches: [{ object: Deployment/worker, merge: { spec: { paused: true } } }] }
";
    assert_eq!(codes(&made(text)), [""; 0]);
}

#[test]
fn objects_of_the_file_join_the_application() {
    let text = "
namespace: { name: home }
services: { api: { ports: 80 } }
kubernetes:
  manifests:
    - { apiVersion: v1, kind: ConfigMap, metadata: { name: extra }, data: { a: b } }
    - { apiVersion: v1, kind: ConfigMap, metadata: { name: extra, namespace: other } }
    - { apiVersion: v1, kind: List, items: [{ apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: { name: top }, value: 9 }] }
  patches: [{ object: PriorityClass/top, merge: { value: 10 } }]
";
    assert_valid(text);
    let all = made(text);
    assert_eq!(
        all.object("ConfigMap/extra")["metadata"]["namespace"],
        "home"
    );
    let class = all.object("PriorityClass/top");
    assert_eq!(
        (&class["value"], class["metadata"].get("namespace")),
        (&json!(10), None)
    );
    assert_eq!(codes(&all), [""; 0]);
}

#[test]
fn what_is_no_object_or_there_already_is_told() {
    for (manifest, code) in [
        ("{ kind: ConfigMap, metadata: { name: a } }", "PL0413"),
        ("{ apiVersion: v1, kind: ConfigMap }", "PL0413"),
        (
            "{ apiVersion: v1, kind: Service, metadata: { name: api } }",
            "PL0414",
        ),
    ] {
        let text = format!(
            "services: {{ api: {{ ports: 80 }} }}\nkubernetes: {{ manifests: [{manifest}] }}\n"
        );
        assert_eq!(codes(&made(&text)), [code], "{manifest}");
    }
}
