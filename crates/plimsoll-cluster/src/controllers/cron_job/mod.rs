//! `CronJobs`: Jobs at the times of a schedule. Follows `pkg/controller/cronjob`, Kubernetes 1.37.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use self::schedule::Schedule;
use super::{Controller, Key, MANAGER, Outcome, job, own_or_owned, owner_reference, pods, read};
use crate::clock;
use crate::object;
use crate::state::{DeleteOptions, EventKind, Propagation, State};
use crate::store::LogEntry;

mod schedule;

const KIND: &str = "batch/CronJob";
const SOURCE: &str = "cronjob-controller";

/// The CronJob controller.
#[derive(Debug)]
pub struct CronJobs;

impl Controller for CronJobs {
    fn name(&self) -> &'static str {
        SOURCE
    }

    fn interested(&mut self, entry: &LogEntry, _: &State) -> Vec<Key> {
        own_or_owned(entry, KIND, &["batch/Job"])
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(cron) = state.get(KIND, &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        if object::is_terminating(&cron) {
            return Outcome::Done;
        }
        let mut status = cron["status"].clone();
        if !status.is_object() {
            status = json!({});
        }
        trim(state, &cron);
        let next = if read::flag(&cron, "/spec/suspend") {
            None
        } else {
            start_due(state, &cron, &mut status)
        };
        note_jobs(state, &cron, &mut status);
        if status != cron["status"] {
            let written = state.set_status(MANAGER, &cron, status);
            debug_assert!(
                written.is_ok(),
                "a status that we counted is valid: {written:?}"
            );
        }
        Outcome::at_some(state, next)
    }
}

fn jobs(state: &State, cron: &Value) -> Vec<Arc<Value>> {
    let mut found = state.owned_by(object::uid(cron));
    found.retain(|one| one["kind"] == "Job");
    found.sort_by(|a, b| {
        pods::created(a)
            .cmp(&pods::created(b))
            .then_with(|| object::name(a).cmp(object::name(b)))
    });
    found
}

/// Starts the newest missed run, if any; returns the time of the next one.
fn start_due(state: &mut State, cron: &Value, status: &mut Value) -> Option<Timestamp> {
    let zone = match read::text(cron, "/spec/timeZone") {
        "" => TimeZone::UTC,
        name => {
            if let Ok(zone) = TimeZone::get(name) {
                zone
            } else {
                let message = format!("invalid timeZone: \"{name}\"");
                state.record(
                    cron,
                    EventKind::Warning,
                    "UnknownTimeZone",
                    &message,
                    SOURCE,
                );
                return None;
            }
        }
    };
    let Some(schedule) = Schedule::parse(read::text(cron, "/spec/schedule")) else {
        let message = format!("unparseable schedule: {}", cron["spec"]["schedule"]);
        state.record(
            cron,
            EventKind::Warning,
            "UnparseableSchedule",
            &message,
            SOURCE,
        );
        return None;
    };
    let now = state.now();
    let since = read::instant(status, "/lastScheduleTime")
        .or_else(|| pods::created(cron))
        .unwrap_or(now);
    let mut due = None;
    let mut next = schedule.after(since, &zone)?;
    while next <= now {
        due = Some(next);
        next = schedule.after(next, &zone)?;
    }
    if let Some(due) = due.filter(|due| in_time(cron, *due, now)) {
        start(state, cron, due, status);
    }
    Some(next)
}

fn in_time(cron: &Value, due: Timestamp, now: Timestamp) -> bool {
    let Some(seconds) = read::int(cron, "/spec/startingDeadlineSeconds") else {
        return true;
    };
    due.checked_add(SignedDuration::from_secs(seconds))
        .is_ok_and(|end| end >= now)
}

