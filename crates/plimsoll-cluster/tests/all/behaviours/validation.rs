//! Rules of kinds: what is refused, and how it is said.

use serde_json::{Value, json};

use super::behaviours;
use super::harness::{At, config_map, deployment, pod, service};

behaviours![
    a_selector_is_immutable,
    a_selector_has_to_match_its_template,
    a_negative_number_of_replicas_is_refused,
    a_name_has_to_be_a_dns_name,
    a_service_name_has_no_dots,
    a_label_value_has_its_letters,
    a_cluster_address_is_immutable,
    ports_of_a_service_need_names,
    a_stateful_set_changes_few_fields,
    a_job_template_is_immutable,
    a_job_does_not_restart_always,
    immutable_data_stays,
    the_type_of_a_secret_stays,
    a_container_needs_a_name,
    a_mount_needs_its_volume,
    a_request_stays_below_its_limit,
    a_pod_spec_changes_little,
    a_path_needs_its_type,
    a_role_reference_stays,
    a_volume_stands_once,
    a_path_is_mounted_once,
    a_sidecar_needs_its_volume_too,
    a_container_stands_once,
    a_port_name_stands_once,
    a_port_name_has_its_letters,
    a_port_of_a_service_has_a_name_of_its_own,
    labels_of_a_job_have_their_letters,
    a_namespace_is_named_in_lower_case,
    an_autoscaler_asks_for_one_pod_at_least,
    an_applied_list_says_nothing_twice,
];

async fn refused(at: &At, what: &str, body: Value, parts: &[&str]) {
    let refused = at.try_create(what, body).await.expect_err("it is invalid");
    assert_eq!(
        (refused.code, refused.reason.as_str()),
        (422, "Invalid"),
        "{}",
        refused.message
    );
    for part in parts {
        assert!(refused.message.contains(part), "{}", refused.message);
    }
}

async fn unchanged(at: &At, what: &str, patch: Value, parts: &[&str]) {
    let refused = at
        .try_patch("merge", what, patch)
        .await
        .expect_err("it may not change");
    assert_eq!(
        (refused.code, refused.reason.as_str()),
        (422, "Invalid"),
        "{}",
        refused.message
    );
    for part in parts {
        assert!(refused.message.contains(part), "{}", refused.message);
    }
}

async fn a_selector_is_immutable(at: At) {
    at.create("deployments", deployment("a", 0)).await;
    let labels = json!({"app": "b"});
    let patch = json!({"spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}}}});
    unchanged(
        &at,
        "deployments/a",
        patch,
        &[
            "Deployment.apps \"a\" is invalid: spec.selector: Invalid value: ",
            ": field is immutable",
        ],
    )
    .await;
}

async fn a_selector_has_to_match_its_template(at: At) {
    let mut body = deployment("a", 0);
    body["spec"]["selector"]["matchLabels"]["app"] = json!("b");
    let parts = [
        "spec.template.metadata.labels: Invalid value: {\"app\":\"a\"}: `selector` does not match template `labels`",
    ];
    refused(&at, "deployments", body, &parts).await;
}

async fn a_negative_number_of_replicas_is_refused(at: At) {
    refused(
        &at,
        "deployments",
        deployment("a", -1),
        &["spec.replicas: Invalid value: -1: must be greater than or equal to 0"],
    )
    .await;
}

async fn a_name_has_to_be_a_dns_name(at: At) {
    let parts = [
        "ConfigMap \"A_b\" is invalid: metadata.name: Invalid value: \"A_b\": a lowercase RFC 1123 subdomain must consist of",
    ];
    refused(&at, "configmaps", config_map("A_b", json!({})), &parts).await;
}

async fn a_service_name_has_no_dots(at: At) {
    let parts = ["metadata.name: Invalid value: \"a.b\": "];
    refused(
        &at,
        "services",
        service("a.b", json!([{"port": 80}])),
        &parts,
    )
    .await;
}

async fn a_label_value_has_its_letters(at: At) {
    let mut body = config_map("a", json!({}));
    body["metadata"]["labels"] = json!({"x": "a b"});
    refused(&at, "configmaps", body, &["metadata.labels: Invalid value: \"a b\": a valid label must be an empty string or consist of"]).await;
}

async fn a_cluster_address_is_immutable(at: At) {
    at.create("services", service("a", json!([{"port": 80}])))
        .await;
    let refused = at
        .try_patch(
            "merge",
            "services/a",
            json!({"spec": {"clusterIP": "10.0.0.99", "clusterIPs": ["10.0.0.99"]}}),
        )
        .await;
    let refused = refused.expect_err("it may not change");
    assert_eq!(refused.code, 422);
    assert!(
        refused.message.contains("may not change once set"),
        "{}",
        refused.message
    );
}

async fn ports_of_a_service_need_names(at: At) {
    let body = service("a", json!([{"port": 80}, {"port": 81}]));
    refused(
        &at,
        "services",
        body,
        &[
            "spec.ports[0].name: Required value",
            "spec.ports[1].name: Required value",
        ],
    )
    .await;
}

async fn a_stateful_set_changes_few_fields(at: At) {
    at.create("statefulsets", json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "a"},
        "spec": {
            "serviceName": "a", "replicas": 0, "selector": {"matchLabels": {"app": "a"}},
            "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "main", "image": "x:1"}]}},
        },
    })).await;
    at.patch(
        "merge",
        "statefulsets/a",
        json!({"spec": {"minReadySeconds": 5}}),
    )
    .await;
    let parts = [
        "StatefulSet.apps \"a\" is invalid: spec.serviceName: Invalid value: \"b\": field is immutable",
    ];
    unchanged(
        &at,
        "statefulsets/a",
        json!({"spec": {"serviceName": "b"}}),
        &parts,
    )
    .await;
}

