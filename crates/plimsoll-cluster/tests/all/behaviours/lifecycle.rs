//! Creation, change and deletion: versions, generations, finalizers, owners, namespaces.

use serde_json::{Value, json};

use super::behaviours;
use super::harness::{At, config_map, deployment, pod};

behaviours![
    a_second_object_of_a_name_is_refused,
    a_missing_object_is_named,
    a_missing_resource_is_said_so,
    a_stale_update_conflicts,
    an_update_without_changes_keeps_its_version,
    the_generation_counts_changes_of_the_spec,
    an_update_cannot_touch_the_status,
    a_finalizer_holds_a_deleted_object,
    no_finalizer_may_come_after_deletion,
    a_deletion_can_name_its_uid,
    a_collection_is_deleted_by_its_selector,
    a_dry_run_deletes_nothing,
    a_dry_run_creates_nothing,
    the_body_has_to_fit_the_path,
    the_namespace_has_to_exist,
    a_deleted_object_answers_success,
    dependents_of_a_deleted_owner_go,
    dependents_go_first_when_asked,
    orphans_stay,
    a_namespace_takes_all_with_it,
];

async fn a_second_object_of_a_name_is_refused(at: At) {
    at.create("configmaps", config_map("a", json!({}))).await;
    let refused = at
        .try_create("configmaps", config_map("a", json!({})))
        .await
        .expect_err("it exists");
    assert_eq!(
        (refused.code, refused.reason.as_str()),
        (409, "AlreadyExists")
    );
    assert_eq!(refused.message, "configmaps \"a\" already exists");
}

async fn a_missing_object_is_named(at: At) {
    let refused = at.try_get("deployments/a").await.expect_err("missing");
    assert_eq!((refused.code, refused.reason.as_str()), (404, "NotFound"));
    assert_eq!(refused.message, "deployments.apps \"a\" not found");
}

async fn a_missing_resource_is_said_so(at: At) {
    let refused = at
        .try_get("example.com/nothings/a")
        .await
        .expect_err("missing");
    assert_eq!(refused.code, 404);
}

async fn a_stale_update_conflicts(at: At) {
    let old = at
        .create("configmaps", config_map("a", json!({"x": "1"})))
        .await;
    at.patch("merge", "configmaps/a", json!({"data": {"x": "2"}}))
        .await;
    let refused = at.try_put("configmaps/a", &old).await.expect_err("stale");
    assert_eq!((refused.code, refused.reason.as_str()), (409, "Conflict"));
    assert_eq!(
        refused.message,
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again"
    );
}

async fn an_update_without_changes_keeps_its_version(at: At) {
    let old = at
        .create("configmaps", config_map("a", json!({"x": "1"})))
        .await;
    let new = at.put("configmaps/a", &old).await;
    assert_eq!(
        old["metadata"]["resourceVersion"],
        new["metadata"]["resourceVersion"]
    );
}

async fn the_generation_counts_changes_of_the_spec(at: At) {
    at.create("deployments", deployment("a", 0)).await;
    let labelled = at
        .patch(
            "merge",
            "deployments/a",
            json!({"metadata": {"labels": {"x": "y"}}}),
        )
        .await;
    assert_eq!(labelled["metadata"]["generation"], 1);
    let changed = at
        .patch(
            "merge",
            "deployments/a",
            json!({"spec": {"minReadySeconds": 1}}),
        )
        .await;
    assert_eq!(changed["metadata"]["generation"], 2);
}

async fn an_update_cannot_touch_the_status(at: At) {
    at.create("deployments", deployment("a", 0)).await;
    at.until("deployments/a", |object| {
        object["status"]["observedGeneration"] == 1
    })
    .await;
    let object = at
        .patch("merge", "deployments/a", json!({"status": {"replicas": 9}}))
        .await;
    assert_ne!(object["status"]["replicas"], 9);
}

fn held(name: &str) -> Value {
    let mut body = config_map(name, json!({}));
    body["metadata"]["finalizers"] = json!(["example.com/hold"]);
    body
}

async fn a_finalizer_holds_a_deleted_object(at: At) {
    at.create("configmaps", held("a")).await;
    let marked = at.delete("configmaps/a").await;
    assert!(
        marked["metadata"]["deletionTimestamp"].is_string(),
        "{marked}"
    );
    assert_eq!(marked["metadata"]["deletionGracePeriodSeconds"], 0);
    at.get("configmaps/a").await;
    at.patch(
        "merge",
        "configmaps/a",
        json!({"metadata": {"finalizers": null}}),
    )
    .await;
    assert_eq!(
        at.try_get("configmaps/a").await.expect_err("gone").code,
        404
    );
}

