//! Unknown fields and values of the wrong form.

use serde_json::json;

use super::behaviours;
use super::harness::{At, deployment, service};

behaviours![
    a_strict_request_refuses_an_unknown_field,
    a_strict_request_names_every_unknown_field,
    unknown_fields_are_dropped_when_nobody_asks,
    unknown_fields_are_dropped_when_ignored,
    a_text_is_no_number,
    a_number_is_no_text,
    a_null_counts_as_absent,
    a_strict_update_is_checked_too,
];

async fn a_strict_request_refuses_an_unknown_field(at: At) {
    let mut body = deployment("a", 0);
    body["spec"]["replcas"] = json!(1);
    let refused = at
        .try_create("deployments?fieldValidation=Strict", body)
        .await
        .expect_err("unknown");
    assert_eq!((refused.code, refused.reason.as_str()), (400, "BadRequest"));
    assert!(
        refused
            .message
            .ends_with("strict decoding error: unknown field \"spec.replcas\""),
        "{}",
        refused.message
    );
    assert!(
        refused
            .message
            .starts_with("Deployment in version \"v1\" cannot be handled as a Deployment: "),
        "{}",
        refused.message
    );
}

async fn a_strict_request_names_every_unknown_field(at: At) {
    let mut body = deployment("a", 0);
    body["spec"]["template"]["spec"]["containers"][0]["imag"] = json!("x");
    body["metadata"]["labls"] = json!({});
    let refused = at
        .try_create("deployments?fieldValidation=Strict", body)
        .await
        .expect_err("unknown");
    for field in [
        "unknown field \"metadata.labls\"",
        "unknown field \"spec.template.spec.containers[0].imag\"",
    ] {
        assert!(refused.message.contains(field), "{}", refused.message);
    }
}

async fn unknown_fields_are_dropped_when_nobody_asks(at: At) {
    let mut body = service("a", json!([{"port": 80}]));
    body["spec"]["selectr"] = json!({});
    let object = at.create("services", body).await;
    assert!(object["spec"].get("selectr").is_none());
}

async fn unknown_fields_are_dropped_when_ignored(at: At) {
    let mut body = service("a", json!([{"port": 80, "prt": 1}]));
    body["extra"] = json!(1);
    let object = at.create("services?fieldValidation=Ignore", body).await;
    assert!(object.get("extra").is_none() && object["spec"]["ports"][0].get("prt").is_none());
}

async fn a_text_is_no_number(at: At) {
    let mut body = deployment("a", 0);
    body["spec"]["replicas"] = json!("3");
    let refused = at
        .try_create("deployments", body)
        .await
        .expect_err("wrong type");
    assert_eq!(refused.code, 400);
    assert!(
        refused.message.starts_with(
            "Deployment in version \"v1\" cannot be handled as a Deployment: json: cannot unmarshal"
        ),
        "{}",
        refused.message
    );
}

async fn a_number_is_no_text(at: At) {
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": 1}});
    assert_eq!(
        at.try_create("configmaps", body)
            .await
            .expect_err("wrong type")
            .code,
        400
    );
}

async fn a_null_counts_as_absent(at: At) {
    let mut body = deployment("a", 0);
    body["spec"]["replicas"] = json!(null);
    let object = at.create("deployments?fieldValidation=Strict", body).await;
    assert_eq!(object["spec"]["replicas"], 1);
}

async fn a_strict_update_is_checked_too(at: At) {
    let mut body = at
        .create("services", service("a", json!([{"port": 80}])))
        .await;
    body["spec"]["selectr"] = json!({});
    let refused = at
        .try_put("services/a?fieldValidation=Strict", &body)
        .await
        .expect_err("unknown");
    assert_eq!(refused.code, 400);
}
