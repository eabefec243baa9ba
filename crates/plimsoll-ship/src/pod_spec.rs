//! Pods inside other objects: where their template is, and what it refers to.

use serde_json::Value;

use crate::references::{items, text};
use crate::release::ObjectKey;

/// Something in the same namespace that a pod names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Used<'a> {
    /// `Secret`, `ConfigMap` or `PersistentVolumeClaim`.
    pub kind: &'static str,
    /// Its name.
    pub name: &'a str,
}

/// The pod template of a workload, or the pod itself.
pub fn template<'a>(key: &ObjectKey, body: &'a Value) -> Option<&'a Value> {
    match (key.group(), key.kind.as_str()) {
        ("", "Pod") => Some(body),
        ("apps", _)
        | ("batch", "Job")
        | ("argoproj.io", "Rollout")
        | ("", "ReplicationController") => body.pointer("/spec/template"),
        ("batch", "CronJob") => body.pointer("/spec/jobTemplate/spec/template"),
        _ => None,
    }
}

/// Whether objects of this kind run pods for as long as they exist.
pub fn runs_replicas(key: &ObjectKey) -> bool {
    matches!(
        (key.group(), key.kind.as_str()),
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet")
            | ("argoproj.io", "Rollout")
            | ("postgresql.cnpg.io", "Cluster")
    )
}

/// Everything that a pod spec names and that must be there before its pods start; what is marked
/// optional is left out.
pub fn references(spec: &Value) -> Vec<Used<'_>> {
    let mut used = Vec::new();
    for volume in items(spec, "/volumes") {
        of_volume(volume, &mut used);
    }
    for list in ["/initContainers", "/containers"] {
        for container in items(spec, list) {
            of_container(container, &mut used);
        }
    }
    for secret in items(spec, "/imagePullSecrets") {
        used.push(Used {
            kind: "Secret",
            name: text(secret, "/name"),
        });
    }
    used.retain(|used| !used.name.is_empty());
    used
}

fn of_volume<'a>(volume: &'a Value, used: &mut Vec<Used<'a>>) {
    let claim = text(volume, "/persistentVolumeClaim/claimName");
    used.push(Used {
        kind: "PersistentVolumeClaim",
        name: claim,
    });
    push(volume.get("secret"), "/secretName", "Secret", used);
    push(volume.get("configMap"), "/name", "ConfigMap", used);
    for source in items(volume, "/projected/sources") {
        push(source.get("secret"), "/name", "Secret", used);
        push(source.get("configMap"), "/name", "ConfigMap", used);
    }
}

fn of_container<'a>(container: &'a Value, used: &mut Vec<Used<'a>>) {
    for from in items(container, "/envFrom") {
        push(from.get("secretRef"), "/name", "Secret", used);
        push(from.get("configMapRef"), "/name", "ConfigMap", used);
    }
    for variable in items(container, "/env") {
        push(
            variable.pointer("/valueFrom/secretKeyRef"),
            "/name",
            "Secret",
            used,
        );
        push(
            variable.pointer("/valueFrom/configMapKeyRef"),
            "/name",
            "ConfigMap",
            used,
        );
    }
}

fn push<'a>(from: Option<&'a Value>, name: &str, kind: &'static str, used: &mut Vec<Used<'a>>) {
    let Some(from) = from else { return };
    if from.get("optional").and_then(Value::as_bool) != Some(true) {
        used.push(Used {
            kind,
            name: text(from, name),
        });
    }
}
