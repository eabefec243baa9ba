//! Server-side apply: ownership, conflicts, removal, lists.

use serde_json::{Value, json};

use super::behaviours;
use super::harness::{At, config_map, deployment, fields_of, managers, service};

behaviours![
    an_applied_object_is_made_and_owned,
    applying_the_same_again_changes_nothing,
    a_field_of_another_manager_conflicts,
    several_conflicts_are_all_listed,
    a_conflict_with_an_update_names_its_version,
    force_takes_a_field,
    two_managers_may_agree_on_a_value,
    a_field_no_longer_applied_goes,
    a_shared_field_stays_until_its_last_owner_lets_go,
    keys_of_one_map_have_their_own_owners,
    ports_are_told_apart_by_port_and_protocol,
    containers_are_told_apart_by_name,
    an_atomic_map_is_one_field,
    finalizers_merge_as_a_set,
    environment_variables_merge_by_name,
    a_default_returns_when_an_applied_field_goes,
    an_undeclared_field_is_refused,
    apply_needs_a_manager,
    a_dry_run_applies_nothing,
    a_stale_version_conflicts,
    an_applied_status_leaves_the_spec_alone,
    an_update_owns_what_it_changed,
];

async fn an_applied_object_is_made_and_owned(at: At) {
    let object = at
        .apply("one", "configmaps/a", config_map("a", json!({"x": "1"})))
        .await;
    assert_eq!(managers(&object), [("one".to_owned(), "Apply".to_owned())]);
    assert_eq!(*fields_of(&object, "one"), json!({"f:data": {"f:x": {}}}));
}

async fn applying_the_same_again_changes_nothing(at: At) {
    let first = at.apply("one", "deployments/a", deployment("a", 0)).await;
    let before = at
        .until("deployments/a", |object| {
            object["status"]["observedGeneration"] == 1
        })
        .await;
    let again = at.apply("one", "deployments/a", deployment("a", 0)).await;
    assert_eq!(
        before["metadata"]["resourceVersion"],
        again["metadata"]["resourceVersion"]
    );
    assert_eq!(
        first["metadata"]["generation"],
        again["metadata"]["generation"]
    );
}

async fn a_field_of_another_manager_conflicts(at: At) {
    at.apply("one", "configmaps/a", config_map("a", json!({"x": "1"})))
        .await;
    let refused = at
        .try_apply("two", "configmaps/a", config_map("a", json!({"x": "2"})))
        .await
        .expect_err("a conflict");
    assert_eq!((refused.code, refused.reason.as_str()), (409, "Conflict"));
    assert_eq!(
        refused.message,
        "Apply failed with 1 conflict: conflict with \"one\": .data.x"
    );
}

async fn several_conflicts_are_all_listed(at: At) {
    at.apply(
        "one",
        "configmaps/a",
        config_map("a", json!({"x": "1", "y": "1"})),
    )
    .await;
    let body = config_map("a", json!({"x": "2", "y": "2"}));
    let refused = at
        .try_apply("two", "configmaps/a", body)
        .await
        .expect_err("a conflict");
    assert_eq!(
        refused.message,
        "Apply failed with 2 conflicts: conflicts with \"one\":\n- .data.x\n- .data.y"
    );
}

async fn a_conflict_with_an_update_names_its_version(at: At) {
    at.create(
        "configmaps?fieldManager=maker",
        config_map("a", json!({"x": "1"})),
    )
    .await;
    let body = config_map("a", json!({"x": "2"}));
    let refused = at
        .try_apply("two", "configmaps/a", body)
        .await
        .expect_err("a conflict");
    let start = "Apply failed with 1 conflict: conflict with \"maker\" using v1";
    assert!(refused.message.starts_with(start), "{}", refused.message);
    assert!(
        refused.message.ends_with(": .data.x"),
        "{}",
        refused.message
    );
}

async fn force_takes_a_field(at: At) {
    at.apply(
        "one",
        "configmaps/a",
        config_map("a", json!({"x": "1", "y": "1"})),
    )
    .await;
    let object = at
        .apply(
            "two",
            "configmaps/a?force=true",
            config_map("a", json!({"x": "2"})),
        )
        .await;
    assert_eq!(object["data"], json!({"x": "2", "y": "1"}));
    assert_eq!(*fields_of(&object, "one"), json!({"f:data": {"f:y": {}}}));
    assert_eq!(*fields_of(&object, "two"), json!({"f:data": {"f:x": {}}}));
}

