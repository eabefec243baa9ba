//! Jobs: pods that run to their end, again after failures, within limits.
//!
//! Follows `pkg/controller/job`, Kubernetes 1.37; pods are counted as they are, without the
//! tracking finalizer, so a failed pod that somebody deletes is not counted.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use self::policy::Verdict;
use super::conditions::{self, Condition};
use super::{Controller, Key, MANAGER, Outcome, own_or_owned, pods, read};
use crate::clock;
use crate::object;
use crate::state::{DeleteOptions, EventKind, State};
use crate::store::LogEntry;

mod policy;
mod work;

#[cfg(test)]
mod tests;

const KIND: &str = "batch/Job";
const SOURCE: &str = "job-controller";
/// First wait before a failed pod is replaced, doubled with each failure in a row.
const BACK_OFF: i64 = 10;
/// The longest such wait.
const BACK_OFF_MOST: i64 = 600;

/// The Job controller.
#[derive(Debug)]
pub struct Jobs;

impl Controller for Jobs {
    fn name(&self) -> &'static str {
        SOURCE
    }

    fn interested(&mut self, entry: &LogEntry, _: &State) -> Vec<Key> {
        own_or_owned(entry, KIND, &["Pod"])
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(job) = state.get(KIND, &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        if object::is_terminating(&job) || is_finished(&job) {
            return Outcome::Done;
        }
        sync(state, &job)
    }
}

/// Whether a Job has completed or failed.
pub fn is_finished(job: &Value) -> bool {
    ["Complete", "Failed"]
        .iter()
        .any(|kind| conditions::is_true(&job["status"], kind))
}

/// When a Job completed or failed.
pub fn finished_at(job: &Value) -> Option<Timestamp> {
    ["Complete", "Failed"].iter().find_map(|kind| {
        let found = conditions::find(&job["status"], kind).filter(|one| one["status"] == "True")?;
        read::instant(found, "/lastTransitionTime")
    })
}

/// A Job's pods, told apart by what became of them.
struct Pods {
    active: Vec<Arc<Value>>,
    terminating: usize,
    succeeded: Vec<Arc<Value>>,
    failed: Vec<Arc<Value>>,
}

impl Pods {
    fn of(state: &State, job: &Value) -> Self {
        let all = pods::of(state, job);
        let phase = |wanted: &str| {
            all.iter()
                .filter(|pod| pods::phase(pod) == wanted)
                .cloned()
                .collect::<Vec<_>>()
        };
        let terminating = |pod: &&Arc<Value>| object::is_terminating(pod) && !pods::is_over(pod);
        Self {
            terminating: all.iter().filter(terminating).count(),
            succeeded: phase("Succeeded"),
            failed: phase("Failed"),
            active: all.into_iter().filter(|pod| pods::is_active(pod)).collect(),
        }
    }
}