fn job(policy: &str) -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"},
        "spec": {"template": {"spec": {"restartPolicy": policy, "containers": [{"name": "main", "image": "x:1"}]}}},
    })
}

async fn a_job_template_is_immutable(at: At) {
    at.create("jobs", job("Never")).await;
    let patch = json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "x:2"}]);
    let refused = at
        .try_patch("json", "jobs/a", patch)
        .await
        .expect_err("it may not change");
    assert_eq!(refused.code, 422);
    assert!(
        refused.message.contains("spec.template: Invalid value: "),
        "{}",
        refused.message
    );
    assert!(
        refused.message.ends_with(": field is immutable"),
        "{}",
        refused.message
    );
}

async fn a_job_does_not_restart_always(at: At) {
    refused(
        &at,
        "jobs",
        job("Always"),
        &["spec.template.spec.restartPolicy: "],
    )
    .await;
}

async fn immutable_data_stays(at: At) {
    let mut body = config_map("a", json!({"x": "1"}));
    body["immutable"] = json!(true);
    at.create("configmaps", body).await;
    let parts = ["data: Forbidden: field is immutable when `immutable` is set"];
    unchanged(&at, "configmaps/a", json!({"data": {"x": "2"}}), &parts).await;
}

async fn the_type_of_a_secret_stays(at: At) {
    at.create(
        "secrets",
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}),
    )
    .await;
    unchanged(
        &at,
        "secrets/a",
        json!({"type": "example.com/other"}),
        &["type: Invalid value: \"example.com/other\": field is immutable"],
    )
    .await;
}

async fn a_container_needs_a_name(at: At) {
    let mut body = pod("a");
    body["spec"]["containers"][0]["name"] = json!("");
    refused(
        &at,
        "pods",
        body,
        &["Pod \"a\" is invalid: spec.containers[0].name: Required value"],
    )
    .await;
}

async fn a_mount_needs_its_volume(at: At) {
    let mut body = pod("a");
    body["spec"]["containers"][0]["volumeMounts"] = json!([{"name": "data", "mountPath": "/data"}]);
    refused(
        &at,
        "pods",
        body,
        &["spec.containers[0].volumeMounts[0].name: Not found: \"data\""],
    )
    .await;
}

async fn a_request_stays_below_its_limit(at: At) {
    let mut body = pod("a");
    body["spec"]["containers"][0]["resources"] =
        json!({"requests": {"cpu": "2"}, "limits": {"cpu": "1"}});
    let parts = [
        "spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1",
    ];
    refused(&at, "pods", body, &parts).await;
}

async fn a_pod_spec_changes_little(at: At) {
    let mut body = pod("a");
    body["spec"]["schedulerName"] = json!("nobody");
    at.create("pods", body).await;
    let parts =
        ["Pod \"a\" is invalid: spec: Forbidden: pod updates may not change fields other than "];
    unchanged(&at, "pods/a", json!({"spec": {"hostname": "b"}}), &parts).await;
}

async fn a_path_needs_its_type(at: At) {
    let body = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "a"},
        "spec": {"rules": [{"http": {"paths": [{"path": "/", "backend": {"service": {"name": "a", "port": {"number": 80}}}}]}}]},
    });
    refused(
        &at,
        "ingresses",
        body,
        &["spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified"],
    )
    .await;
}

async fn a_role_reference_stays(at: At) {
    let body = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "a"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "x"}, "subjects": [],
    });
    at.create("rbac.authorization.k8s.io/rolebindings", body)
        .await;
    let patch = json!({"roleRef": {"name": "y"}});
    unchanged(
        &at,
        "rbac.authorization.k8s.io/rolebindings/a",
        patch,
        &["roleRef: Invalid value: ", "field is immutable"],
    )
    .await;
}