async fn two_managers_may_agree_on_a_value(at: At) {
    at.apply("one", "configmaps/a", config_map("a", json!({"x": "1"})))
        .await;
    let object = at
        .apply("two", "configmaps/a", config_map("a", json!({"x": "1"})))
        .await;
    assert_eq!(fields_of(&object, "one"), fields_of(&object, "two"));
}

async fn a_field_no_longer_applied_goes(at: At) {
    at.apply(
        "one",
        "configmaps/a",
        config_map("a", json!({"x": "1", "y": "1"})),
    )
    .await;
    let object = at
        .apply("one", "configmaps/a", config_map("a", json!({"x": "1"})))
        .await;
    assert_eq!(object["data"], json!({"x": "1"}));
}

async fn a_shared_field_stays_until_its_last_owner_lets_go(at: At) {
    let both = || config_map("a", json!({"x": "1", "y": "1"}));
    at.apply("one", "configmaps/a", both()).await;
    at.apply("two", "configmaps/a", both()).await;
    let object = at
        .apply("one", "configmaps/a", config_map("a", json!({"x": "1"})))
        .await;
    assert_eq!(object["data"]["y"], "1");
    let object = at
        .apply("two", "configmaps/a", config_map("a", json!({"x": "1"})))
        .await;
    assert_eq!(object["data"], json!({"x": "1"}));
}

fn labelled(labels: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": labels}})
}

async fn keys_of_one_map_have_their_own_owners(at: At) {
    at.apply("one", "configmaps/a", labelled(json!({"x": "1"})))
        .await;
    let object = at
        .apply("two", "configmaps/a", labelled(json!({"y": "2"})))
        .await;
    assert_eq!(object["metadata"]["labels"], json!({"x": "1", "y": "2"}));
    let object = at.apply("one", "configmaps/a", labelled(json!({}))).await;
    assert_eq!(object["metadata"]["labels"], json!({"y": "2"}));
}

async fn ports_are_told_apart_by_port_and_protocol(at: At) {
    let tcp = json!([{"name": "tcp", "port": 53, "protocol": "TCP"}]);
    let udp = json!([{"name": "udp", "port": 53, "protocol": "UDP"}]);
    at.apply("one", "services/a", service("a", tcp)).await;
    let object = at.apply("two", "services/a", service("a", udp)).await;
    assert_eq!(object["spec"]["ports"].as_array().map(Vec::len), Some(2));
}

async fn containers_are_told_apart_by_name(at: At) {
    at.apply("one", "deployments/a", deployment("a", 0)).await;
    let sidecar = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "spec": {"template": {"spec": {"containers": [{"name": "side", "image": "example.com/side:1"}]}}},
    });
    let object = at.apply("two", "deployments/a", sidecar).await;
    let containers = object["spec"]["template"]["spec"]["containers"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    assert_eq!(
        containers
            .iter()
            .map(|one| &one["name"])
            .collect::<Vec<_>>(),
        ["main", "side"]
    );
}

async fn an_atomic_map_is_one_field(at: At) {
    at.apply("one", "services/a", service("a", json!([{"port": 80}])))
        .await;
    let body = json!({"apiVersion": "v1", "kind": "Service", "spec": {"selector": {"tier": "x"}}});
    let refused = at
        .try_apply("two", "services/a", body)
        .await
        .expect_err("a conflict");
    assert_eq!(
        refused.message,
        "Apply failed with 1 conflict: conflict with \"one\": .spec.selector"
    );
}

async fn finalizers_merge_as_a_set(at: At) {
    let with = |name: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "finalizers": [name]}});
    at.apply("one", "configmaps/a", with("example.com/a")).await;
    let object = at.apply("two", "configmaps/a", with("example.com/b")).await;
    assert_eq!(
        object["metadata"]["finalizers"],
        json!(["example.com/a", "example.com/b"])
    );
    at.patch(
        "merge",
        "configmaps/a",
        json!({"metadata": {"finalizers": null}}),
    )
    .await;
}

