//! `ReplicaSets` that nobody controls are taken by a Deployment that selects them. So one that was
//! deleted with orphans and made anew goes on with the same pods.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::{Key, MANAGER, owner_reference, selector};
use super::{KIND, REPLICA_SET};
use crate::object;
use crate::state::State;

fn selects(deployment: &Value, set: &Value) -> bool {
    selector::matches(&deployment["spec"]["selector"], &set["metadata"]["labels"])
}

/// The Deployments that may take a ReplicaSet.
pub fn takers(state: &State, set: &Value) -> Vec<Key> {
    let all = state.list_in(KIND, object::namespace(set));
    let takers = all.iter().filter(|one| selects(one, set));
    takers.map(|one| Key::of(one)).collect()
}

/// Makes the Deployment the controller of those orphans that it selects.
pub fn adopt(state: &mut State, deployment: &Value, orphans: &BTreeSet<Key>) {
    let near = orphans
        .iter()
        .filter(|key| key.namespace == object::namespace(deployment));
    for key in near {
        let Some(set) = state.get(REPLICA_SET, &key.namespace, &key.name) else {
            continue;
        };
        let is_free = object::controller_of(&set).is_none() && !object::is_terminating(&set);
        if is_free && selects(deployment, &set) {
            let mut taken = Value::clone(&set);
            taken["metadata"]["ownerReferences"] = json!([owner_reference(deployment)]);
            // Who was quicker has it; the next round sees that.
            drop(state.update(MANAGER, taken));
        }
    }
}