async fn a_volume_stands_once(at: At) {
    let mut body = deployment("a", 0);
    body["spec"]["template"]["spec"]["volumes"] =
        json!([{"name": "data", "emptyDir": {}}, {"name": "data", "emptyDir": {}}]);
    let parts = [
        "Deployment.apps \"a\" is invalid: spec.template.spec.volumes[1].name: Duplicate value: \"data\"",
    ];
    refused(&at, "deployments", body, &parts).await;
}

async fn a_path_is_mounted_once(at: At) {
    let mut body = pod("a");
    body["spec"]["volumes"] = json!([{"name": "a", "emptyDir": {}}, {"name": "b", "emptyDir": {}}]);
    body["spec"]["containers"][0]["volumeMounts"] = json!([
        {"name": "a", "mountPath": "/data"}, {"name": "b", "mountPath": "/data"},
    ]);
    let parts =
        ["spec.containers[0].volumeMounts[1].mountPath: Invalid value: \"/data\": must be unique"];
    refused(&at, "pods", body, &parts).await;
}

async fn a_sidecar_needs_its_volume_too(at: At) {
    let mut body = pod("a");
    body["spec"]["initContainers"] = json!([{
        "name": "side", "image": "x:1", "restartPolicy": "Always",
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }]);
    let parts = ["spec.initContainers[0].volumeMounts[0].name: Not found: \"data\""];
    refused(&at, "pods", body, &parts).await;
}

async fn a_container_stands_once(at: At) {
    let mut body = pod("a");
    let name = body["spec"]["containers"][0]["name"].clone();
    body["spec"]["initContainers"] = json!([{"name": name, "image": "x:1"}]);
    let parts = ["spec.initContainers[0].name: Duplicate value: "];
    refused(&at, "pods", body, &parts).await;
}

async fn a_port_name_stands_once(at: At) {
    let mut body = pod("a");
    body["spec"]["containers"][0]["ports"] =
        json!([{"name": "http", "containerPort": 80}, {"name": "http", "containerPort": 81}]);
    let parts = ["spec.containers[0].ports[1].name: Duplicate value: \"http\""];
    refused(&at, "pods", body, &parts).await;
}

async fn a_port_name_has_its_letters(at: At) {
    let mut body = pod("a");
    body["spec"]["containers"][0]["ports"] = json!([{"name": "8080", "containerPort": 8080}]);
    let parts = [
        "spec.containers[0].ports[0].name: Invalid value: \"8080\": must contain at least one letter (a-z)",
    ];
    refused(&at, "pods", body, &parts).await;
}

async fn a_port_of_a_service_has_a_name_of_its_own(at: At) {
    let ports = json!([{"name": "http", "port": 80}, {"name": "http", "port": 81}]);
    let parts = ["spec.ports[1].name: Duplicate value: \"http\""];
    refused(&at, "services", service("a", ports), &parts).await;
}

async fn labels_of_a_job_have_their_letters(at: At) {
    let mut body = job("Never");
    body["spec"]["template"]["metadata"] = json!({"labels": {"x": "a b"}});
    let parts = ["spec.template.labels: Invalid value: \"a b\": a valid label must be"];
    refused(&at, "jobs", body, &parts).await;
}

async fn a_namespace_is_named_in_lower_case(at: At) {
    let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "Nope"}});
    let parts =
        ["metadata.name: Invalid value: \"Nope\": a lowercase RFC 1123 label must consist of"];
    refused(&at, "namespaces", body, &parts).await;
}

async fn an_autoscaler_asks_for_one_pod_at_least(at: At) {
    let body = json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "a"},
        "spec": {
            "minReplicas": 0, "maxReplicas": 3,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"},
        },
    });
    // 1.30 refuses the number as well.
    let parts = [
        "spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas",
    ];
    refused(&at, "horizontalpodautoscalers", body, &parts).await;
}

async fn an_applied_list_says_nothing_twice(at: At) {
    let mut body = deployment("a", 0);
    body["spec"]["template"]["spec"]["containers"][0]["env"] =
        json!([{"name": "X", "value": "1"}, {"name": "X", "value": "2"}]);
    let refused = at
        .try_apply("test", "deployments/a", body)
        .await
        .expect_err("it says X twice");
    assert_eq!(refused.code, 500);
    let expected =
        ".spec.template.spec.containers[name=\"main\"].env: duplicate entries for key [name=\"X\"]";
    assert!(
        refused
            .message
            .starts_with("failed to create typed patch object (")
            && refused.message.ends_with(expected),
        "{}",
        refused.message
    );
}
