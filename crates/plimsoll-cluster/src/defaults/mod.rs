//! Defaults, as each built-in kind's registry sets them, and those of custom schemas.
//!
//! After pkg/apis/*/v1/defaults.go of Kubernetes 1.37.

mod custom;
mod pod;
mod service;
mod workload;

use serde_json::{Map, Value, json};

use crate::kinds::Kind;

/// Fills in what the writer left out.
pub fn apply(kind: &Kind, object: &mut Value, minor: u16) {
    if let Some(schema) = kind.open_api() {
        custom::apply(schema, object);
        return;
    }
    match kind.key.as_ref() {
        "Pod" => pod::spec(&mut object["spec"]),
        "PodTemplate" => pod::template(&mut object["template"]),
        "Service" => service::service(&mut object["spec"]),
        "Secret" => secret(object),
        "PersistentVolumeClaim" => workload::claim(&mut object["spec"]),
        "PersistentVolume" => {
            put(
                &mut object["spec"],
                "persistentVolumeReclaimPolicy",
                "Retain",
            );
            put(&mut object["spec"], "volumeMode", "Filesystem");
        }
        "apps/Deployment" => workload::deployment(&mut object["spec"]),
        "apps/ReplicaSet" => workload::replica_set(&mut object["spec"]),
        "apps/StatefulSet" => workload::stateful_set(&mut object["spec"], minor),
        "apps/DaemonSet" => workload::daemon_set(&mut object["spec"]),
        "batch/Job" => workload::job(&mut object["spec"]),
        "batch/CronJob" => workload::cron_job(&mut object["spec"]),
        "autoscaling/HorizontalPodAutoscaler" => workload::autoscaler(&mut object["spec"]),
        "networking.k8s.io/NetworkPolicy" => service::network_policy(&mut object["spec"]),
        "rbac.authorization.k8s.io/RoleBinding"
        | "rbac.authorization.k8s.io/ClusterRoleBinding" => binding(object),
        "storage.k8s.io/StorageClass" => {
            put(object, "reclaimPolicy", "Delete");
            put(object, "volumeBindingMode", "Immediate");
        }
        "apiextensions.k8s.io/CustomResourceDefinition" => definition(&mut object["spec"]),
        "LimitRange" => limits(&mut object["spec"]),
        "discovery.k8s.io/EndpointSlice" => service::slice(object),
        // Its data is foreign: a null there means something.
        "apps/ControllerRevision" => return,
        _ => {}
    }
    drop_nulls(object);
}

/// Built-in kinds read `null` as absent.
pub(crate) fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// Sets a field that is not there.
pub(crate) fn put(object: &mut Value, field: &str, value: impl Into<Value>) {
    if object.is_null() {
        *object = json!({});
    }
    if let Some(fields) = object.as_object_mut()
        && fields.get(field).is_none_or(Value::is_null)
    {
        fields.insert(field.to_owned(), value.into());
    }
}

/// The items of a list field, for writing.
fn items<'v>(object: &'v mut Value, field: &str) -> impl Iterator<Item = &'v mut Value> {
    object
        .get_mut(field)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
}

/// A field that is there and not null, for writing.
fn present<'v>(object: &'v mut Value, field: &str) -> Option<&'v mut Value> {
    object.get_mut(field).filter(|value| !value.is_null())
}

/// Secrets take plain text too, and keep it encoded.
fn secret(object: &mut Value) {
    use base64::Engine;
    put(object, "type", "Opaque");
    let Some(plain) = object
        .as_object_mut()
        .and_then(|fields| fields.shift_remove("stringData"))
    else {
        return;
    };
    let encode = |text: &Value| {
        json!(base64::prelude::BASE64_STANDARD.encode(text.as_str().unwrap_or_default()))
    };
    let encoded: Map<String, Value> = plain
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, text)| (key.clone(), encode(text)))
        .collect();
    if encoded.is_empty() {
        return;
    }
    put(object, "data", json!({}));
    if let Some(data) = object["data"].as_object_mut() {
        data.extend(encoded);
    }
}

fn binding(object: &mut Value) {
    put(
        &mut object["roleRef"],
        "apiGroup",
        "rbac.authorization.k8s.io",
    );
    for subject in items(object, "subjects") {
        if matches!(subject["kind"].as_str(), Some("User" | "Group")) {
            put(subject, "apiGroup", "rbac.authorization.k8s.io");
        }
    }
}

fn definition(spec: &mut Value) {
    let kind = spec["names"]["kind"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    put(&mut spec["names"], "singular", kind.to_lowercase());
    put(&mut spec["names"], "listKind", format!("{kind}List"));
    put(spec, "conversion", json!({"strategy": "None"}));
}

/// A container's limit is its default limit, and that its default request.
fn limits(spec: &mut Value) {
    for item in items(spec, "limits").filter(|item| item["type"] == "Container") {
        let max = item["max"].as_object().cloned().unwrap_or_default();
        put(item, "default", json!({}));
        for (name, value) in max {
            put(&mut item["default"], &name, value);
        }
        let default = item["default"].as_object().cloned().unwrap_or_default();
        let min = item["min"].as_object().cloned().unwrap_or_default();
        put(item, "defaultRequest", json!({}));
        for (name, value) in default {
            put(&mut item["defaultRequest"], &name, value);
        }
        for (name, value) in min {
            put(&mut item["defaultRequest"], &name, value);
        }
        for field in ["default", "defaultRequest"] {
            if item[field].as_object().is_some_and(Map::is_empty)
                && let Some(fields) = item.as_object_mut()
            {
                fields.shift_remove(field);
            }
        }
    }
}
