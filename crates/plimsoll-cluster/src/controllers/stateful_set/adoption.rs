//! What a StatefulSet finds and takes: pods of its names and revisions that nobody controls any
//! more. So a set that was deleted with orphans and made anew goes on with the same pods.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::{MANAGER, owner_reference, selector};
use super::replicas::ordinal;
use crate::object;
use crate::state::State;

/// Makes the set the controller of orphans that match its selector.
pub fn adopt(state: &mut State, set: &Value) {
    let is_orphan = |one: &Arc<Value>| {
        object::controller_of(one).is_none()
            && !object::is_terminating(one)
            && selector::matches(&set["spec"]["selector"], &one["metadata"]["labels"])
    };
    let namespace = object::namespace(set);
    let mut pods = state.list_in("Pod", namespace);
    pods.retain(|pod| is_orphan(pod) && ordinal(set, pod).is_some());
    let mut revisions = state.list_in("apps/ControllerRevision", namespace);
    revisions.retain(is_orphan);
    for orphan in pods.into_iter().chain(revisions) {
        let mut taken = Value::clone(&orphan);
        taken["metadata"]["ownerReferences"] = json!([owner_reference(set)]);
        // Who was quicker has it; the next round sees that.
        drop(state.update(MANAGER, taken));
    }
}