fn sync(state: &mut State, job: &Arc<Value>) -> Outcome {
    let now = state.now();
    let suspended = read::flag(job, "/spec/suspend");
    let mut status = job["status"].clone();
    if !status.is_object() {
        status = json!({});
    }
    if read::text(&status, "/startTime").is_empty() && !suspended {
        status["startTime"] = json!(clock::time(now));
    }
    let pods = Pods::of(state, job);
    let failed = policy::counted(job, &pods.failed);
    let verdict = verdict(job, &status, &pods, failed, now);
    let mut wake = deadline(job, &status).filter(|at| *at > now);
    match &verdict {
        Some(end) => {
            remove_all(state, job, &pods.active);
            note_end(
                job,
                &mut status,
                end,
                pods.active.is_empty() && pods.terminating == 0,
                now,
            );
        }
        None if suspended => remove_all(state, job, &pods.active),
        None => {
            let again = work::manage(state, job, &pods);
            wake = match (wake, again) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
    }
    if verdict.is_none() {
        note_suspension(state, job, &mut status, suspended);
    }
    count(state, job, &mut status, failed);
    write(state, job, status);
    Outcome::at_some(state, wake)
}

/// How a Job ends, if it does now.
fn verdict(
    job: &Value,
    status: &Value,
    pods: &Pods,
    failed: usize,
    now: Timestamp,
) -> Option<Verdict> {
    for (kind, failure) in [("FailureTarget", true), ("SuccessCriteriaMet", false)] {
        if let Some(known) = conditions::find(status, kind).filter(|one| one["status"] == "True") {
            let text = |field: &str| known[field].as_str().unwrap_or_default().to_owned();
            return Some(Verdict {
                failure,
                reason: text("reason"),
                message: text("message"),
            });
        }
    }
    if let Some(broken) = policy::fails_job(job, &pods.failed) {
        return Some(broken);
    }
    let limit = read::int(job, "/spec/backoffLimit").unwrap_or(6);
    if i64::try_from(failed).unwrap_or(i64::MAX) > limit || restarted_too_often(job, pods, limit) {
        return Some(Verdict::failure(
            "BackoffLimitExceeded",
            "Job has reached the specified backoff limit".to_owned(),
        ));
    }
    if deadline(job, status).is_some_and(|at| at <= now) {
        return Some(Verdict::failure(
            "DeadlineExceeded",
            "Job was active longer than specified deadline".to_owned(),
        ));
    }
    is_complete(job, pods).then(|| Verdict {
        failure: false,
        reason: "CompletionsReached".to_owned(),
        message: "Reached expected number of succeeded pods".to_owned(),
    })
}

fn is_complete(job: &Value, pods: &Pods) -> bool {
    let succeeded = work::succeeded(job, pods);
    match read::int(job, "/spec/completions") {
        None => succeeded > 0 && pods.active.is_empty(),
        Some(wanted) => succeeded >= wanted,
    }
}

/// With `OnFailure` containers restart in their pods; their restarts count together.
fn restarted_too_often(job: &Value, pods: &Pods, limit: i64) -> bool {
    if read::text(job, "/spec/template/spec/restartPolicy") != "OnFailure" {
        return false;
    }
    let lists = ["/status/initContainerStatuses", "/status/containerStatuses"];
    let restarts: i64 = pods
        .active
        .iter()
        .flat_map(|pod| lists.iter().flat_map(move |list| read::items(pod, list)))
        .map(|one| read::count(one, "/restartCount"))
        .sum();
    if limit == 0 {
        restarts > 0
    } else {
        restarts >= limit
    }
}

fn deadline(job: &Value, status: &Value) -> Option<Timestamp> {
    let seconds = read::int(job, "/spec/activeDeadlineSeconds")?;
    read::instant(status, "/startTime")?
        .checked_add(SignedDuration::from_secs(seconds))
        .ok()
}

fn remove_all(state: &mut State, job: &Value, active: &[Arc<Value>]) {
    for pod in active {
        pods::delete(state, job, pod, SOURCE);
    }
}

fn note_end(job: &Value, status: &mut Value, end: &Verdict, rest: bool, now: Timestamp) {
    let (first, last) = if end.failure {
        ("FailureTarget", "Failed")
    } else {
        ("SuccessCriteriaMet", "Complete")
    };
    let mut set = |kind| {
        let says = Condition {
            kind,
            status: "True",
            reason: &end.reason,
            message: &end.message,
        };
        conditions::set_with(status, says, now, &["lastProbeTime"])
    };
    set(first);
    // The last word is spoken only when no pod is left that could still change the counts.
    if rest {
        set(last);
        if !end.failure {
            status["completionTime"] = json!(clock::time(now));
        }
    }
    debug_assert!(job["kind"] == "Job");
}

fn note_suspension(state: &State, job: &Value, status: &mut Value, suspended: bool) {
    let was = conditions::is_true(status, "Suspended");
    let (word, reason, message) = match (suspended, was) {
        (true, false) => ("True", "JobSuspended", "Job suspended"),
        (false, true) => ("False", "JobResumed", "Job resumed"),
        _ => return,
    };
    let says = Condition {
        kind: "Suspended",
        status: word,
        reason,
        message,
    };
    conditions::set_with(status, says, state.now(), &["lastProbeTime"]);
    if suspended {
        if let Some(fields) = status.as_object_mut() {
            fields.shift_remove("startTime");
        }
    } else {
        status["startTime"] = json!(state.now_text());
    }
    debug_assert!(job["kind"] == "Job");
}

fn count(state: &State, job: &Value, status: &mut Value, failed: usize) {
    let pods = Pods::of(state, job);
    let ready = pods.active.iter().filter(|pod| pods::is_ready(pod)).count();
    status["ready"] = json!(ready);
    status["terminating"] = json!(pods.terminating);
    status["uncountedTerminatedPods"] = json!({});
    let Some(fields) = status.as_object_mut() else {
        return;
    };
    let succeeded = usize::try_from(work::succeeded(job, &pods)).unwrap_or_default();
    for (field, number) in [
        ("active", pods.active.len()),
        ("succeeded", succeeded),
        ("failed", failed),
    ] {
        if number > 0 {
            fields.insert(field.to_owned(), json!(number));
        } else {
            fields.shift_remove(field);
        }
    }
    if let Some(done) = work::completed_indexes(job, &pods) {
        fields.insert("completedIndexes".to_owned(), json!(done));
    }
}

fn write(state: &mut State, job: &Value, status: Value) {
    if status == job["status"] {
        return;
    }
    let Ok(written) = state.set_status(MANAGER, job, status) else {
        return;
    };
    if is_finished(&written) {
        announce(state, &written);
        for pod in Pods::of(state, &written).active {
            let options = DeleteOptions::default();
            // A pod that went meanwhile needs no deletion.
            drop(state.delete("Pod", object::namespace(&pod), object::name(&pod), &options));
        }
    }
}

fn announce(state: &mut State, job: &Value) {
    if let Some(failed) = conditions::find(&job["status"], "Failed") {
        let text = |field: &str| failed[field].as_str().unwrap_or_default();
        state.record(
            job,
            EventKind::Warning,
            text("reason"),
            text("message"),
            SOURCE,
        );
    } else {
        state.record(job, EventKind::Normal, "Completed", "Job completed", SOURCE);
    }
}
