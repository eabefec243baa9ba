//! Admission webhooks that do not answer, as after a release that removed what stood behind one.

use serde_json::{Value, json};

use super::behaviours;
use super::harness::{At, config_map};

behaviours![
    a_webhook_without_its_service_refuses,
    a_webhook_that_may_fail_lets_pass,
    a_webhook_asks_for_what_its_rules_name,
    a_webhook_chooses_its_objects,
    a_webhook_that_is_gone_refuses_no_longer,
];

/// A webhook over this namespace, with changes to what it says.
async fn webhook(at: &At, form: &str, changes: &[(&str, Value)]) -> String {
    let name = format!("{form}-{}", at.namespace).to_lowercase();
    let label = json!({"metadata": {"labels": {"hooked": at.namespace}}});
    at.patch("merge", &format!("namespaces/{}", at.namespace), label)
        .await;
    let mut hook = json!({
        "name": "check.example.com", "admissionReviewVersions": ["v1"], "sideEffects": "None",
        "timeoutSeconds": 3,
        "clientConfig": {"service": {"name": "checker", "namespace": at.namespace, "path": "/check"}},
        "namespaceSelector": {"matchLabels": {"hooked": at.namespace}},
        "rules": [{
            "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"],
            "resources": ["configmaps"],
        }],
    });
    for (field, value) in changes {
        hook[field] = value.clone();
    }
    let body = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": format!("{form}WebhookConfiguration"),
        "metadata": {"name": name}, "webhooks": [hook],
    });
    let plural = format!("{}webhookconfigurations", form.to_lowercase());
    let path = format!("/apis/admissionregistration.k8s.io/v1/{plural}");
    at.create(&path, body).await;
    // A real server asks it a moment later.
    at.rest().await;
    format!("{path}/{name}")
}

fn unreachable(at: &At) -> String {
    format!(
        "Internal error occurred: failed calling webhook \"check.example.com\": failed to call webhook: Post \"https://checker.{}.svc:443/check?timeout=3s\": service \"checker\" not found",
        at.namespace
    )
}

async fn a_webhook_without_its_service_refuses(at: At) {
    webhook(&at, "Validating", &[]).await;
    for what in ["configmaps", "configmaps?dryRun=All"] {
        let refused = at
            .try_create(what, config_map("a", json!({})))
            .await
            .expect_err("nobody answers");
        assert_eq!(
            (refused.code, refused.reason.as_str()),
            (500, "InternalError")
        );
        assert_eq!(refused.message, unreachable(&at));
    }
    let refused = at
        .try_apply("x", "configmaps/a", config_map("a", json!({})))
        .await
        .expect_err("nobody answers");
    assert_eq!(refused.message, unreachable(&at));
}

async fn a_webhook_that_may_fail_lets_pass(at: At) {
    webhook(&at, "Mutating", &[("failurePolicy", json!("Ignore"))]).await;
    at.create("configmaps", config_map("a", json!({}))).await;
}

async fn a_webhook_asks_for_what_its_rules_name(at: At) {
    webhook(&at, "Validating", &[]).await;
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}});
    at.create("secrets", secret).await;
    at.until("configmaps/kube-root-ca.crt", |_| true).await;
    let data = json!({"metadata": {"labels": {"a": "b"}}});
    at.patch("merge", "configmaps/kube-root-ca.crt", data).await;
    at.delete("secrets/a").await;
}

async fn a_webhook_chooses_its_objects(at: At) {
    let chosen = json!({"matchLabels": {"checked": "yes"}});
    webhook(&at, "Mutating", &[("objectSelector", chosen)]).await;
    at.create("configmaps", config_map("a", json!({}))).await;
    let mut body = config_map("b", json!({}));
    body["metadata"]["labels"] = json!({"checked": "yes"});
    let refused = at
        .try_create("configmaps", body)
        .await
        .expect_err("it is chosen");
    assert_eq!(refused.message, unreachable(&at));
}

async fn a_webhook_that_is_gone_refuses_no_longer(at: At) {
    let path = webhook(&at, "Validating", &[]).await;
    at.try_create("configmaps", config_map("a", json!({})))
        .await
        .expect_err("nobody answers");
    at.delete(&path).await;
    at.rest().await;
    at.create("configmaps", config_map("a", json!({}))).await;
}
