//! Admission plugins: quotas, limit ranges, Pod Security, service accounts, priorities, budgets.

use serde_json::{Value, json};

use super::behaviours;
use super::harness::{At, pod};

behaviours![
    a_quota_counts_objects,
    a_quota_counts_what_pods_ask_for,
    a_quota_on_cpu_makes_requests_a_duty,
    a_limit_range_fills_in_amounts,
    a_limit_range_bounds_amounts,
    a_restricted_namespace_refuses_a_bare_pod,
    a_baseline_namespace_refuses_the_host_network,
    a_service_account_has_to_exist,
    a_priority_class_has_to_exist,
    a_pod_gets_account_priority_and_tolerations,
    a_budget_holds_back_an_eviction,
    a_token_is_issued,
];

async fn quota(at: &At, hard: Value) {
    let body = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": hard}});
    at.create("resourcequotas", body).await;
    // A real server counts only once its controller has seen the quota.
    at.rest().await;
}

fn asking(name: &str, cpu: &str) -> Value {
    let mut body = pod(name);
    body["spec"]["schedulerName"] = json!("nobody");
    body["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": cpu}});
    body
}

async fn a_quota_counts_objects(at: At) {
    quota(&at, json!({"secrets": "1"})).await;
    let secret =
        |name: &str| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}});
    at.create("secrets", secret("a")).await;
    let refused = at
        .try_create("secrets", secret("b"))
        .await
        .expect_err("too many");
    assert_eq!((refused.code, refused.reason.as_str()), (403, "Forbidden"));
    assert_eq!(
        refused.message,
        "secrets \"b\" is forbidden: exceeded quota: q, requested: secrets=1, used: secrets=1, limited: secrets=1"
    );
}

async fn a_quota_counts_what_pods_ask_for(at: At) {
    quota(&at, json!({"requests.cpu": "1", "pods": "5"})).await;
    at.create("pods", asking("a", "600m")).await;
    let refused = at
        .try_create("pods", asking("b", "600m"))
        .await
        .expect_err("too much");
    assert_eq!(
        refused.message,
        "pods \"b\" is forbidden: exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1"
    );
}

async fn a_quota_on_cpu_makes_requests_a_duty(at: At) {
    quota(&at, json!({"requests.cpu": "1", "limits.memory": "1Gi"})).await;
    let refused = at
        .try_create("pods", pod("a"))
        .await
        .expect_err("no requests");
    assert_eq!(
        refused.message,
        "pods \"a\" is forbidden: failed quota: q: must specify limits.memory for: main; requests.cpu for: main"
    );
}

async fn limits(at: &At, limit: Value) {
    let body = json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l"}, "spec": {"limits": [limit]}});
    at.create("limitranges", body).await;
    // A real server sees it a moment later.
    at.rest().await;
}

async fn a_limit_range_fills_in_amounts(at: At) {
    limits(&at, json!({"type": "Container", "default": {"memory": "256Mi"}, "defaultRequest": {"cpu": "100m"}})).await;
    let object = at.create("pods", pod("a")).await;
    assert_eq!(
        object["spec"]["containers"][0]["resources"],
        json!({"limits": {"memory": "256Mi"}, "requests": {"cpu": "100m", "memory": "256Mi"}})
    );
}

async fn a_limit_range_bounds_amounts(at: At) {
    limits(
        &at,
        json!({"type": "Container", "max": {"cpu": "1"}, "min": {"cpu": "100m"}}),
    )
    .await;
    let mut body = pod("a");
    body["spec"]["containers"][0]["resources"] =
        json!({"requests": {"cpu": "50m"}, "limits": {"cpu": "2"}});
    let refused = at
        .try_create("pods", body)
        .await
        .expect_err("out of bounds");
    assert_eq!(refused.code, 403);
    for part in [
        "minimum cpu usage per Container is 100m, but request is 50m",
        "maximum cpu usage per Container is 1, but limit is 2",
    ] {
        assert!(refused.message.contains(part), "{}", refused.message);
    }
}

