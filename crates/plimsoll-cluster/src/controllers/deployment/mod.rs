//! Deployments: rolling updates, recreation, scaling, pause and progress.
//!
//! Port of the formulas of `pkg/controller/deployment`, Kubernetes 1.37.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use self::replica_sets::Sets;
use super::{Controller, Key, Outcome, own_or_owned, pods, read};
use crate::object;
use crate::state::State;
use crate::store::LogEntry;

mod adoption;
mod annotations;
mod replica_sets;
mod rolling;
mod scaling;
mod status;

/// The kind that this controller looks after.
const KIND: &str = "apps/Deployment";
/// The kind that it makes.
const REPLICA_SET: &str = "apps/ReplicaSet";
/// Its name in events.
const SOURCE: &str = "deployment-controller";
/// Marks the pods and the ReplicaSet of one template.
const HASH_LABEL: &str = "pod-template-hash";

/// The Deployment controller.
#[derive(Debug, Default)]
pub struct Deployments {
    /// `ReplicaSets` that nobody controls.
    orphans: BTreeSet<Key>,
}

impl Controller for Deployments {
    fn name(&self) -> &'static str {
        SOURCE
    }

    fn interested(&mut self, entry: &LogEntry, state: &State) -> Vec<Key> {
        if &*entry.kind == "Pod" {
            return last_pod_gone(entry, state).into_iter().collect();
        }
        if &*entry.kind == REPLICA_SET && self.observe(entry) {
            return adoption::takers(state, entry.object());
        }
        own_or_owned(entry, KIND, &[REPLICA_SET])
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(deployment) = state.get(KIND, &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        if !self.orphans.is_empty() && !object::is_terminating(&deployment) {
            adoption::adopt(state, &deployment, &self.orphans);
        }
        sync(state, &deployment)
    }
}

impl Deployments {
    /// Takes in a change of a ReplicaSet; says whether nobody controls it.
    fn observe(&mut self, entry: &LogEntry) -> bool {
        let key = Key::new(&entry.namespace, &entry.name);
        let is_orphan = entry
            .new
            .as_deref()
            .is_some_and(|set| object::controller_of(set).is_none());
        if is_orphan {
            self.orphans.insert(key);
        } else {
            self.orphans.remove(&key);
        }
        is_orphan
    }
}

/// `Recreate` waits for the last old pod: its deletion wakes the Deployment.
fn last_pod_gone(entry: &LogEntry, state: &State) -> Option<Key> {
    if entry.new.is_some() {
        return None;
    }
    let owner = object::controller_of(entry.object()).filter(|one| one["kind"] == "ReplicaSet")?;
    let set = state.get(REPLICA_SET, &entry.namespace, owner["name"].as_str()?)?;
    let deployment = object::controller_of(&set)?["name"].as_str()?;
    let found = state.get(KIND, &entry.namespace, deployment)?;
    (strategy(&found) == "Recreate").then(|| Key::of(&found))
}

fn strategy(deployment: &Value) -> &str {
    read::text(deployment, "/spec/strategy/type")
}

fn wanted(deployment: &Value) -> i64 {
    read::int(deployment, "/spec/replicas").unwrap_or(1)
}

fn is_paused(deployment: &Value) -> bool {
    read::flag(deployment, "/spec/paused")
}

/// Surge and unavailability in pods; both zero would never move, so one may be unavailable.
fn fenceposts(deployment: &Value) -> (i64, i64) {
    let wanted = wanted(deployment);
    let of = |pointer: &str, round| {
        deployment
            .pointer(pointer)
            .and_then(|one| read::number_or_percent(one, wanted, round))
    };
    let surge = of("/spec/strategy/rollingUpdate/maxSurge", read::Round::Up).unwrap_or_default();
    let down = of(
        "/spec/strategy/rollingUpdate/maxUnavailable",
        read::Round::Down,
    )
    .unwrap_or_default();
    if surge == 0 && down == 0 {
        (0, 1)
    } else {
        (surge, down)
    }
}

/// How many pods may exist above the wanted number.
fn max_surge(deployment: &Value) -> i64 {
    if strategy(deployment) == "Recreate" {
        0
    } else {
        fenceposts(deployment).0
    }
}

/// How many of the wanted pods may be missing.
fn max_unavailable(deployment: &Value) -> i64 {
    let wanted = wanted(deployment);
    if strategy(deployment) == "Recreate" || wanted == 0 {
        return 0;
    }
    fenceposts(deployment).1.min(wanted)
}

fn sync(state: &mut State, deployment: &Arc<Value>) -> Outcome {
    if deployment["spec"]["selector"]
        .as_object()
        .is_none_or(serde_json::Map::is_empty)
    {
        return Outcome::Done;
    }
    if object::is_terminating(deployment) {
        let sets = Sets::find(state, deployment);
        return status::sync_status(state, deployment, &sets);
    }
    let deployment = status::note_pause(state, deployment);
    let sets = Sets::find(state, &deployment);
    if is_paused(&deployment) || scaling::is_scaling_event(&deployment, &sets) {
        let sets = sets.refresh_new(state, &deployment);
        scaling::scale(state, &deployment, &sets);
        let sets = Sets::find(state, &deployment);
        if is_paused(&deployment) {
            replica_sets::clean_up(state, &deployment, &sets);
        }
        return status::sync_status(state, &deployment, &sets);
    }
    match strategy(&deployment) {
        "Recreate" => recreate(state, &deployment, sets),
        _ => rolling::roll(state, &deployment, sets),
    }
}

fn recreate(state: &mut State, deployment: &Arc<Value>, sets: Sets) -> Outcome {
    let sets = sets.refresh_new(state, deployment);
    let active: Vec<_> = sets
        .old
        .iter()
        .filter(|set| replica_sets::size(set) > 0)
        .cloned()
        .collect();
    if !active.is_empty() {
        for set in &active {
            replica_sets::scale(state, deployment, set, 0);
        }
        return status::sync_rollout(state, deployment, &Sets::find(state, deployment));
    }
    if old_pods_run(state, &sets) {
        return status::sync_rollout(state, deployment, &sets);
    }
    let (deployment, sets) = sets.ensure_new(state, deployment);
    if let Some(new) = &sets.new
        && replica_sets::size(new) != wanted(&deployment)
    {
        replica_sets::scale(state, &deployment, new, wanted(&deployment));
    }
    finish(state, &deployment)
}

fn old_pods_run(state: &State, sets: &Sets) -> bool {
    sets.old.iter().any(|set| {
        read::count(set, "/status/replicas") > 0
            || pods::of(state, set).iter().any(|pod| !pods::is_over(pod))
    })
}

/// The end of every pass: cleans up if the rollout is complete, then writes the status.
fn finish(state: &mut State, deployment: &Value) -> Outcome {
    let mut sets = Sets::find(state, deployment);
    if status::is_complete(deployment, &deployment["status"])
        && replica_sets::clean_up(state, deployment, &sets)
    {
        sets = Sets::find(state, deployment);
    }
    status::sync_rollout(state, deployment, &sets)
}

#[cfg(test)]
mod tests;
