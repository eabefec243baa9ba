//! The pods of a StatefulSet by their numbers, and what such a pod looks like.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::{pods, read, revisions};
use super::claims;
use crate::object;
use crate::state::State;

/// The pods of a StatefulSet.
pub struct Replicas {
    /// Each number that should have a pod, with the pod if there is one, lowest first.
    pub wanted: Vec<(i64, Option<Arc<Value>>)>,
    /// Pods whose numbers are too many, highest first.
    pub condemned: Vec<Arc<Value>>,
}

impl Replicas {
    /// Reads them from the state.
    pub fn of(state: &State, set: &Value) -> Self {
        let range = start(set)..start(set) + count(set);
        let mut wanted: Vec<(i64, Option<Arc<Value>>)> =
            range.clone().map(|ordinal| (ordinal, None)).collect();
        let mut condemned = Vec::new();
        for pod in pods::of(state, set) {
            let Some(ordinal) = ordinal(set, &pod) else {
                continue;
            };
            match wanted.iter_mut().find(|(number, _)| *number == ordinal) {
                Some(slot) => slot.1 = Some(pod),
                None => condemned.push((ordinal, pod)),
            }
        }
        condemned.sort_by_key(|(ordinal, _)| std::cmp::Reverse(*ordinal));
        Self {
            wanted,
            condemned: condemned.into_iter().map(|(_, pod)| pod).collect(),
        }
    }
}

/// The first number.
pub fn start(set: &Value) -> i64 {
    read::count(set, "/spec/ordinals/start")
}

/// How many pods there should be.
pub fn count(set: &Value) -> i64 {
    read::int(set, "/spec/replicas").unwrap_or(1)
}

/// The number in a pod's name, if it is one of the set's.
pub fn ordinal(set: &Value, pod: &Value) -> Option<i64> {
    let rest = object::name(pod)
        .strip_prefix(object::name(set))?
        .strip_prefix('-')?;
    rest.parse().ok()
}

/// The pod of that number after the template of a revision.
pub fn pod(set: &Value, revision: &Value, ordinal: i64) -> Value {
    let name = format!("{}-{ordinal}", object::name(set));
    let mut pod = pods::from_template(set, revisions::template(revision));
    pod["metadata"]["name"] = json!(name);
    if !pod["metadata"]["labels"].is_object() {
        pod["metadata"]["labels"] = json!({});
    }
    let labels = &mut pod["metadata"]["labels"];
    labels["statefulset.kubernetes.io/pod-name"] = json!(name);
    labels["apps.kubernetes.io/pod-index"] = json!(ordinal.to_string());
    labels[revisions::HASH_LABEL] = json!(object::name(revision));
    pod["spec"]["hostname"] = json!(name);
    let service = read::text(set, "/spec/serviceName");
    if !service.is_empty() {
        pod["spec"]["subdomain"] = json!(service);
    }
    claims::mount(set, &mut pod, ordinal);
    pod
}
