//! Options of requests: those that the server does not know, and bounds of what it takes.

use serde_json::{Value, json};

use super::behaviours;
use super::harness::{At, config_map, service};

behaviours![
    an_unknown_dry_run_is_refused,
    a_manager_has_a_short_name,
    only_apply_can_be_forced,
    an_applied_object_names_no_owners_of_fields,
    an_applied_object_cannot_be_another_one,
    a_list_cannot_be_newer_than_the_cluster,
    a_broken_token_is_refused,
    a_list_goes_on_after_a_deletion,
    a_map_has_an_end,
    a_dry_run_uses_no_quota,
    only_as_many_as_the_quota_allows_come_at_once,
    a_deletion_makes_room_in_the_quota,
    an_address_is_given_once,
    a_port_of_the_nodes_is_given_once,
    a_claim_that_waits_does_not_change,
];

async fn an_unknown_dry_run_is_refused(at: At) {
    let refused = at
        .try_create("configmaps?dryRun=Perhaps", config_map("a", json!({})))
        .await
        .expect_err("no such way");
    assert_eq!((refused.code, refused.reason.as_str()), (422, "Invalid"));
    assert!(
        refused.message.starts_with(
            "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"Perhaps\"]"
        ),
        "{}",
        refused.message
    );
    assert!(at.try_get("configmaps/a").await.is_err());
}

async fn a_manager_has_a_short_name(at: At) {
    let what = format!("configmaps?fieldManager={}", "x".repeat(129));
    let refused = at
        .try_create(&what, config_map("a", json!({})))
        .await
        .expect_err("too long");
    assert_eq!(refused.code, 422);
    assert!(
        refused
            .message
            .starts_with("CreateOptions.meta.k8s.io \"\" is invalid: fieldManager: Too long: may not be more than 128 bytes"),
        "{}",
        refused.message
    );
}

async fn only_apply_can_be_forced(at: At) {
    at.create("configmaps", config_map("a", json!({}))).await;
    let refused = at
        .try_patch("merge", "configmaps/a?force=true", json!({}))
        .await
        .expect_err("nothing to force");
    assert_eq!(
        refused.message,
        "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch"
    );
}

async fn an_applied_object_names_no_owners_of_fields(at: At) {
    let seen = at
        .apply("x", "configmaps/a", config_map("a", json!({"k": "1"})))
        .await;
    let refused = at
        .try_apply("x", "configmaps/a", seen)
        .await
        .expect_err("it was read, not written");
    assert_eq!(
        (refused.code, refused.message.as_str()),
        (400, "metadata.managedFields must be nil")
    );
}

async fn an_applied_object_cannot_be_another_one(at: At) {
    at.create("configmaps", config_map("a", json!({}))).await;
    let mut body = config_map("a", json!({"k": "1"}));
    body["metadata"]["uid"] = json!("another");
    let refused = at
        .try_apply("x", "configmaps/a", body)
        .await
        .expect_err("another one is meant");
    assert!(matches!(refused.code, 409 | 422), "{refused:?}");
    assert_eq!(at.get("configmaps/a").await["data"]["k"], Value::Null);
}

async fn a_list_cannot_be_newer_than_the_cluster(at: At) {
    let refused = at
        .try_get("configmaps?resourceVersion=999999999")
        .await
        .expect_err("not yet");
    assert_eq!((refused.code, refused.reason.as_str()), (504, "Timeout"));
    assert!(
        refused
            .message
            .contains("Too large resource version: 999999999, current: "),
        "{}",
        refused.message
    );
}

async fn a_broken_token_is_refused(at: At) {
    let refused = at
        .try_get("configmaps?limit=1&continue=nonsense")
        .await
        .expect_err("no token");
    assert_eq!((refused.code, refused.reason.as_str()), (400, "BadRequest"));
    assert!(
        refused.message.contains("continue key is not valid"),
        "{}",
        refused.message
    );
}

async fn a_list_goes_on_after_a_deletion(at: At) {
    for name in ["a", "b", "c"] {
        let body = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}});
        at.create("secrets", body).await;
    }
    let page = at.get("secrets?limit=1").await;
    at.delete("secrets/a").await;
    let token = page["metadata"]["continue"].as_str().unwrap_or_default();
    let rest = at.get(&format!("secrets?limit=1&continue={token}")).await;
    assert_eq!(rest["items"][0]["metadata"]["name"], "b");
}