async fn no_finalizer_may_come_after_deletion(at: At) {
    at.create("configmaps", held("a")).await;
    at.delete("configmaps/a").await;
    let more = json!({"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}});
    let refused = at
        .try_patch("merge", "configmaps/a", more)
        .await
        .expect_err("too late");
    assert_eq!(refused.code, 422);
    assert!(refused.message.contains("metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted"), "{}", refused.message);
    at.patch(
        "merge",
        "configmaps/a",
        json!({"metadata": {"finalizers": null}}),
    )
    .await;
}

async fn a_deletion_can_name_its_uid(at: At) {
    at.create("configmaps", config_map("a", json!({}))).await;
    let refused = at
        .try_delete("configmaps/a", json!({"preconditions": {"uid": "other"}}))
        .await
        .expect_err("another");
    assert_eq!((refused.code, refused.reason.as_str()), (409, "Conflict"));
    assert!(
        refused
            .message
            .contains("the UID in the precondition (other) does not match the UID in record ("),
        "{}",
        refused.message
    );
}

async fn a_collection_is_deleted_by_its_selector(at: At) {
    for (name, on) in [("a", "yes"), ("b", "no")] {
        let mut body = config_map(name, json!({}));
        body["metadata"]["labels"] = json!({"on": on});
        at.create("configmaps", body).await;
    }
    at.try_delete("configmaps?labelSelector=on%3Dyes", Value::Null)
        .await
        .expect("deleted");
    assert_eq!(
        at.try_get("configmaps/a").await.expect_err("gone").code,
        404
    );
    at.get("configmaps/b").await;
}

async fn a_dry_run_deletes_nothing(at: At) {
    at.create("configmaps", config_map("a", json!({}))).await;
    at.delete("configmaps/a?dryRun=All").await;
    at.get("configmaps/a").await;
}

async fn a_dry_run_creates_nothing(at: At) {
    let object = at
        .create("configmaps?dryRun=All", config_map("a", json!({})))
        .await;
    assert!(object["metadata"]["uid"].is_string());
    assert_eq!(
        at.try_get("configmaps/a").await.expect_err("not made").code,
        404
    );
}

async fn the_body_has_to_fit_the_path(at: At) {
    at.create("configmaps", config_map("a", json!({}))).await;
    assert_eq!(
        at.try_put("configmaps/a", &config_map("b", json!({})))
            .await
            .expect_err("another name")
            .code,
        400
    );
    let refused = at
        .try_create("configmaps", deployment("a", 0))
        .await
        .expect_err("another kind");
    assert_eq!(refused.code, 400);
    let mut elsewhere = config_map("c", json!({}));
    elsewhere["metadata"]["namespace"] = json!("elsewhere");
    assert_eq!(
        at.try_create("configmaps", elsewhere)
            .await
            .expect_err("another namespace")
            .code,
        400
    );
}

async fn the_namespace_has_to_exist(at: At) {
    let at = At {
        namespace: "nowhere".to_owned(),
        ..at
    };
    let refused = at
        .try_create("configmaps", config_map("a", json!({})))
        .await
        .expect_err("nowhere");
    assert_eq!(
        (refused.code, refused.message.as_str()),
        (404, "namespaces \"nowhere\" not found")
    );
}

async fn a_deleted_object_answers_success(at: At) {
    let made = at.create("configmaps", config_map("a", json!({}))).await;
    let answer = at.delete("configmaps/a").await;
    assert_eq!(
        (&answer["kind"], &answer["status"]),
        (&json!("Status"), &json!("Success"))
    );
    assert_eq!(
        answer["details"],
        json!({"name": "a", "kind": "configmaps", "uid": made["metadata"]["uid"]})
    );
}

/// An owner and an object that it owns.
async fn family(at: &At) {
    let owner = at
        .create("configmaps", config_map("owner", json!({})))
        .await;
    let mut body = config_map("child", json!({}));
    body["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"],
        "blockOwnerDeletion": true,
    }]);
    at.create("configmaps", body).await;
}

async fn dependents_of_a_deleted_owner_go(at: At) {
    family(&at).await;
    at.try_delete(
        "configmaps/owner",
        json!({"propagationPolicy": "Background"}),
    )
    .await
    .expect("deleted");
    at.until_gone("configmaps/child").await;
}

async fn dependents_go_first_when_asked(at: At) {
    family(&at).await;
    at.patch(
        "merge",
        "configmaps/child",
        json!({"metadata": {"finalizers": ["example.com/hold"]}}),
    )
    .await;
    at.try_delete(
        "configmaps/owner",
        json!({"propagationPolicy": "Foreground"}),
    )
    .await
    .expect("marked");
    let child = at
        .until("configmaps/child", |child| {
            child["metadata"]["deletionTimestamp"].is_string()
        })
        .await;
    assert_eq!(child["metadata"]["finalizers"], json!(["example.com/hold"]));
    assert_eq!(
        at.get("configmaps/owner").await["metadata"]["finalizers"],
        json!(["foregroundDeletion"])
    );
    at.patch(
        "merge",
        "configmaps/child",
        json!({"metadata": {"finalizers": null}}),
    )
    .await;
    at.until_gone("configmaps/owner").await;
}

async fn orphans_stay(at: At) {
    family(&at).await;
    at.try_delete("configmaps/owner", json!({"propagationPolicy": "Orphan"}))
        .await
        .expect("marked");
    at.until_gone("configmaps/owner").await;
    at.until("configmaps/child", |child| {
        child["metadata"]["ownerReferences"].is_null()
    })
    .await;
}

async fn a_namespace_takes_all_with_it(at: At) {
    let mut waiting = pod("a");
    waiting["spec"]["schedulerName"] = json!("nobody");
    at.create("pods", waiting).await;
    at.create("configmaps", held("held")).await;
    let name = format!("namespaces/{}", at.namespace);
    at.delete(&name).await;
    let refused = at
        .try_create("configmaps", config_map("late", json!({})))
        .await
        .expect_err("terminating");
    assert_eq!(refused.code, 403);
    assert!(
        refused.message.ends_with("because it is being terminated"),
        "{}",
        refused.message
    );
    at.until_gone("pods/a").await;
    at.patch(
        "merge",
        "configmaps/held",
        json!({"metadata": {"finalizers": null}}),
    )
    .await;
    at.until_gone(&name).await;
}
