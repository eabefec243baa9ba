//! The disks of a StatefulSet's pods: made with them, kept or removed as the retention policy says.

use serde_json::{Value, json};

use super::super::{MANAGER, owner_reference, read};
use super::SOURCE;
use super::replicas::{Replicas, count, start};
use crate::object;
use crate::state::{DeleteOptions, EventKind, State};

const KIND: &str = "PersistentVolumeClaim";

fn templates(set: &Value) -> &[Value] {
    read::items(set, "/spec/volumeClaimTemplates")
}

fn name(set: &Value, template: &Value, ordinal: i64) -> String {
    format!("{}-{}-{ordinal}", object::name(template), object::name(set))
}

/// Makes the claims of one pod that are missing; returns whether all are there.
pub fn make(state: &mut State, set: &Value, ordinal: i64) -> bool {
    templates(set).iter().all(|template| {
        let name = name(set, template, ordinal);
        if state.get(KIND, object::namespace(set), &name).is_some() {
            return true;
        }
        match state.create(MANAGER, written(set, template, &name)) {
            Ok(_) => true,
            Err(error) => {
                let message = format!("create Claim {name} for Pod failed error: {error}");
                state.record(set, EventKind::Warning, "FailedCreate", &message, SOURCE);
                false
            }
        }
    })
}

fn written(set: &Value, template: &Value, name: &str) -> Value {
    let mut metadata = template["metadata"].clone();
    metadata["name"] = json!(name);
    metadata["namespace"] = set["metadata"]["namespace"].clone();
    if !metadata["labels"].is_object() {
        metadata["labels"] = json!({});
    }
    for (key, value) in read::texts(set, "/spec/selector/matchLabels") {
        metadata["labels"][key] = json!(value);
    }
    if retention(set, "whenDeleted") == "Delete" {
        metadata["ownerReferences"] = json!([owner_reference(set)]);
    }
    json!({"apiVersion": "v1", "kind": KIND, "metadata": metadata, "spec": template["spec"]})
}

fn retention<'a>(set: &'a Value, field: &str) -> &'a str {
    set["spec"]["persistentVolumeClaimRetentionPolicy"][field]
        .as_str()
        .unwrap_or("Retain")
}

/// Lets a pod mount its claims under the names of their templates.
pub fn mount(set: &Value, pod: &mut Value, ordinal: i64) {
    if templates(set).is_empty() {
        return;
    }
    let own: Vec<Value> = templates(set)
        .iter()
        .map(|template| {
            json!({
                "name": object::name(template),
                "persistentVolumeClaim": {"claimName": name(set, template, ordinal)},
            })
        })
        .collect();
    let named = |volume: &&Value| own.iter().any(|one| one["name"] == volume["name"]);
    let others = read::items(pod, "/spec/volumes")
        .iter()
        .filter(|volume| !named(volume))
        .cloned();
    let all: Vec<Value> = own.iter().cloned().chain(others).collect();
    pod["spec"]["volumes"] = Value::Array(all);
}

/// With `whenScaled: Delete`, removes the claims of numbers that are no longer wanted.
pub fn drop_scaled_down(state: &mut State, set: &Value, replicas: &Replicas) {
    if retention(set, "whenScaled") != "Delete" || !replicas.condemned.is_empty() {
        return;
    }
    let space = object::namespace(set);
    for template in templates(set) {
        let prefix = format!("{}-{}-", object::name(template), object::name(set));
        for claim in state.list_in(KIND, space) {
            let ordinal = object::name(&claim)
                .strip_prefix(&prefix)
                .and_then(|rest| rest.parse::<i64>().ok());
            let wanted = start(set)..start(set) + count(set);
            if ordinal.is_some_and(|ordinal| !wanted.contains(&ordinal))
                && !object::is_terminating(&claim)
            {
                let gone =
                    state.delete(KIND, space, object::name(&claim), &DeleteOptions::default());
                debug_assert!(gone.is_ok(), "a claim can be deleted");
            }
        }
    }
}
