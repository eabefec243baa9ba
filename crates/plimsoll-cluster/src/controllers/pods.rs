//! Questions about pods that several controllers ask, and making pods from templates.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{NOBODY, conditions, owner_reference, read};
use crate::error::ApiError;
use crate::object;
use crate::state::{EventKind, State};

/// Whether the condition `Ready` is true.
pub fn is_ready(pod: &Value) -> bool {
    conditions::is_true(&pod["status"], "Ready")
}

/// Since when the pod is ready.
pub fn ready_since(pod: &Value) -> Option<Timestamp> {
    let ready = conditions::find(&pod["status"], "Ready").filter(|one| one["status"] == "True")?;
    read::instant(ready, "/lastTransitionTime")
}

/// When the pod is or was available: ready for `minReadySeconds`.
pub fn available_at(pod: &Value, min_ready_seconds: i64) -> Option<Timestamp> {
    ready_since(pod)?
        .checked_add(SignedDuration::from_secs(min_ready_seconds))
        .ok()
}

/// Whether the pod is available now.
pub fn is_available(pod: &Value, min_ready_seconds: i64, now: Timestamp) -> bool {
    available_at(pod, min_ready_seconds).is_some_and(|at| at <= now)
}

/// The pod's phase.
pub fn phase(pod: &Value) -> &str {
    read::text(pod, "/status/phase")
}

/// Whether the pod has ended, for good or ill.
pub fn is_over(pod: &Value) -> bool {
    matches!(phase(pod), "Succeeded" | "Failed")
}

/// Whether the pod counts as one of its owner's: not ended and not being deleted.
pub fn is_active(pod: &Value) -> bool {
    !is_over(pod) && !object::is_terminating(pod)
}

/// The pods that `owner` controls, by name.
pub fn of(state: &State, owner: &Value) -> Vec<Arc<Value>> {
    let mut pods = state.owned_by(object::uid(owner));
    pods.retain(|one| one["kind"] == "Pod" && one["apiVersion"] == "v1");
    pods
}

/// A pod as its owner's template says, without a name.
pub fn from_template(owner: &Value, template: &Value) -> Value {
    let mut metadata = template["metadata"].clone();
    if !metadata.is_object() {
        metadata = json!({});
    }
    if let Some(fields) = metadata.as_object_mut() {
        fields.retain(|key, _| matches!(key.as_str(), "labels" | "annotations" | "finalizers"));
    }
    metadata["namespace"] = owner["metadata"]["namespace"].clone();
    metadata["ownerReferences"] = json!([owner_reference(owner)]);
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})
}

/// Creates a pod for `owner` and says so in an event, either way.
pub fn create(
    state: &mut State,
    owner: &Value,
    pod: Value,
    source: &str,
) -> Result<Arc<Value>, ApiError> {
    match state.create(NOBODY, pod) {
        Ok(pod) => {
            let message = format!("Created pod: {}", object::name(&pod));
            state.record(
                owner,
                EventKind::Normal,
                "SuccessfulCreate",
                &message,
                source,
            );
            Ok(pod)
        }
        Err(error) => {
            let message = format!("Error creating: {error}");
            state.record(owner, EventKind::Warning, "FailedCreate", &message, source);
            Err(error)
        }
    }
}

/// Deletes a pod of `owner` with its grace and says so in an event.
pub fn delete(state: &mut State, owner: &Value, pod: &Value, source: &str) {
    let (namespace, name) = (object::namespace(pod), object::name(pod));
    if state
        .delete(
            "Pod",
            namespace,
            name,
            &crate::state::DeleteOptions::default(),
        )
        .is_ok()
    {
        let message = format!("Deleted pod: {name}");
        state.record(
            owner,
            EventKind::Normal,
            "SuccessfulDelete",
            &message,
            source,
        );
    }
}

/// Sorts pods so that those come first that a scale-down removes first.
///
/// Order of `ActivePodsWithRanks`: unscheduled, pending, unready, cheaper by deletion cost, more of
/// the owner's pods on the same node, ready for a shorter time, more restarts, younger; then the
/// name, where upstream leaves it open.
pub fn sort_for_deletion(pods: &mut [Arc<Value>], siblings: &[Arc<Value>]) {
    let mut per_node: BTreeMap<String, usize> = BTreeMap::new();
    for pod in siblings.iter().filter(|pod| is_active(pod)) {
        *per_node
            .entry(read::text(pod, "/spec/nodeName").to_owned())
            .or_default() += 1;
    }
    let rank = |pod: &Value| {
        per_node
            .get(read::text(pod, "/spec/nodeName"))
            .copied()
            .unwrap_or_default()
    };
    pods.sort_by(|a, b| {
        (!unscheduled(a))
            .cmp(&!unscheduled(b))
            .then_with(|| phase_rank(a).cmp(&phase_rank(b)))
            .then_with(|| is_ready(a).cmp(&is_ready(b)))
            .then_with(|| deletion_cost(a).cmp(&deletion_cost(b)))
            .then_with(|| rank(b).cmp(&rank(a)))
            .then_with(|| newest_first(ready_since(a), ready_since(b)))
            .then_with(|| restarts(b).cmp(&restarts(a)))
            .then_with(|| newest_first(created(a), created(b)))
            .then_with(|| object::name(a).cmp(object::name(b)))
    });
}

fn newest_first(a: Option<Timestamp>, b: Option<Timestamp>) -> Ordering {
    b.cmp(&a)
}

fn unscheduled(pod: &Value) -> bool {
    read::text(pod, "/spec/nodeName").is_empty()
}

fn phase_rank(pod: &Value) -> u8 {
    match phase(pod) {
        "Pending" | "" => 0,
        "Unknown" => 1,
        _ => 2,
    }
}

fn deletion_cost(pod: &Value) -> i64 {
    let written = object::annotation(pod, "controller.kubernetes.io/pod-deletion-cost");
    written
        .and_then(|cost| cost.parse().ok())
        .unwrap_or_default()
}

fn restarts(pod: &Value) -> i64 {
    let counts = read::items(pod, "/status/containerStatuses").iter();
    counts
        .map(|one| read::count(one, "/restartCount"))
        .max()
        .unwrap_or_default()
}

/// When an object was created.
pub fn created(object: &Value) -> Option<Timestamp> {
    read::instant(object, "/metadata/creationTimestamp")
}
