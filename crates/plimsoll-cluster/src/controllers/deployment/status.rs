//! The Deployment's status: counts, availability, progress and its deadline.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::conditions::{self, Condition};
use super::super::{MANAGER, Outcome, read};
use super::replica_sets::{Sets, available, has_deadline};
use super::{is_paused, max_unavailable, wanted};
use crate::object;
use crate::state::State;

const TIMED_OUT: &str = "ProgressDeadlineExceeded";
const COMPLETE: &str = "NewReplicaSetAvailable";

/// Notes in the conditions that the rollout was paused or goes on.
pub fn note_pause(state: &mut State, deployment: &Arc<Value>) -> Arc<Value> {
    let reason = progress(&deployment["status"], "reason");
    if !has_deadline(deployment) || reason == TIMED_OUT {
        return deployment.clone();
    }
    let (reason, message) = match (is_paused(deployment), reason == "DeploymentPaused") {
        (true, false) => ("DeploymentPaused", "Deployment is paused"),
        (false, true) => ("DeploymentResumed", "Deployment is resumed"),
        _ => return deployment.clone(),
    };
    let mut status = deployment["status"].clone();
    let note = Condition {
        kind: "Progressing",
        status: "Unknown",
        reason,
        message,
    };
    conditions::set_with(&mut status, note, state.now(), &["lastUpdateTime"]);
    state
        .set_status(MANAGER, deployment, status)
        .unwrap_or_else(|_| deployment.clone())
}

/// Whether every wanted pod is new and available and no old one is left.
pub fn is_complete(deployment: &Value, status: &Value) -> bool {
    let wanted = wanted(deployment);
    ["/updatedReplicas", "/replicas", "/availableReplicas"]
        .iter()
        .all(|field| read::count(status, field) == wanted)
        && read::count(status, "/observedGeneration")
            >= read::count(deployment, "/metadata/generation")
}

/// Writes the counts alone, as for paused and scaled Deployments.
pub fn sync_status(state: &mut State, deployment: &Value, sets: &Sets) -> Outcome {
    let status = counted(state, deployment, sets);
    write(state, deployment, status);
    Outcome::Done
}

/// Writes counts and progress, and comes back when the deadline is near.
pub fn sync_rollout(state: &mut State, deployment: &Value, sets: &Sets) -> Outcome {
    let old = &deployment["status"];
    let mut status = counted(state, deployment, sets);
    if has_deadline(deployment) {
        let done = read::count(&status, "/replicas") == read::count(&status, "/updatedReplicas")
            && progress(old, "reason") == COMPLETE;
        if !done {
            note_progress(state.now(), deployment, sets, &mut status);
        }
    } else {
        conditions::remove(&mut status, "Progressing");
    }
    note_failure(state.now(), sets, &mut status);
    let wake = deadline(deployment, &status);
    write(state, deployment, status);
    Outcome::at_some(state, wake)
}

fn write(state: &mut State, deployment: &Value, status: Value) {
    if status == deployment["status"] {
        return;
    }
    let written = state.set_status(MANAGER, deployment, status);
    debug_assert!(
        written.is_ok(),
        "a status that we counted is valid: {written:?}"
    );
}

fn counted(state: &State, deployment: &Value, sets: &Sets) -> Value {
    let sum = |pointer: &str| sets.all().map(|set| read::count(set, pointer)).sum::<i64>();
    let ready = sum("/status/readyReplicas");
    let there: i64 = sets.all().map(|set| available(set)).sum();
    let updated = sets
        .new
        .as_ref()
        .map_or(0, |set| read::count(set, "/status/replicas"));
    let mut status = json!({"observedGeneration": deployment["metadata"]["generation"]});
    let missing = (sets.total() - there).max(0);
    let counts = [
        ("replicas", sum("/status/replicas")),
        ("updatedReplicas", updated),
        ("readyReplicas", ready),
        ("availableReplicas", there),
        ("unavailableReplicas", missing),
    ];
    for (field, count) in counts.into_iter().filter(|(_, count)| *count != 0) {
        status[field] = json!(count);
    }
    if let Some(collisions) = read::int(deployment, "/status/collisionCount") {
        status["collisionCount"] = json!(collisions);
    }
    status["conditions"] = deployment["status"]["conditions"].clone();
    let enough = there >= wanted(deployment) - max_unavailable(deployment);
    let availability = if enough {
        (
            "True",
            "MinimumReplicasAvailable",
            "Deployment has minimum availability.",
        )
    } else {
        (
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
        )
    };
    let (word, reason, message) = availability;
    let available = Condition {
        kind: "Available",
        status: word,
        reason,
        message,
    };
    conditions::set_with(&mut status, available, state.now(), &["lastUpdateTime"]);
    status
}

