//! The status of a Rollout: counts, phase, conditions, and the deadline for progress.

use super::super::writing::says;
use super::{Progress, WRITER, Work, replica_sets};
use crate::controllers::{conditions, read};
use crate::object;
use crate::state::EventKind;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Writes the status; returns when the deadline for progress ends, if one runs.
pub(super) fn write(mut work: Work<'_>, progress: &Progress) -> Option<Timestamp> {
    count(&mut work);
    let moved = has_moved(&work);
    let deadline = deadline(&mut work, progress, moved);
    let late = deadline.is_some_and(|at| at <= work.state.now());
    tell(&mut work, progress, late);
    let rollout = std::sync::Arc::clone(&work.rollout);
    if late && rollout["status"]["phase"] != "Degraded" {
        let message = format!(
            "ReplicaSet \"{}-{}\" has timed out progressing.",
            object::name(&rollout),
            work.hash
        );
        work.state.record(
            &rollout,
            EventKind::Warning,
            "ProgressDeadlineExceeded",
            &message,
            WRITER.0,
        );
    }
    let status = std::mem::take(&mut work.status);
    WRITER.status(work.state, &rollout, status);
    deadline.filter(|_| !late)
}

fn count(work: &mut Work<'_>) {
    let sets = replica_sets::all(work.state, &work.rollout);
    let sum = |field: &str| {
        sets.iter()
            .map(|set| set["status"][field].as_u64().unwrap_or_default())
            .sum::<u64>()
    };
    let updated = replica_sets::of(work.state, &work.rollout, &work.hash);
    let updated = updated.map_or(0, |set| {
        set["status"]["replicas"].as_u64().unwrap_or_default()
    });
    let selector = read::texts(&work.rollout, "/spec/selector/matchLabels")
        .map(|(key, value)| format!("{key}={value}"));
    let selector = selector.collect::<Vec<_>>().join(",");
    let generation = work.rollout["metadata"]["generation"].to_string();
    let status = &mut work.status;
    status["replicas"] = json!(sum("replicas"));
    status["HPAReplicas"] = json!(sum("replicas"));
    status["readyReplicas"] = json!(sum("readyReplicas"));
    status["availableReplicas"] = json!(sum("availableReplicas"));
    status["updatedReplicas"] = json!(updated);
    status["selector"] = json!(selector);
    // A text, unlike everywhere else in Kubernetes.
    status["observedGeneration"] = json!(generation);
}

fn has_moved(work: &Work<'_>) -> bool {
    let before = &work.rollout["status"];
    [
        "currentPodHash",
        "currentStepIndex",
        "updatedReplicas",
        "availableReplicas",
        "readyReplicas",
        "replicas",
        "stableRS",
    ]
    .iter()
    .any(|field| before[*field] != work.status[*field])
}

/// When progress must have been made. None while nothing moves by intent.
fn deadline(work: &mut Work<'_>, progress: &Progress, moved: bool) -> Option<Timestamp> {
    if !matches!(progress, Progress::Moving(_)) {
        return None;
    }
    let condition = conditions::find(&work.rollout["status"], "Progressing").cloned();
    let exceeded =
        |one: &Value| one["status"] == "False" && one["reason"] == "ProgressDeadlineExceeded";
    if !moved && condition.as_ref().is_some_and(exceeded) {
        return Some(work.state.now());
    }
    let last = condition
        .and_then(|condition| read::instant(&condition, "/lastUpdateTime"))
        .filter(|_| !moved);
    let last = last.unwrap_or_else(|| work.state.now());
    let seconds = work.rollout["spec"]["progressDeadlineSeconds"]
        .as_i64()
        .unwrap_or(600);
    last.checked_add(SignedDuration::from_secs(seconds)).ok()
}

fn tell(work: &mut Work<'_>, progress: &Progress, late: bool) {
    let now = work.state.now();
    let set = format!("{}-{}", object::name(&work.rollout), work.hash);
    let (phase, message, reason, progressing) = words(progress, late, &set);
    let moved = has_moved(work);
    work.status["phase"] = json!(phase);
    work.status["message"] = json!(message);
    conditions::set_with(
        &mut work.status,
        says("Progressing", progressing, reason, &message),
        now,
        &["lastUpdateTime"],
    );
    if moved {
        touch(&mut work.status, &crate::clock::time(now));
    }
    let healthy = *progress == Progress::Healthy;
    let available = work.status["availableReplicas"].as_u64() >= Some(work.wanted());
    let enough = if available {
        "AvailableReason"
    } else {
        "MinimumReplicasUnavailable"
    };
    conditions::set(
        &mut work.status,
        says("Available", available, enough, ""),
        now,
    );
    conditions::set(
        &mut work.status,
        says(
            "Healthy",
            healthy,
            if healthy {
                "RolloutHealthy"
            } else {
                "RolloutNotHealthy"
            },
            "",
        ),
        now,
    );
    let paused = matches!(progress, Progress::Paused(_));
    conditions::set(
        &mut work.status,
        says("Paused", paused, "RolloutPaused", ""),
        now,
    );
    let done = work.stable() == work.hash;
    conditions::set(
        &mut work.status,
        says("Completed", done, "RolloutCompleted", ""),
        now,
    );
    let invalid = matches!(progress, Progress::Invalid(_));
    if invalid {
        conditions::set(
            &mut work.status,
            says("InvalidSpec", true, "InvalidSpec", &message),
            now,
        );
    } else {
        conditions::remove(&mut work.status, "InvalidSpec");
    }
}

/// Phase, message, reason and status of the condition `Progressing`.
fn words(progress: &Progress, late: bool, set: &str) -> (&'static str, String, &'static str, bool) {
    match progress {
        _ if late => (
            "Degraded",
            format!("ProgressDeadlineExceeded: ReplicaSet \"{set}\" has timed out progressing."),
            "ProgressDeadlineExceeded",
            false,
        ),
        Progress::Healthy => ("Healthy", String::new(), "NewReplicaSetAvailable", true),
        Progress::Moving(why) => ("Progressing", why.clone(), "ReplicaSetUpdated", true),
        Progress::Paused(why) => ("Paused", (*why).to_owned(), "RolloutPaused", true),
        Progress::Aborted(why) => ("Degraded", why.clone(), "RolloutAborted", false),
        Progress::Invalid(why) => (
            "Degraded",
            format!("InvalidSpec: {why}"),
            "InvalidSpec",
            false,
        ),
    }
}

fn touch(status: &mut Value, now: &str) {
    let list = status["conditions"].as_array_mut().into_iter().flatten();
    for condition in list.filter(|condition| condition["type"] == "Progressing") {
        condition["lastUpdateTime"] = json!(now);
    }
}
