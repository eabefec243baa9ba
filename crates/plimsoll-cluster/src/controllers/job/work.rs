//! Which pods a Job should have now: parallelism, completions, indexes, and waiting after failures.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::{pods, read};
use super::{BACK_OFF, BACK_OFF_MOST, Pods, SOURCE, policy};
use crate::object;
use crate::state::State;

const INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// How many pods or indexes succeeded.
pub fn succeeded(job: &Value, pods: &Pods) -> i64 {
    let number = if is_indexed(job) {
        indexes(&pods.succeeded).len()
    } else {
        pods.succeeded.len()
    };
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The indexes that succeeded, as ranges: `0,2-4`.
pub fn completed_indexes(job: &Value, pods: &Pods) -> Option<String> {
    if !is_indexed(job) {
        return None;
    }
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for index in indexes(&pods.succeeded) {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == index => *last = index,
            _ => ranges.push((index, index)),
        }
    }
    let written = ranges.iter().map(|(first, last)| {
        if first == last {
            first.to_string()
        } else {
            format!("{first}-{last}")
        }
    });
    let written: Vec<String> = written.collect();
    (!written.is_empty()).then(|| written.join(","))
}

/// Creates or removes pods; returns when more can be created.
pub fn manage(state: &mut State, job: &Value, pods: &Pods) -> Option<Timestamp> {
    let active = i64::try_from(pods.active.len()).unwrap_or(i64::MAX);
    let wanted = wanted(job, pods);
    if active > wanted {
        let mut surplus = pods.active.clone();
        pods::sort_for_deletion(&mut surplus, &pods.active);
        for pod in surplus
            .iter()
            .take(usize::try_from(active - wanted).unwrap_or_default())
        {
            pods::delete(state, job, pod, SOURCE);
        }
        return None;
    }
    let terminating = i64::try_from(pods.terminating).unwrap_or_default();
    let waits_for_end = read::text(job, "/spec/podReplacementPolicy") == "Failed"
        || job["spec"]["podFailurePolicy"].is_object();
    let held = if waits_for_end { terminating } else { 0 };
    let missing = wanted - active - held;
    if missing <= 0 {
        return None;
    }
    let ready = retry_at(job, pods);
    if ready.is_some_and(|at| at > state.now()) {
        return ready;
    }
    create(state, job, pods, missing)
}

fn wanted(job: &Value, pods: &Pods) -> i64 {
    let parallelism = read::int(job, "/spec/parallelism").unwrap_or(1);
    match read::int(job, "/spec/completions") {
        Some(completions) => parallelism.min((completions - succeeded(job, pods)).max(0)),
        None if pods.succeeded.is_empty() => parallelism,
        None => i64::try_from(pods.active.len()).unwrap_or(i64::MAX),
    }
}

fn create(state: &mut State, job: &Value, pods: &Pods, missing: i64) -> Option<Timestamp> {
    let mut free = free_indexes(job, pods);
    for _ in 0..missing {
        let mut pod = pods::from_template(job, &job["spec"]["template"]);
        label(job, &mut pod);
        let name = object::name(job);
        pod["metadata"]["generateName"] = json!(format!("{name}-"));
        if is_indexed(job) {
            let index = free.next()?;
            put_index(&mut pod, name, index);
        }
        if pods::create(state, job, pod, SOURCE).is_err() {
            return state
                .now()
                .checked_add(SignedDuration::from_secs(BACK_OFF))
                .ok();
        }
    }
    None
}

fn label(job: &Value, pod: &mut Value) {
    if !pod["metadata"]["labels"].is_object() {
        pod["metadata"]["labels"] = json!({});
    }
    let labels = &mut pod["metadata"]["labels"];
    for key in ["batch.kubernetes.io/controller-uid", "controller-uid"] {
        labels[key] = job["metadata"]["uid"].clone();
    }
    for key in ["batch.kubernetes.io/job-name", "job-name"] {
        labels[key] = job["metadata"]["name"].clone();
    }
}

fn put_index(pod: &mut Value, job: &str, index: i64) {
    let text = json!(index.to_string());
    if !pod["metadata"]["annotations"].is_object() {
        pod["metadata"]["annotations"] = json!({});
    }
    pod["metadata"]["annotations"][INDEX] = text.clone();
    pod["metadata"]["labels"][INDEX] = text.clone();
    pod["metadata"]["generateName"] = json!(format!("{job}-{index}-"));
    pod["spec"]["hostname"] = json!(format!("{job}-{index}"));
    for container in pod["spec"]["containers"]
        .as_array_mut()
        .into_iter()
        .flatten()
    {
        if !container["env"].is_array() {
            container["env"] = json!([]);
        }
        if let Some(env) = container["env"].as_array_mut() {
            env.push(json!({"name": "JOB_COMPLETION_INDEX", "value": text}));
        }
    }
}

fn is_indexed(job: &Value) -> bool {
    read::text(job, "/spec/completionMode") == "Indexed"
}

fn indexes(pods: &[Arc<Value>]) -> BTreeSet<i64> {
    pods.iter()
        .filter_map(|pod| object::annotation(pod, INDEX)?.parse().ok())
        .collect()
}

fn free_indexes(job: &Value, pods: &Pods) -> impl Iterator<Item = i64> + use<> {
    let mut taken = indexes(&pods.succeeded);
    taken.extend(indexes(&pods.active));
    let completions = read::count(job, "/spec/completions");
    (0..completions).filter(move |index| !taken.contains(index))
}

/// When the next pod may be created after failures: they count in a row, since the last success.
fn retry_at(job: &Value, pods: &Pods) -> Option<Timestamp> {
    let last_success = pods.succeeded.iter().filter_map(|pod| ended_at(pod)).max();
    let recent: Vec<Timestamp> = pods
        .failed
        .iter()
        .filter(|pod| policy::counted(job, std::slice::from_ref(*pod)) > 0)
        .filter_map(|pod| ended_at(pod))
        .filter(|at| last_success.is_none_or(|success| *at > success))
        .collect();
    let last = *recent.iter().max()?;
    let doublings = u32::try_from(recent.len() - 1).unwrap_or(u32::MAX).min(10);
    let wait = (BACK_OFF << doublings).min(BACK_OFF_MOST);
    last.checked_add(SignedDuration::from_secs(wait)).ok()
}

fn ended_at(pod: &Value) -> Option<Timestamp> {
    let statuses = read::items(pod, "/status/containerStatuses").iter();
    let ends = statuses.filter_map(|one| read::instant(one, "/state/terminated/finishedAt"));
    ends.max().or_else(|| pods::created(pod))
}