async fn a_map_has_an_end(at: At) {
    let refused = at
        .try_create(
            "secrets",
            json!({
                "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"},
                "stringData": {"x": "y".repeat(1_100_000)},
            }),
        )
        .await
        .expect_err("too much");
    assert_eq!((refused.code, refused.reason.as_str()), (422, "Invalid"));
    assert!(
        refused
            .message
            .starts_with("Secret \"a\" is invalid: data: Too long: may not be more than 1048576"),
        "{}",
        refused.message
    );
    let refused = at
        .try_create(
            "configmaps",
            config_map("a", json!({"x": "y".repeat(3_300_000)})),
        )
        .await
        .expect_err("far too much");
    assert_eq!(refused.code, 413);
    assert_eq!(
        refused.message,
        "Request entity too large: limit is 3145728"
    );
}

fn secret(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}})
}

async fn quota(at: &At, most: &str) {
    let body = json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"},
        "spec": {"hard": {"secrets": most}},
    });
    at.create("resourcequotas", body).await;
    at.until("resourcequotas/q", |one| {
        one["status"]["used"]["secrets"].is_string()
    })
    .await;
    // A real server's admission learns of the count a moment later.
    at.rest().await;
}

async fn a_dry_run_uses_no_quota(at: At) {
    quota(&at, "1").await;
    for _ in 0..3 {
        at.create("secrets?dryRun=All", secret("a")).await;
    }
    at.create("secrets", secret("a")).await;
}

async fn only_as_many_as_the_quota_allows_come_at_once(at: At) {
    quota(&at, "2").await;
    let writes = (0..8).map(|index| {
        let at = at.clone();
        async move { at.try_create("secrets", secret(&format!("s{index}"))).await }
    });
    let answers = futures::future::join_all(writes).await;
    let refused: Vec<_> = answers
        .iter()
        .filter_map(|one| one.as_ref().err())
        .collect();
    assert_eq!(refused.len(), 6);
    for refused in refused {
        assert!(
            refused.message.contains(
                "exceeded quota: q, requested: secrets=1, used: secrets=2, limited: secrets=2"
            ),
            "{}",
            refused.message
        );
    }
}

async fn a_deletion_makes_room_in_the_quota(at: At) {
    quota(&at, "1").await;
    at.create("secrets", secret("a")).await;
    at.try_create("secrets", secret("b"))
        .await
        .expect_err("it is full");
    at.delete("secrets/a").await;
    at.until("resourcequotas/q", |one| {
        one["status"]["used"]["secrets"] == "0"
    })
    .await;
    at.create("secrets", secret("b")).await;
}

async fn an_address_is_given_once(at: At) {
    let ports = json!([{"port": 80}]);
    let first = at.create("services", service("a", ports.clone())).await;
    let address = first["spec"]["clusterIP"].clone();
    let mut second = service("b", ports);
    second["spec"]["clusterIP"] = address.clone();
    let refused = at
        .try_create("services", second)
        .await
        .expect_err("it is taken");
    let address = address.as_str().unwrap_or_default();
    assert_eq!(
        refused.message,
        format!(
            "Service \"b\" is invalid: spec.clusterIPs: Invalid value: [\"{address}\"]: failed to allocate IP {address}: provided IP is already allocated"
        )
    );
}

async fn a_port_of_the_nodes_is_given_once(at: At) {
    let mut first = service("a", json!([{"port": 80}]));
    first["spec"]["type"] = json!("NodePort");
    let first = at.create("services", first).await;
    let port = &first["spec"]["ports"][0]["nodePort"];
    let mut second = service("b", json!([{"port": 80, "nodePort": port}]));
    second["spec"]["type"] = json!("NodePort");
    let refused = at
        .try_create("services", second)
        .await
        .expect_err("it is taken");
    assert_eq!(
        refused.message,
        format!(
            "Service \"b\" is invalid: spec.ports[0].nodePort: Invalid value: {port}: provided port is already allocated"
        )
    );
}

async fn a_claim_that_waits_does_not_change(at: At) {
    let claim = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"], "storageClassName": "none",
            "resources": {"requests": {"storage": "2Gi"}},
        },
    });
    at.create("persistentvolumeclaims", claim).await;
    for change in [
        json!({"spec": {"resources": {"requests": {"storage": "3Gi"}}}}),
        json!({"spec": {"storageClassName": "other"}}),
    ] {
        let refused = at
            .try_patch("merge", "persistentvolumeclaims/data", change)
            .await
            .expect_err("it is not bound");
        assert_eq!((refused.code, refused.reason.as_str()), (422, "Invalid"));
        assert!(
            refused.message.starts_with(
                "PersistentVolumeClaim \"data\" is invalid: spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
            ),
            "{}",
            refused.message
        );
    }
}