async fn level(at: &At, level: &str) {
    let patch = json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": level}}});
    at.patch("merge", &format!("namespaces/{}", at.namespace), patch)
        .await;
    at.rest().await;
}

async fn a_restricted_namespace_refuses_a_bare_pod(at: At) {
    level(&at, "restricted").await;
    let refused = at
        .try_create("pods", pod("a"))
        .await
        .expect_err("not restricted");
    assert_eq!(refused.code, 403);
    assert_eq!(
        refused.message,
        "pods \"a\" is forbidden: violates PodSecurity \"restricted:latest\": allowPrivilegeEscalation != false (container \"main\" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container \"main\" must set securityContext.capabilities.drop=[\"ALL\"]), runAsNonRoot != true (pod or container \"main\" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container \"main\" must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")"
    );
}

async fn a_baseline_namespace_refuses_the_host_network(at: At) {
    level(&at, "baseline").await;
    let mut body = pod("a");
    body["spec"]["hostNetwork"] = json!(true);
    body["spec"]["containers"][0]["securityContext"] = json!({"privileged": true});
    let refused = at.try_create("pods", body).await.expect_err("not baseline");
    assert_eq!(
        refused.message,
        "pods \"a\" is forbidden: violates PodSecurity \"baseline:latest\": host namespaces (hostNetwork=true), privileged (container \"main\" must not set securityContext.privileged=true)"
    );
    at.create("pods", pod("b")).await;
}

async fn a_service_account_has_to_exist(at: At) {
    let mut body = pod("a");
    body["spec"]["serviceAccountName"] = json!("ghost");
    let refused = at.try_create("pods", body).await.expect_err("no account");
    let namespace = &at.namespace;
    assert_eq!(
        refused.message,
        format!(
            "pods \"a\" is forbidden: error looking up service account {namespace}/ghost: serviceaccount \"ghost\" not found"
        )
    );
}

async fn a_priority_class_has_to_exist(at: At) {
    let mut body = pod("a");
    body["spec"]["priorityClassName"] = json!("ghost");
    let refused = at.try_create("pods", body).await.expect_err("no class");
    assert_eq!(
        refused.message,
        "pods \"a\" is forbidden: no PriorityClass with name ghost was found"
    );
}

async fn a_pod_gets_account_priority_and_tolerations(at: At) {
    let spec = at.create("pods", pod("a")).await["spec"].clone();
    assert_eq!(
        (&spec["serviceAccountName"], &spec["priority"]),
        (&json!("default"), &json!(0))
    );
    assert_eq!(spec["preemptionPolicy"], "PreemptLowerPriority");
    let keys: Vec<&Value> = spec["tolerations"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| &one["key"])
        .collect();
    assert_eq!(
        keys,
        [
            "node.kubernetes.io/not-ready",
            "node.kubernetes.io/unreachable"
        ]
    );
}

async fn a_budget_holds_back_an_eviction(at: At) {
    at.create("pods", pod("a")).await;
    at.until("pods/a", |pod| pod["status"]["phase"] == "Running")
        .await;
    at.create(
        "poddisruptionbudgets",
        json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b"},
            "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "a"}}},
        }),
    )
    .await;
    at.until("poddisruptionbudgets/b", |budget| {
        budget["status"]["observedGeneration"] == 1 && budget["status"]["currentHealthy"] == 1
    })
    .await;
    let eviction =
        json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "a"}});
    let refused = at
        .try_create("pods/a/eviction", eviction)
        .await
        .expect_err("held back");
    assert_eq!(
        (refused.code, refused.reason.as_str()),
        (429, "TooManyRequests")
    );
    assert_eq!(
        refused.message,
        "Cannot evict pod as it would violate the pod's disruption budget."
    );
}

async fn a_token_is_issued(at: At) {
    let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}});
    let answer = at.create("serviceaccounts/default/token", body).await;
    assert!(
        answer["status"]["token"]
            .as_str()
            .is_some_and(|token| !token.is_empty())
    );
    assert!(answer["status"]["expirationTimestamp"].is_string());
}
