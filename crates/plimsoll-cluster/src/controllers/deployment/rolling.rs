//! Rolling updates: how far the new ReplicaSet may grow and the old ones may shrink now.

use std::sync::Arc;

use serde_json::Value;

use super::super::Outcome;
use super::replica_sets::{Sets, available, scale, size};
use super::{finish, max_surge, max_unavailable, status, strategy, wanted};
use crate::state::State;

/// One pass of a rolling update: grow, else shrink, else finish.
pub fn roll(state: &mut State, deployment: &Arc<Value>, sets: Sets) -> Outcome {
    let (deployment, sets) = sets.ensure_new(state, deployment);
    if grow(state, &deployment, &sets) || shrink(state, &deployment, &sets) {
        let sets = Sets::find(state, &deployment);
        return status::sync_rollout(state, &deployment, &sets);
    }
    finish(state, &deployment)
}

/// The size that the new ReplicaSet may have now, given its size and that of all together.
pub fn new_size(deployment: &Value, current: i64, total: i64) -> i64 {
    let wanted = wanted(deployment);
    if strategy(deployment) == "Recreate" {
        return wanted;
    }
    let room = wanted + max_surge(deployment) - total;
    if room <= 0 {
        current
    } else {
        current + room.min(wanted - current)
    }
}

fn grow(state: &mut State, deployment: &Value, sets: &Sets) -> bool {
    let Some(new) = &sets.new else { return false };
    let wanted = wanted(deployment);
    let to = match size(new) {
        same if same == wanted => return false,
        more if more > wanted => wanted,
        less => new_size(deployment, less, sets.total()),
    };
    scale(state, deployment, new, to)
}

fn shrink(state: &mut State, deployment: &Value, sets: &Sets) -> bool {
    let Some(new) = &sets.new else { return false };
    if sets.old.iter().all(|set| size(set) == 0) {
        return false;
    }
    let least = wanted(deployment) - max_unavailable(deployment);
    let not_there_yet = size(new) - available(new);
    let most = sets.total() - least - not_there_yet;
    if most <= 0 {
        return false;
    }
    let cleaned = shrink_unhealthy(state, deployment, sets, most);
    let sets = Sets::find(state, deployment);
    let shrunk = shrink_healthy(state, deployment, &sets, least);
    cleaned + shrunk > 0
}

/// Pods of old `ReplicaSets` that are not available serve nobody: they go first.
fn shrink_unhealthy(state: &mut State, deployment: &Value, sets: &Sets, most: i64) -> i64 {
    let mut done = 0;
    for set in &sets.old {
        let unhealthy = size(set) - available(set);
        let count = unhealthy.min(most - done);
        if size(set) == 0 || count <= 0 {
            continue;
        }
        scale(state, deployment, set, size(set) - count);
        done += count;
    }
    done
}

fn shrink_healthy(state: &mut State, deployment: &Value, sets: &Sets, least: i64) -> i64 {
    let spare = sets.all().map(|set| available(set)).sum::<i64>() - least;
    let mut done = 0;
    for set in &sets.old {
        let count = size(set).min(spare - done);
        if count <= 0 {
            continue;
        }
        scale(state, deployment, set, size(set) - count);
        done += count;
    }
    done
}
