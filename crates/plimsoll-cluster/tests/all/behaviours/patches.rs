//! Merge patch, JSON patch and strategic merge patch.

use serde_json::{Value, json};

use super::behaviours;
use super::harness::{At, config_map, deployment, service};

behaviours![
    a_null_in_a_merge_patch_removes,
    a_merge_patch_replaces_lists,
    a_json_patch_changes_its_paths,
    a_failed_test_stops_a_json_patch,
    a_strategic_patch_merges_containers_by_name,
    a_strategic_patch_deletes_an_item,
    a_strategic_patch_replaces_a_list_when_told,
    a_strategic_patch_merges_ports_by_port,
    a_strategic_patch_drops_the_keys_it_does_not_retain,
    a_patch_of_nothing_changes_nothing,
    a_patch_of_a_missing_object_is_not_found,
    an_unknown_patch_type_is_refused,
    a_patch_may_not_rename,
];

fn containers(object: &Value) -> &Value {
    &object["spec"]["template"]["spec"]["containers"]
}

async fn a_null_in_a_merge_patch_removes(at: At) {
    at.create("configmaps", config_map("a", json!({"x": "1", "y": "1"})))
        .await;
    let object = at
        .patch(
            "merge",
            "configmaps/a",
            json!({"data": {"x": null, "z": "3"}}),
        )
        .await;
    assert_eq!(object["data"], json!({"y": "1", "z": "3"}));
}

async fn a_merge_patch_replaces_lists(at: At) {
    at.create(
        "services",
        service(
            "a",
            json!([{"name": "a", "port": 1}, {"name": "b", "port": 2}]),
        ),
    )
    .await;
    let patch = json!({"spec": {"ports": [{"name": "c", "port": 3}]}});
    let object = at.patch("merge", "services/a", patch).await;
    assert_eq!(
        object["spec"]["ports"],
        json!([{"name": "c", "port": 3, "protocol": "TCP", "targetPort": 3}])
    );
}

async fn a_json_patch_changes_its_paths(at: At) {
    at.create("configmaps", config_map("a", json!({"x": "1", "y": "1"})))
        .await;
    let patch = json!([
        {"op": "test", "path": "/data/x", "value": "1"},
        {"op": "remove", "path": "/data/x"},
        {"op": "add", "path": "/metadata/labels", "value": {"a/b": "c"}},
        {"op": "replace", "path": "/metadata/labels/a~1b", "value": "d"},
    ]);
    let object = at.patch("json", "configmaps/a", patch).await;
    assert_eq!(object["data"], json!({"y": "1"}));
    assert_eq!(object["metadata"]["labels"], json!({"a/b": "d"}));
}

async fn a_failed_test_stops_a_json_patch(at: At) {
    at.create("configmaps", config_map("a", json!({"x": "1"})))
        .await;
    let patch = json!([{"op": "replace", "path": "/data/x", "value": "2"}, {"op": "test", "path": "/data/x", "value": "9"}]);
    let refused = at
        .try_patch("json", "configmaps/a", patch)
        .await
        .expect_err("the test fails");
    assert_eq!(refused.code, 422);
    assert_eq!(at.get("configmaps/a").await["data"]["x"], "1");
}

async fn a_strategic_patch_merges_containers_by_name(at: At) {
    at.create("deployments", deployment("a", 0)).await;
    let patch = json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "example.com/main:2"}, {"name": "side", "image": "example.com/side:1"}]}}}});
    let object = at.patch("strategic", "deployments/a", patch).await;
    let images: Vec<&Value> = containers(&object)
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| &one["image"])
        .collect();
    assert!(
        images.contains(&&json!("example.com/main:2")) && images.len() == 2,
        "{images:?}"
    );
}

async fn a_strategic_patch_deletes_an_item(at: At) {
    let mut body = deployment("a", 0);
    body["spec"]["template"]["spec"]["containers"][0]["env"] =
        json!([{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]);
    at.create("deployments", body).await;
    let gone = json!([{"name": "A", "$patch": "delete"}]);
    let patch =
        json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "env": gone}]}}}});
    let object = at.patch("strategic", "deployments/a", patch).await;
    assert_eq!(
        containers(&object)[0]["env"],
        json!([{"name": "B", "value": "2"}])
    );
}

async fn a_strategic_patch_replaces_a_list_when_told(at: At) {
    let mut body = deployment("a", 0);
    body["spec"]["template"]["spec"]["containers"][0]["env"] = json!([{"name": "A", "value": "1"}]);
    at.create("deployments", body).await;
    let env = json!([{"$patch": "replace"}, {"name": "C", "value": "3"}]);
    let patch =
        json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "env": env}]}}}});
    let object = at.patch("strategic", "deployments/a", patch).await;
    assert_eq!(
        containers(&object)[0]["env"],
        json!([{"name": "C", "value": "3"}])
    );
}

async fn a_strategic_patch_merges_ports_by_port(at: At) {
    at.create(
        "services",
        service(
            "a",
            json!([{"name": "a", "port": 1}, {"name": "b", "port": 2}]),
        ),
    )
    .await;
    let object = at
        .patch(
            "strategic",
            "services/a",
            json!({"spec": {"ports": [{"port": 2, "targetPort": 9}]}}),
        )
        .await;
    let ports = object["spec"]["ports"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let two = ports.iter().find(|port| port["port"] == 2).expect("port 2");
    assert_eq!(
        (ports.len(), &two["targetPort"], &two["name"]),
        (2, &json!(9), &json!("b"))
    );
}

async fn a_strategic_patch_drops_the_keys_it_does_not_retain(at: At) {
    at.create("deployments", deployment("a", 0)).await;
    let patch = json!({"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}});
    let object = at.patch("strategic", "deployments/a", patch).await;
    assert_eq!(object["spec"]["strategy"], json!({"type": "Recreate"}));
}

async fn a_patch_of_nothing_changes_nothing(at: At) {
    let before = at
        .create("configmaps", config_map("a", json!({"x": "1"})))
        .await;
    let after = at
        .patch("merge", "configmaps/a", json!({"data": {"x": "1"}}))
        .await;
    assert_eq!(
        before["metadata"]["resourceVersion"],
        after["metadata"]["resourceVersion"]
    );
}

async fn a_patch_of_a_missing_object_is_not_found(at: At) {
    let refused = at
        .try_patch("merge", "configmaps/a", json!({}))
        .await
        .expect_err("missing");
    assert_eq!(
        (refused.code, refused.message.as_str()),
        (404, "configmaps \"a\" not found")
    );
}

async fn an_unknown_patch_type_is_refused(at: At) {
    at.create("configmaps", config_map("a", json!({}))).await;
    let refused = at
        .try_patch("application/json", "configmaps/a", json!({}))
        .await
        .expect_err("unknown");
    assert_eq!(refused.code, 415);
}

async fn a_patch_may_not_rename(at: At) {
    at.create("configmaps", config_map("a", json!({}))).await;
    let refused = at
        .try_patch("merge", "configmaps/a", json!({"metadata": {"name": "b"}}))
        .await;
    assert_eq!(refused.expect_err("a new name").code, 400);
}