fn note_progress(now: Timestamp, deployment: &Value, sets: &Sets, status: &mut Value) {
    let about = sets.new.as_ref().map_or_else(
        || format!("Deployment \"{}\"", object::name(deployment)),
        |set| format!("ReplicaSet \"{}\"", object::name(set)),
    );
    let (word, reason, message) = if is_complete(deployment, status) {
        (
            "True",
            COMPLETE,
            format!("{about} has successfully progressed."),
        )
    } else if moved(&deployment["status"], status) {
        // The update time moves with every step, so that the deadline counts from the last one.
        conditions_touch(status);
        (
            "True",
            "ReplicaSetUpdated",
            format!("{about} is progressing."),
        )
    } else if timed_out(now, deployment, status) {
        (
            "False",
            TIMED_OUT,
            format!("{about} has timed out progressing."),
        )
    } else {
        return;
    };
    let progressing = Condition {
        kind: "Progressing",
        status: word,
        reason,
        message: &message,
    };
    conditions::set_with(status, progressing, now, &["lastUpdateTime"]);
}

/// Makes the next setting of `Progressing` count as a change.
fn conditions_touch(status: &mut Value) {
    let list = status["conditions"].as_array_mut().into_iter().flatten();
    for one in list.filter(|one| one["type"] == "Progressing") {
        one["reason"] = json!("");
    }
}

fn moved(old: &Value, new: &Value) -> bool {
    let more = |field: &str| read::count(new, field) > read::count(old, field);
    let left =
        |status: &Value| read::count(status, "/replicas") - read::count(status, "/updatedReplicas");
    more("/updatedReplicas")
        || left(new) < left(old)
        || more("/readyReplicas")
        || more("/availableReplicas")
}

fn timed_out(now: Timestamp, deployment: &Value, status: &Value) -> bool {
    match progress(status, "reason") {
        COMPLETE | "" => false,
        TIMED_OUT => true,
        _ => deadline(deployment, status).is_some_and(|at| at <= now),
    }
}

/// When the rollout counts as stuck; nothing if it is over, paused or has no deadline.
fn deadline(deployment: &Value, status: &Value) -> Option<Timestamp> {
    if !has_deadline(deployment)
        || is_paused(deployment)
        || matches!(progress(status, "reason"), COMPLETE | TIMED_OUT)
    {
        return None;
    }
    let since = read::instant(conditions::find(status, "Progressing")?, "/lastUpdateTime")?;
    let seconds = read::count(deployment, "/spec/progressDeadlineSeconds");
    since.checked_add(SignedDuration::from_secs(seconds)).ok()
}

fn progress<'a>(status: &'a Value, field: &str) -> &'a str {
    conditions::find(status, "Progressing")
        .and_then(|one| one[field].as_str())
        .unwrap_or_default()
}

fn note_failure(now: Timestamp, sets: &Sets, status: &mut Value) {
    let failing = |set: &&Arc<Value>| conditions::is_true(&set["status"], "ReplicaFailure");
    let set = sets
        .new
        .iter()
        .find(failing)
        .or_else(|| sets.old.iter().find(failing));
    let Some(found) = set.and_then(|set| conditions::find(&set["status"], "ReplicaFailure")) else {
        conditions::remove(status, "ReplicaFailure");
        return;
    };
    let failure = Condition {
        kind: "ReplicaFailure",
        status: "True",
        reason: found["reason"].as_str().unwrap_or_default(),
        message: found["message"].as_str().unwrap_or_default(),
    };
    conditions::set_with(status, failure, now, &["lastUpdateTime"]);
}
