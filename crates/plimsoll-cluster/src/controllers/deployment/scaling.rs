//! Scaling outside a rollout, and in proportion while several `ReplicaSets` are active.

use std::cmp::Reverse;
use std::sync::Arc;

use serde_json::Value;

use super::super::{pods, read};
use super::replica_sets::{self, Sets, available, size};
use super::{annotations, max_surge, strategy, wanted};
use crate::state::State;

/// Whether the Deployment's wanted number differs from what its active `ReplicaSets` were told.
pub fn is_scaling_event(deployment: &Value, sets: &Sets) -> bool {
    let active = sets.all().filter(|set| size(set) > 0);
    active
        .filter_map(|set| annotations::desired(set))
        .any(|desired| desired != wanted(deployment))
}

/// Spreads the wanted number over the `ReplicaSets` that are there.
pub fn scale(state: &mut State, deployment: &Value, sets: &Sets) {
    if let Some(only) = active_or_latest(sets) {
        if size(&only) != wanted(deployment) {
            replica_sets::scale(state, deployment, &only, wanted(deployment));
        }
        return;
    }
    let active: Vec<_> = sets.all().filter(|set| size(set) > 0).cloned().collect();
    if is_saturated(deployment, sets.new.as_deref()) {
        for set in sets.old.iter().filter(|set| size(set) > 0) {
            replica_sets::scale(state, deployment, set, 0);
        }
    } else if strategy(deployment) != "Recreate" {
        proportionally(state, deployment, active);
    }
}

/// The only ReplicaSet that matters, if there is just one.
fn active_or_latest(sets: &Sets) -> Option<Arc<Value>> {
    let mut active = sets.all().filter(|set| size(set) > 0);
    match (active.next(), active.next()) {
        (None, _) => sets.new.clone().or_else(|| sets.old.last().cloned()),
        (Some(only), None) => Some(only.clone()),
        (Some(_), Some(_)) => None,
    }
}

fn is_saturated(deployment: &Value, new: Option<&Value>) -> bool {
    new.is_some_and(|set| {
        let wanted = wanted(deployment);
        size(set) == wanted && annotations::desired(set) == Some(wanted) && available(set) == wanted
    })
}

fn proportionally(state: &mut State, deployment: &Value, mut active: Vec<Arc<Value>>) {
    let total: i64 = active.iter().map(|set| size(set)).sum();
    let allowed = match wanted(deployment) {
        0 => 0,
        wanted => wanted + max_surge(deployment),
    };
    let to_add = allowed - total;
    // Growing favours the newer of two equal ones, shrinking the older.
    if to_add > 0 {
        active.sort_by_key(|set| Reverse((size(set), pods::created(set))));
    } else {
        active.sort_by_key(|set| (Reverse(size(set)), pods::created(set)));
    }
    let mut added = 0;
    let mut sizes = Vec::with_capacity(active.len());
    for set in &active {
        let share = share(deployment, set, to_add, added);
        sizes.push(size(set) + share);
        added += share;
    }
    if let Some(first) = sizes.first_mut() {
        *first = (*first + to_add - added).max(0);
    }
    for (set, to) in active.iter().zip(sizes) {
        replica_sets::scale(state, deployment, set, to);
    }
}

fn share(deployment: &Value, set: &Value, to_add: i64, added: i64) -> i64 {
    if size(set) == 0 || to_add == 0 || to_add == added {
        return 0;
    }
    let fraction = fraction(deployment, set);
    let rest = to_add - added;
    if to_add > 0 {
        fraction.min(rest)
    } else {
        fraction.max(rest)
    }
}

/// By how much a ReplicaSet grows if it keeps its part of the whole.
fn fraction(deployment: &Value, set: &Value) -> i64 {
    let wanted = wanted(deployment);
    if wanted == 0 {
        return -size(set);
    }
    let whole = wanted + max_surge(deployment);
    let before =
        annotations::max(set).unwrap_or_else(|| read::count(deployment, "/status/replicas"));
    if before == 0 {
        return 0;
    }
    rounded(size(set) * whole, before) - size(set)
}

/// `a / b`, half away from zero, for positive numbers.
fn rounded(a: i64, b: i64) -> i64 {
    (2 * a + b).div_euclid(2 * b)
}
