//! Defaults of workloads, claims and autoscalers.

use serde_json::{Value, json};

use super::{items, pod, present, put};

/// A Deployment's spec.
pub fn deployment(spec: &mut Value) {
    put(spec, "replicas", 1);
    put(spec, "strategy", json!({}));
    put(&mut spec["strategy"], "type", "RollingUpdate");
    if spec["strategy"]["type"] == "RollingUpdate" {
        put(&mut spec["strategy"], "rollingUpdate", json!({}));
        put(
            &mut spec["strategy"]["rollingUpdate"],
            "maxUnavailable",
            "25%",
        );
        put(&mut spec["strategy"]["rollingUpdate"], "maxSurge", "25%");
    }
    put(spec, "revisionHistoryLimit", 10);
    put(spec, "progressDeadlineSeconds", 600);
    pod::template(&mut spec["template"]);
}

/// A `ReplicaSet`'s spec.
pub fn replica_set(spec: &mut Value) {
    put(spec, "replicas", 1);
    pod::template(&mut spec["template"]);
}

/// The first version in which stateful sets have a `maxUnavailable` without a feature gate.
const MAX_UNAVAILABLE_SINCE: u16 = 35;

/// A `StatefulSet`'s spec.
pub fn stateful_set(spec: &mut Value, minor: u16) {
    put(spec, "replicas", 1);
    put(spec, "podManagementPolicy", "OrderedReady");
    put(spec, "updateStrategy", json!({}));
    put(&mut spec["updateStrategy"], "type", "RollingUpdate");
    if spec["updateStrategy"]["type"] == "RollingUpdate" {
        put(&mut spec["updateStrategy"], "rollingUpdate", json!({}));
        put(&mut spec["updateStrategy"]["rollingUpdate"], "partition", 0);
        if minor >= MAX_UNAVAILABLE_SINCE {
            put(
                &mut spec["updateStrategy"]["rollingUpdate"],
                "maxUnavailable",
                1,
            );
        }
    }
    put(spec, "persistentVolumeClaimRetentionPolicy", json!({}));
    put(
        &mut spec["persistentVolumeClaimRetentionPolicy"],
        "whenDeleted",
        "Retain",
    );
    put(
        &mut spec["persistentVolumeClaimRetentionPolicy"],
        "whenScaled",
        "Retain",
    );
    put(spec, "revisionHistoryLimit", 10);
    for template in items(spec, "volumeClaimTemplates") {
        put(template, "apiVersion", "v1");
        put(template, "kind", "PersistentVolumeClaim");
        claim(&mut template["spec"]);
        put(template, "status", json!({"phase": "Pending"}));
    }
    pod::template(&mut spec["template"]);
}

/// A `DaemonSet`'s spec.
pub fn daemon_set(spec: &mut Value) {
    put(spec, "updateStrategy", json!({}));
    put(&mut spec["updateStrategy"], "type", "RollingUpdate");
    if spec["updateStrategy"]["type"] == "RollingUpdate" {
        put(&mut spec["updateStrategy"], "rollingUpdate", json!({}));
        put(
            &mut spec["updateStrategy"]["rollingUpdate"],
            "maxUnavailable",
            1,
        );
        put(&mut spec["updateStrategy"]["rollingUpdate"], "maxSurge", 0);
    }
    put(spec, "revisionHistoryLimit", 10);
    pod::template(&mut spec["template"]);
}

/// A Job's spec.
pub fn job(spec: &mut Value) {
    if spec["completions"].is_null() && spec["parallelism"].is_null() {
        put(spec, "completions", 1);
    }
    put(spec, "parallelism", 1);
    let per_index = !spec["backoffLimitPerIndex"].is_null();
    put(spec, "backoffLimit", if per_index { i32::MAX } else { 6 });
    put(spec, "completionMode", "NonIndexed");
    put(spec, "suspend", false);
    let replacement = if spec["podFailurePolicy"].is_null() {
        "TerminatingOrFailed"
    } else {
        "Failed"
    };
    put(spec, "podReplacementPolicy", replacement);
    for rule in present(spec, "podFailurePolicy")
        .into_iter()
        .flat_map(|policy| items(policy, "rules"))
    {
        items(rule, "onPodConditions").for_each(|one| put(one, "status", "True"));
    }
    pod::template(&mut spec["template"]);
    if let Some(fields) = spec.as_object_mut()
        && fields.get("podFailurePolicy").is_some_and(Value::is_null)
    {
        fields.shift_remove("podFailurePolicy");
    }
}

/// A `CronJob`'s spec.
pub fn cron_job(spec: &mut Value) {
    put(spec, "concurrencyPolicy", "Allow");
    put(spec, "suspend", false);
    put(spec, "successfulJobsHistoryLimit", 3);
    put(spec, "failedJobsHistoryLimit", 1);
    // The job itself gets its defaults when it is created; its pods get theirs here.
    let template = &mut spec["jobTemplate"]["spec"];
    if template.is_object() {
        pod::template(&mut template["template"]);
    }
}

/// A claim's spec.
pub fn claim(spec: &mut Value) {
    put(spec, "volumeMode", "Filesystem");
}

/// An autoscaler's spec.
pub fn autoscaler(spec: &mut Value) {
    put(spec, "minReplicas", 1);
    let cpu = json!({"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}});
    put(spec, "metrics", json!([cpu]));
    let Some(behavior) = present(spec, "behavior") else {
        return;
    };
    let policy =
        |kind: &str, value: i32| json!({"type": kind, "value": value, "periodSeconds": 15});
    if behavior["scaleUp"].is_null() {
        behavior["scaleUp"] = json!({});
    }
    put(&mut behavior["scaleUp"], "stabilizationWindowSeconds", 0);
    put(&mut behavior["scaleUp"], "selectPolicy", "Max");
    put(
        &mut behavior["scaleUp"],
        "policies",
        json!([policy("Pods", 4), policy("Percent", 100)]),
    );
    if behavior["scaleDown"].is_null() {
        behavior["scaleDown"] = json!({});
    }
    put(&mut behavior["scaleDown"], "selectPolicy", "Max");
    put(
        &mut behavior["scaleDown"],
        "policies",
        json!([policy("Percent", 100)]),
    );
}