async fn environment_variables_merge_by_name(at: At) {
    let mut body = deployment("a", 0);
    body["spec"]["template"]["spec"]["containers"][0]["env"] = json!([{"name": "A", "value": "1"}]);
    at.apply("one", "deployments/a", body).await;
    let more = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "spec": {"template": {"spec": {"containers": [{"name": "main", "env": [{"name": "B", "value": "2"}]}]}}},
    });
    let object = at.apply("two", "deployments/a", more).await;
    let env = &object["spec"]["template"]["spec"]["containers"][0]["env"];
    assert_eq!(
        *env,
        json!([{"name": "A", "value": "1"}, {"name": "B", "value": "2"}])
    );
}

async fn a_default_returns_when_an_applied_field_goes(at: At) {
    at.apply("one", "deployments/a", deployment("a", 0)).await;
    let mut body = deployment("a", 0);
    body["spec"]
        .as_object_mut()
        .expect("a spec")
        .remove("replicas");
    let object = at.apply("one", "deployments/a", body).await;
    assert_eq!(object["spec"]["replicas"], 1);
}

async fn an_undeclared_field_is_refused(at: At) {
    let mut body = deployment("a", 0);
    body["spec"]["replcas"] = json!(1);
    let refused = at
        .try_apply("one", "deployments/a", body)
        .await
        .expect_err("an unknown field");
    assert_eq!(refused.code, 500);
    let end = "apps/v1, Kind=Deployment): .spec.replcas: field not declared in schema";
    assert!(
        refused
            .message
            .starts_with("failed to create typed patch object ("),
        "{}",
        refused.message
    );
    assert!(refused.message.ends_with(end), "{}", refused.message);
}

async fn apply_needs_a_manager(at: At) {
    let refused = at
        .try_patch("apply", "configmaps/a", config_map("a", json!({})))
        .await
        .expect_err("no manager");
    assert_eq!(refused.code, 422);
    assert!(
        refused
            .message
            .contains("fieldManager: Required value: is required for apply patch"),
        "{}",
        refused.message
    );
}

async fn a_dry_run_applies_nothing(at: At) {
    let object = at
        .apply(
            "one",
            "configmaps/a?dryRun=All",
            config_map("a", json!({"x": "1"})),
        )
        .await;
    assert_eq!(object["data"]["x"], "1");
    assert_eq!(
        at.try_get("configmaps/a").await.expect_err("not made").code,
        404
    );
}

async fn a_stale_version_conflicts(at: At) {
    let old = at
        .apply("one", "configmaps/a", config_map("a", json!({"x": "1"})))
        .await;
    at.patch("merge", "configmaps/a", json!({"data": {"y": "1"}}))
        .await;
    let mut body = config_map("a", json!({"x": "2"}));
    body["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"].clone();
    let refused = at
        .try_apply("one", "configmaps/a", body)
        .await
        .expect_err("stale");
    assert_eq!(refused.code, 409);
    assert!(
        refused.message.contains("the object has been modified"),
        "{}",
        refused.message
    );
}

async fn an_applied_status_leaves_the_spec_alone(at: At) {
    at.create(
        "poddisruptionbudgets",
        json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "a"},
            "spec": {"minAvailable": 1, "selector": {"matchLabels": {"none": "such"}}},
        }),
    )
    .await;
    let body = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "spec": {"minAvailable": 5},
        "status": {"conditions": [{
            "type": "Tested", "status": "True", "reason": "Test", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z",
        }], "currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0},
    });
    let object = at
        .apply("one", "poddisruptionbudgets/a/status?force=true", body)
        .await;
    assert_eq!(object["spec"]["minAvailable"], 1);
    assert!(
        object["status"]["conditions"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["type"] == "Tested"))
    );
}

async fn an_update_owns_what_it_changed(at: At) {
    at.create(
        "configmaps?fieldManager=maker",
        config_map("a", json!({"x": "1"})),
    )
    .await;
    let object = at
        .patch(
            "merge",
            "configmaps/a?fieldManager=editor",
            json!({"data": {"y": "2"}}),
        )
        .await;
    assert_eq!(
        *fields_of(&object, "maker"),
        json!({"f:data": {".": {}, "f:x": {}}})
    );
    assert_eq!(
        *fields_of(&object, "editor"),
        json!({"f:data": {"f:y": {}}})
    );
}
