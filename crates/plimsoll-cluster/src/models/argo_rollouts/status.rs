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
    if late && work.rollout["spec"]["progressDeadlineAbort"] == true {
        work.status["abort"] = json!(true);
    }
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
    // Of blue and green, those that serve.
    let active = read::text(&work.status, "/blueGreen/activeSelector").to_owned();
    let serving = |set: &&std::sync::Arc<Value>| {
        active.is_empty() || object::label(set, super::HASH) == Some(&active)
    };
    let available: u64 = sets
        .iter()
        .filter(serving)
        .map(|set| {
            set["status"]["availableReplicas"]
                .as_u64()
                .unwrap_or_default()
        })
        .sum();
    let selector = read::texts(&work.rollout, "/spec/selector/matchLabels")
        .map(|(key, value)| format!("{key}={value}"));
    let selector = selector.collect::<Vec<_>>().join(",");
    let generation = work.rollout["metadata"]["generation"].to_string();
    let status = &mut work.status;
    status["replicas"] = json!(sum("replicas"));
    status["HPAReplicas"] = json!(sum("replicas"));
    status["readyReplicas"] = json!(sum("readyReplicas"));
    status["availableReplicas"] = json!(available);
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
    if !matches!(progress, Progress::Moving) {
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
    let moved = has_moved(work);
    let (reason, status, message) = progressing(work, progress, late);
    let phase = phase(work, progress, reason, &message);
    (work.status["phase"], work.status["message"]) = (json!(phase.0), json!(phase.1));
    let condition = conditions::Condition {
        kind: "Progressing",
        status,
        reason,
        message: &message,
    };
    conditions::set_with(&mut work.status, condition, now, &["lastUpdateTime"]);
    if moved {
        touch(&mut work.status, &crate::clock::time(now));
    }
    let healthy = *progress == Progress::Healthy;
    let paused = matches!(progress, Progress::Paused);
    let available = work.status["availableReplicas"].as_u64() >= Some(work.wanted());
    let done = work.stable() == work.hash;
    let was = |work: &Work<'_>, name: &str| conditions::find(&work.status, name).is_some();
    let completed = completed(work, done);
    let mut all = vec![
        says(
            "Available",
            available,
            "AvailableReason",
            availability(available),
        ),
        says("Completed", done, "RolloutCompleted", &completed),
    ];
    // Two that are there only once they were true.
    if healthy {
        all.push(says(
            "Healthy",
            true,
            "RolloutHealthy",
            "Rollout is healthy",
        ));
    } else if was(work, "Healthy") {
        all.push(says(
            "Healthy",
            false,
            "RolloutHealthy",
            "Rollout is not healthy",
        ));
    }
    if paused || was(work, "Paused") {
        all.push(says("Paused", paused, "RolloutPaused", "Rollout is paused"));
    }
    if let Progress::Invalid(why) = progress {
        all.push(says("InvalidSpec", true, "InvalidSpec", why));
    } else {
        conditions::remove(&mut work.status, "InvalidSpec");
    }
    for condition in all {
        conditions::set_with(&mut work.status, condition, now, &["lastUpdateTime"]);
    }
}

fn availability(available: bool) -> &'static str {
    if available {
        "Rollout has minimum availability"
    } else {
        "Rollout does not have minimum availability"
    }
}

fn completed(work: &Work<'_>, done: bool) -> String {
    let (revision, hash) = (replica_sets::revision_of(work), &work.hash);
    if done {
        format!(
            "Rollout completed update to revision {revision} ({hash}): Completed all canary steps"
        )
    } else {
        format!("Rollout not completed, started update to revision {revision} ({hash})")
    }
}

/// Reason, status and message of the condition `Progressing`.
fn progressing(
    work: &Work<'_>,
    progress: &Progress,
    late: bool,
) -> (&'static str, &'static str, String) {
    let set = format!(
        "ReplicaSet \"{}-{}\"",
        object::name(&work.rollout),
        work.hash
    );
    match progress {
        _ if late => (
            "ProgressDeadlineExceeded",
            "False",
            format!("{set} has timed out progressing."),
        ),
        Progress::Healthy => (
            "NewReplicaSetAvailable",
            "True",
            format!("{set} has successfully progressed."),
        ),
        Progress::Moving => (
            "ReplicaSetUpdated",
            "True",
            format!("{set} is progressing."),
        ),
        Progress::Paused => ("RolloutPaused", "Unknown", "Rollout is paused".to_owned()),
        Progress::Aborted(why) => ("RolloutAborted", "False", aborted(work, why)),
        Progress::Invalid(why) => ("InvalidSpec", "False", why.clone()),
    }
}

/// Why it was given up is said once; later reconciliations leave it as it is.
fn aborted(work: &Work<'_>, why: &str) -> String {
    let known = conditions::find(&work.status, "Progressing");
    let known = known.filter(|condition| condition["reason"] == "RolloutAborted");
    if let Some(message) = known.and_then(|condition| condition["message"].as_str()) {
        return message.to_owned();
    }
    let revision = replica_sets::revision_of(work);
    let because = if why.is_empty() {
        String::new()
    } else {
        format!(": {why}")
    };
    format!("Rollout aborted update to revision {revision}{because}")
}

/// Phase and message, from the rest of the status; source: `CalculateRolloutPhase`.
fn phase(
    work: &Work<'_>,
    progress: &Progress,
    reason: &str,
    message: &str,
) -> (&'static str, String) {
    match progress {
        Progress::Invalid(_) | Progress::Aborted(_) => ("Degraded", format!("{reason}: {message}")),
        _ if reason == "ProgressDeadlineExceeded" => ("Degraded", format!("{reason}: {message}")),
        Progress::Paused => {
            let first = read::text(&work.status, "/pauseConditions/0/reason");
            ("Paused", first.to_owned())
        }
        Progress::Healthy => ("Healthy", String::new()),
        Progress::Moving => ("Progressing", missing(work).to_owned()),
    }
}

fn missing(work: &Work<'_>) -> &'static str {
    let count = |field: &str| work.status[field].as_u64().unwrap_or_default();
    let (updated, available) = (count("updatedReplicas"), count("availableReplicas"));
    let canary = &work.rollout["spec"]["strategy"]["canary"];
    if updated < work.wanted() {
        "more replicas need to be updated"
    } else if available < updated {
        "updated replicas are still becoming available"
    } else if canary.is_null() {
        if work.status["blueGreen"]["activeSelector"] == json!(work.hash) {
            "waiting for analysis to complete"
        } else {
            "active service cutover pending"
        }
    } else if canary["trafficRouting"].is_null() && count("replicas") > updated {
        "old replicas are pending termination"
    } else {
        "waiting for all steps to complete"
    }
}

fn touch(status: &mut Value, now: &str) {
    let list = status["conditions"].as_array_mut().into_iter().flatten();
    for condition in list.filter(|condition| condition["type"] == "Progressing") {
        condition["lastUpdateTime"] = json!(now);
    }
}
