//! Rollouts that do not come to an end, and the ways out of them; who sets a size.

use serde_json::{Value, json};

use super::behaviours;
use super::harness::{At, deployment};

behaviours![
    a_stuck_rollout_keeps_its_old_pods,
    a_stuck_rollout_says_so_after_its_deadline,
    a_stuck_rollout_goes_back_to_its_old_replica_set,
    a_stuck_rollout_goes_on_with_the_next_version,
    an_applied_size_belongs_to_who_applied_the_scale,
    a_stale_scale_conflicts,
    a_negative_scale_is_refused,
    a_status_cannot_change_the_spec,
];

/// A version whose pods no node can take.
fn stuck() -> Value {
    json!({"spec": {"template": {"spec": {"nodeSelector": {"no": "where"}}}}})
}

/// A rollout of three pods that is stuck in its second version.
async fn rollout(at: &At) -> Value {
    let mut body = deployment("web", 3);
    body["spec"]["progressDeadlineSeconds"] = json!(3);
    at.create("deployments", body).await;
    at.until("deployments/web", |one| {
        one["status"]["availableReplicas"] == 3
    })
    .await;
    at.patch("merge", "deployments/web", stuck()).await;
    at.until("deployments/web", |one| {
        one["status"]["observedGeneration"] == 2 && one["status"]["updatedReplicas"] == 1
    })
    .await
}

fn progressing(deployment: &Value) -> Value {
    let conditions = deployment["status"]["conditions"].as_array();
    let mut conditions = conditions.into_iter().flatten();
    conditions
        .find(|one| one["type"] == "Progressing")
        .cloned()
        .unwrap_or_default()
}

async fn a_stuck_rollout_keeps_its_old_pods(at: At) {
    rollout(&at).await;
    at.rest().await;
    let now = at.get("deployments/web").await;
    let status = &now["status"];
    assert_eq!(
        (
            &status["replicas"],
            &status["availableReplicas"],
            &status["unavailableReplicas"]
        ),
        (&json!(4), &json!(3), &json!(1)),
        "{status}"
    );
}

async fn a_stuck_rollout_says_so_after_its_deadline(at: At) {
    rollout(&at).await;
    let late = at
        .until("deployments/web", |one| {
            progressing(one)["status"] == "False"
        })
        .await;
    let condition = progressing(&late);
    assert_eq!(condition["reason"], "ProgressDeadlineExceeded");
    let message = condition["message"].as_str().unwrap_or_default();
    assert!(
        message.starts_with("ReplicaSet \"web-")
            && message.ends_with("\" has timed out progressing."),
        "{message}"
    );
}

async fn a_stuck_rollout_goes_back_to_its_old_replica_set(at: At) {
    rollout(&at).await;
    let back = json!({"spec": {"template": {"spec": {"nodeSelector": null}}}});
    at.patch("merge", "deployments/web", back).await;
    let done = at
        .until("deployments/web", |one| {
            one["status"]["observedGeneration"] == 3
                && one["status"]["updatedReplicas"] == 3
                && one["status"]["replicas"] == 3
        })
        .await;
    assert_eq!(
        done["metadata"]["annotations"]["deployment.kubernetes.io/revision"],
        "3"
    );
    let sets = at.get("replicasets").await;
    let sets = sets["items"].as_array().cloned().unwrap_or_default();
    let active: Vec<_> = sets
        .iter()
        .filter(|one| one["spec"]["replicas"] == 3)
        .collect();
    let [active] = active.as_slice() else {
        panic!("one of {} has all pods", sets.len())
    };
    assert_eq!(sets.len(), 2);
    assert_eq!(
        active["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"],
        "1"
    );
}

async fn a_stuck_rollout_goes_on_with_the_next_version(at: At) {
    rollout(&at).await;
    let next = json!({"spec": {"template": {
        "metadata": {"labels": {"try": "third"}}, "spec": {"nodeSelector": null},
    }}});
    at.patch("merge", "deployments/web", next).await;
    at.until("deployments/web", |one| {
        one["status"]["observedGeneration"] == 3
            && one["status"]["updatedReplicas"] == 3
            && one["status"]["availableReplicas"] == 3
            && one["status"]["replicas"] == 3
    })
    .await;
}

fn scale(replicas: i64) -> Value {
    json!({
        "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "web"},
        "spec": {"replicas": replicas},
    })
}

async fn an_applied_size_belongs_to_who_applied_the_scale(at: At) {
    at.create("deployments", deployment("web", 1)).await;
    let what = "deployments/web/scale?force=true";
    at.apply("handover", what, scale(2)).await;
    let now = at.get("deployments/web").await;
    assert_eq!(now["spec"]["replicas"], 2);
    let entries = now["metadata"]["managedFields"].as_array();
    let entry = entries
        .into_iter()
        .flatten()
        .find(|one| one["manager"] == "handover")
        .expect("the manager");
    assert_eq!(
        (
            &entry["operation"],
            &entry["subresource"],
            &entry["apiVersion"]
        ),
        (&json!("Apply"), &json!("scale"), &json!("apps/v1"))
    );
    assert_eq!(entry["fieldsV1"], json!({"f:spec": {"f:replicas": {}}}));
    for refused in [
        at.try_apply("other", "deployments/web/scale", scale(3))
            .await,
        at.try_apply("other", "deployments/web", deployment("web", 3))
            .await,
    ] {
        let refused = refused.expect_err("it is somebody's");
        assert_eq!(refused.code, 409);
        assert!(
            refused
                .message
                .contains("conflict with \"handover\" with subresource \"scale\": .spec.replicas")
                || refused.message.contains(
                    "conflicts with \"handover\" with subresource \"scale\":\n- .spec.replicas"
                ),
            "{}",
            refused.message
        );
    }
}

async fn a_stale_scale_conflicts(at: At) {
    at.create("deployments", deployment("web", 1)).await;
    let mut scale = at.get("deployments/web/scale").await;
    scale["metadata"]["resourceVersion"] = json!("1");
    let refused = at
        .try_put("deployments/web/scale", &scale)
        .await
        .expect_err("it is stale");
    assert_eq!(refused.code, 409);
    assert_eq!(
        refused.message,
        "Operation cannot be fulfilled on deployments.apps \"web\": the object has been modified; please apply your changes to the latest version and try again"
    );
}

async fn a_negative_scale_is_refused(at: At) {
    at.create("deployments", deployment("web", 1)).await;
    let less = json!({"spec": {"replicas": -1}});
    let refused = at
        .try_patch("merge", "deployments/web/scale", less)
        .await
        .expect_err("below nothing");
    assert_eq!(
        refused.message,
        "Scale.autoscaling \"web\" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0"
    );
}

async fn a_status_cannot_change_the_spec(at: At) {
    let mut body = deployment("web", 1);
    body["spec"]["paused"] = json!(true);
    at.create("deployments", body).await;
    let mut changed = at
        .until("deployments/web", |one| {
            one["status"]["observedGeneration"] == 1
        })
        .await;
    changed["spec"]["replicas"] = json!(5);
    changed["metadata"]["labels"] = json!({"new": "label"});
    changed["metadata"]
        .as_object_mut()
        .expect("metadata")
        .shift_remove("resourceVersion");
    changed["status"]["collisionCount"] = json!(7);
    let written = at.put("deployments/web/status", &changed).await;
    assert_eq!(written["spec"]["replicas"], 1);
    assert_eq!(written["metadata"].get("labels"), None);
    assert_eq!(written["metadata"]["generation"], 1);
    assert_eq!(written["status"]["collisionCount"], 7);
}