fn start(state: &mut State, cron: &Value, due: Timestamp, status: &mut Value) {
    let active: Vec<_> = jobs(state, cron)
        .into_iter()
        .filter(|one| !job::is_finished(one))
        .collect();
    match read::text(cron, "/spec/concurrencyPolicy") {
        "Forbid" if !active.is_empty() => {
            let message = "Not starting job because prior execution is running and concurrency policy is Forbid";
            state.record(cron, EventKind::Normal, "JobAlreadyActive", message, SOURCE);
            return;
        }
        "Replace" => {
            for one in &active {
                delete(state, cron, one);
            }
        }
        _ => {}
    }
    match state.create(MANAGER, written(cron, due)) {
        Ok(made) => {
            let message = format!("Created job {}", object::name(&made));
            state.record(
                cron,
                EventKind::Normal,
                "SuccessfulCreate",
                &message,
                SOURCE,
            );
            status["lastScheduleTime"] = json!(clock::time(due));
        }
        Err(error) if error.reason == "AlreadyExists" => {
            status["lastScheduleTime"] = json!(clock::time(due));
        }
        Err(error) => {
            let message = format!("Error creating job: {error}");
            state.record(cron, EventKind::Warning, "FailedCreate", &message, SOURCE);
        }
    }
}

fn written(cron: &Value, due: Timestamp) -> Value {
    let template = &cron["spec"]["jobTemplate"];
    let mut metadata = json!({
        "name": format!("{}-{}", object::name(cron), due.as_second() / 60),
        "namespace": cron["metadata"]["namespace"],
        "annotations": {"batch.kubernetes.io/cronjob-scheduled-timestamp": clock::time(due)},
        "ownerReferences": [owner_reference(cron)],
    });
    if template["metadata"]["labels"].is_object() {
        metadata["labels"] = template["metadata"]["labels"].clone();
    }
    for (key, value) in read::texts(template, "/metadata/annotations") {
        metadata["annotations"][key] = json!(value);
    }
    json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template["spec"]})
}

fn delete(state: &mut State, cron: &Value, one: &Value) {
    let options = DeleteOptions {
        propagation: Some(Propagation::Background),
        ..DeleteOptions::default()
    };
    if state
        .delete(
            "batch/Job",
            object::namespace(one),
            object::name(one),
            &options,
        )
        .is_ok()
    {
        let message = format!("Deleted job {}", object::name(one));
        state.record(
            cron,
            EventKind::Normal,
            "SuccessfulDelete",
            &message,
            SOURCE,
        );
    }
}

/// Removes finished Jobs above the history limits, oldest first.
fn trim(state: &mut State, cron: &Value) {
    for (kind, field, default) in [
        ("Complete", "/spec/successfulJobsHistoryLimit", 3),
        ("Failed", "/spec/failedJobsHistoryLimit", 1),
    ] {
        let ended = |one: &Arc<Value>| super::conditions::is_true(&one["status"], kind);
        let found: Vec<_> = jobs(state, cron).into_iter().filter(ended).collect();
        let limit = usize::try_from(read::int(cron, field).unwrap_or(default)).unwrap_or_default();
        for one in found.iter().take(found.len().saturating_sub(limit)) {
            delete(state, cron, one);
        }
    }
}

fn note_jobs(state: &State, cron: &Value, status: &mut Value) {
    let all = jobs(state, cron);
    let active: Vec<Value> = all
        .iter()
        .filter(|one| !job::is_finished(one))
        .map(|one| {
            json!({
                "apiVersion": "batch/v1",
                "kind": "Job",
                "name": one["metadata"]["name"],
                "namespace": one["metadata"]["namespace"],
                "uid": one["metadata"]["uid"],
                "resourceVersion": one["metadata"]["resourceVersion"],
            })
        })
        .collect();
    let known = |one: &Value| {
        read::items(&cron["status"], "/active")
            .iter()
            .find(|old| old["uid"] == one["uid"])
            .cloned()
    };
    let active: Vec<Value> = active
        .into_iter()
        .map(|one| known(&one).unwrap_or(one))
        .collect();
    let last = all
        .iter()
        .filter_map(|one| read::instant(one, "/status/completionTime"))
        .max();
    if let Some(last) = last {
        status["lastSuccessfulTime"] = json!(clock::time(last));
    }
    let Some(fields) = status.as_object_mut() else {
        return;
    };
    if active.is_empty() {
        fields.shift_remove("active");
    } else {
        fields.insert("active".to_owned(), Value::Array(active));
    }
}
