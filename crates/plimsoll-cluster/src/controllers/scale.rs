//! Workloads that have a size: finding the one that an autoscaler or a budget speaks of.

use std::sync::Arc;

use serde_json::Value;

use super::read;
use crate::object;
use crate::state::State;

/// The object that a `scaleTargetRef` names.
pub fn target(state: &State, namespace: &str, reference: &Value) -> Option<Arc<Value>> {
    let group = crate::key::group_of(read::text(reference, "/apiVersion"));
    let kind = read::text(reference, "/kind");
    let key = if group.is_empty() {
        kind.to_owned()
    } else {
        format!("{group}/{kind}")
    };
    state.get(&key, namespace, read::text(reference, "/name"))
}

/// The size that a workload is asked to have, and its uid: that of the topmost owner with a size.
pub fn wanted_of_pod(state: &State, pod: &Value) -> Option<(String, i64)> {
    let mut found = None;
    let mut owner =
        object::controller_of(pod).and_then(|owner| state.by_uid(owner["uid"].as_str()?));
    while let Some(object) = owner {
        if let Some(size) = read::int(&object, "/spec/replicas") {
            found = Some((object::uid(&object).to_owned(), size));
        }
        owner =
            object::controller_of(&object).and_then(|owner| state.by_uid(owner["uid"].as_str()?));
    }
    found
}
