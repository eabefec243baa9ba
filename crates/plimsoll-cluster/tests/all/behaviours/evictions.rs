//! Evictions: what a drain asks for, and what budgets answer.

use serde_json::{Value, json};

use super::behaviours;
use super::harness::{At, Refused, deployment, pod};

behaviours![
    an_eviction_without_a_budget_deletes,
    an_eviction_of_a_missing_pod_is_not_found,
    a_budget_lets_as_many_go_as_it_can_spare,
    a_dry_eviction_uses_nothing_up,
    an_eviction_can_name_its_uid,
    a_pending_pod_is_always_let_go,
    two_budgets_over_one_pod_are_an_error,
    a_drain_during_a_rollout_leaves_enough_pods,
];

async fn evict(at: &At, name: &str, options: Value) -> Result<Value, Refused> {
    let body = json!({
        "apiVersion": "policy/v1", "kind": "Eviction",
        "metadata": {"name": name, "namespace": at.namespace}, "deleteOptions": options,
    });
    at.try_create(&format!("pods/{name}/eviction"), body).await
}

async fn budget(at: &At, name: &str, app: &str, least: i64) {
    let body = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name},
        "spec": {"minAvailable": least, "selector": {"matchLabels": {"app": app}}},
    });
    at.create("poddisruptionbudgets", body).await;
}

async fn running(at: &At, names: &[&str]) {
    for name in names {
        let mut body = pod(name);
        body["metadata"]["labels"] = json!({"app": "web"});
        at.create("pods", body).await;
    }
    for name in names {
        at.until(&format!("pods/{name}"), is_ready).await;
    }
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    conditions
        .into_iter()
        .any(|one| one["type"] == "Ready" && one["status"] == "True")
}

async fn spares(at: &At, name: &str, count: i64) {
    at.until(&format!("poddisruptionbudgets/{name}"), |one| {
        one["status"]["disruptionsAllowed"].as_i64() == Some(count)
            && one["status"]["observedGeneration"] == 1
    })
    .await;
}

fn is_leaving(found: &Result<Value, Refused>) -> bool {
    match found {
        Ok(pod) => pod["metadata"]["deletionTimestamp"].is_string(),
        Err(refused) => refused.code == 404,
    }
}

async fn an_eviction_without_a_budget_deletes(at: At) {
    running(&at, &["a"]).await;
    let answer = evict(&at, "a", Value::Null).await.expect("nobody objects");
    assert_eq!(answer["status"], "Success");
    assert!(is_leaving(&at.try_get("pods/a").await));
}

async fn an_eviction_of_a_missing_pod_is_not_found(at: At) {
    let refused = evict(&at, "a", Value::Null).await.expect_err("missing");
    assert_eq!(
        (refused.code, refused.message.as_str()),
        (404, "pods \"a\" not found")
    );
}

async fn a_budget_lets_as_many_go_as_it_can_spare(at: At) {
    running(&at, &["a", "b"]).await;
    budget(&at, "keep", "web", 1).await;
    spares(&at, "keep", 1).await;
    evict(&at, "a", Value::Null)
        .await
        .expect("one can be spared");
    let refused = evict(&at, "b", Value::Null)
        .await
        .expect_err("the other cannot");
    assert_eq!(
        (refused.code, refused.reason.as_str()),
        (429, "TooManyRequests")
    );
    assert_eq!(
        refused.message,
        "Cannot evict pod as it would violate the pod's disruption budget."
    );
}

async fn a_dry_eviction_uses_nothing_up(at: At) {
    running(&at, &["a", "b"]).await;
    budget(&at, "keep", "web", 1).await;
    spares(&at, "keep", 1).await;
    for _ in 0..3 {
        evict(&at, "a", json!({"dryRun": ["All"]}))
            .await
            .expect("one could be spared");
    }
    assert!(!is_leaving(&at.try_get("pods/a").await));
    let budget = at.get("poddisruptionbudgets/keep").await;
    assert_eq!(budget["status"]["disruptionsAllowed"], 1);
}

async fn an_eviction_can_name_its_uid(at: At) {
    running(&at, &["a"]).await;
    let refused = evict(&at, "a", json!({"preconditions": {"uid": "another"}}))
        .await
        .expect_err("another pod is meant");
    assert_eq!((refused.code, refused.reason.as_str()), (409, "Conflict"));
    assert!(
        refused
            .message
            .contains("the UID in the precondition (another) does not match the UID in record"),
        "{}",
        refused.message
    );
    assert!(!is_leaving(&at.try_get("pods/a").await));
}

async fn a_pending_pod_is_always_let_go(at: At) {
    let mut body = pod("a");
    body["metadata"]["labels"] = json!({"app": "web"});
    body["spec"]["nodeSelector"] = json!({"no": "where"});
    at.create("pods", body).await;
    budget(&at, "keep", "web", 1).await;
    spares(&at, "keep", 0).await;
    evict(&at, "a", Value::Null)
        .await
        .expect("it serves nobody");
    assert!(is_leaving(&at.try_get("pods/a").await));
}

async fn two_budgets_over_one_pod_are_an_error(at: At) {
    running(&at, &["a", "b"]).await;
    budget(&at, "one", "web", 1).await;
    budget(&at, "two", "web", 1).await;
    spares(&at, "two", 1).await;
    let refused = evict(&at, "a", Value::Null).await.expect_err("too many");
    assert_eq!(refused.code, 500);
    assert_eq!(
        refused.message,
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
    );
}

/// Every pod of the old version is evicted while the new one comes: the budget holds at each step.
async fn a_drain_during_a_rollout_leaves_enough_pods(at: At) {
    at.create("deployments", deployment("web", 4)).await;
    at.until("deployments/web", |one| {
        one["status"]["availableReplicas"] == 4
    })
    .await;
    budget(&at, "keep", "web", 3).await;
    spares(&at, "keep", 1).await;
    let image = json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "example.com/main:2"}]}}}});
    at.patch("strategic", "deployments/web", image).await;
    let mut evicted = 0;
    for _ in 0..40 {
        let pods = at.get("pods?labelSelector=app%3Dweb").await;
        let pods = pods["items"].as_array().cloned().unwrap_or_default();
        let ready = pods
            .iter()
            .filter(|one| is_ready(one) && !one["metadata"]["deletionTimestamp"].is_string());
        let ready: Vec<&str> = ready
            .filter_map(|one| one["metadata"]["name"].as_str())
            .collect();
        assert!(ready.len() >= 3, "{ready:?}");
        if let Some(name) = ready.first()
            && evict(&at, name, Value::Null).await.is_ok()
        {
            evicted += 1;
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    assert!(evicted > 0, "the budget never spared a pod");
    at.until("deployments/web", |one| {
        one["status"]["availableReplicas"] == 4 && one["status"]["updatedReplicas"] == 4
    })
    .await;
}
