//! Analysis: a run is made from its templates and passes after the time that its metrics ask for.
//!
//! No metric is measured here, so every run succeeds; that it exists and how long it takes is what a release sees.

use super::{HASH, RUN, WRITER, Work, length};
use crate::controllers::{Controller, Key, Outcome, owner_reference, read};
use crate::object;
use crate::state::State;
use crate::store::LogEntry;
use jiff::SignedDuration;
use serde_json::{Value, json};

/// Where an analysis stands.
pub(super) enum Verdict {
    Running,
    Passed,
    /// No answer: somebody has to say how it goes on.
    Inconclusive,
    /// What it says of itself.
    Failed(String),
}

/// Makes the run of a version if it is not there, and asks it. It is named after its version, and after the
/// step or the promotion that it belongs to; the one beside the steps after nothing more.
pub(super) fn run(work: &mut Work<'_>, wanted: &Value, of: &str, told: &str) -> Verdict {
    let revision = super::replica_sets::revision_of(work);
    let mut name = format!("{}-{}-{revision}", object::name(&work.rollout), work.hash);
    if !of.is_empty() {
        name = format!("{name}-{of}");
    }
    let Some(run) = work.state.get(RUN, work.namespace(), &name) else {
        let metrics: Vec<Value> = templates(wanted)
            .filter_map(|template| find(work.state, work.namespace(), template))
            .flat_map(|template| read::items(&template, "/spec/metrics").to_vec())
            .collect();
        let run = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisRun",
            "metadata": {
                "namespace": work.namespace(), "name": name, "labels": {HASH: work.hash},
                "ownerReferences": [owner_reference(&work.rollout)],
            },
            "spec": {"metrics": metrics, "args": wanted["args"].as_array().cloned().unwrap_or_default()},
        });
        WRITER.put(work.state, &work.rollout, run);
        return Verdict::Running;
    };
    let (phase, message) = (
        read::text(&run, "/status/phase").to_owned(),
        read::text(&run, "/status/message").to_owned(),
    );
    tell(work, told, &name, &phase, &message);
    match phase.as_str() {
        "Successful" => Verdict::Passed,
        "Inconclusive" => Verdict::Inconclusive,
        "Failed" | "Error" if message.is_empty() => Verdict::Failed(String::new()),
        "Failed" | "Error" => Verdict::Failed(format!(": {message}")),
        _ => Verdict::Running,
    }
}

/// Writes into the status of the Rollout how a run stands.
fn tell(work: &mut Work<'_>, told: &str, name: &str, phase: &str, message: &str) {
    let (strategy, field) = told.split_once('/').unwrap_or(("canary", told));
    let mut known = json!({"name": name, "status": phase});
    if !message.is_empty() {
        known["message"] = json!(message);
    }
    work.status[strategy][field] = known;
}

fn templates(wanted: &Value) -> impl Iterator<Item = &Value> {
    read::items(wanted, "/templates").iter()
}

fn find(state: &State, namespace: &str, reference: &Value) -> Option<Value> {
    let name = read::text(reference, "/templateName");
    let found = if reference["clusterScope"] == true {
        state.get("argoproj.io/ClusterAnalysisTemplate", "", name)
    } else {
        state.get("argoproj.io/AnalysisTemplate", namespace, name)
    };
    found.map(|template| Value::clone(&template))
}

/// The first template that the Rollout names and nobody made.
pub(super) fn missing_template(state: &State, rollout: &Value) -> Option<String> {
    let strategy = &rollout["spec"]["strategy"];
    let steps = read::items(strategy, "/canary/steps").iter().enumerate();
    let steps =
        steps.map(|(index, step)| (format!("canary.steps[{index}].analysis"), &step["analysis"]));
    let others = [
        ("canary", "analysis"),
        ("blueGreen", "prePromotionAnalysis"),
        ("blueGreen", "postPromotionAnalysis"),
    ];
    let others = others.map(|(how, field)| (format!("{how}.{field}"), &strategy[how][field]));
    let mut named = steps
        .chain(others)
        .flat_map(|(path, wanted)| templates(wanted).map(move |one| (path.clone(), one)));
    let is_missing =
        |reference: &Value| find(state, object::namespace(rollout), reference).is_none();
    let (path, missing) = named.find(|(_, reference)| is_missing(reference))?;
    let kind = if missing["clusterScope"] == true {
        "ClusterAnalysisTemplate"
    } else {
        "AnalysisTemplate"
    };
    let (rollout, name) = (object::name(rollout), read::text(missing, "/templateName"));
    Some(format!(
        "The Rollout {rollout:?} is invalid: spec.strategy.{path}.templates: Invalid value: {name:?}: \
         {kind} '{name}' not found"
    ))
}

/// Lets runs pass.
#[derive(Debug)]
pub(in super::super) struct AnalysisRuns;

impl Controller for AnalysisRuns {
    fn name(&self) -> &'static str {
        "argo-rollouts-analysis"
    }

    fn interested(&mut self, entry: &LogEntry, _: &State) -> Vec<Key> {
        if *entry.kind == *RUN {
            vec![Key::new(&entry.namespace, &entry.name)]
        } else {
            Vec::new()
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(run) = state.get(RUN, &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        if matches!(
            read::text(&run, "/status/phase"),
            "Successful" | "Failed" | "Error" | "Inconclusive"
        ) {
            return Outcome::Done;
        }
        let mut status = super::super::writing::status_of(&run);
        if status["startedAt"].is_null() {
            status["startedAt"] = json!(state.now_text());
        }
        let start = read::instant(&status, "/startedAt").unwrap_or_else(|| state.now());
        let end = start.checked_add(needed(&run)).unwrap_or(start);
        let over = end <= state.now();
        status["phase"] = json!(if over { "Successful" } else { "Running" });
        if over {
            status["completedAt"] = json!(state.now_text());
            status["message"] = json!("no metric was measured: this cluster assumes success");
        }
        WRITER.status(state, &run, status);
        if over {
            Outcome::Done
        } else {
            Outcome::at(state, end)
        }
    }
}

/// The longest of its metrics: initial delay, then an interval between two measurements.
fn needed(run: &Value) -> SignedDuration {
    let one = |metric: &Value| {
        let number = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
        let count = number(&metric["count"]).unwrap_or(1).max(1);
        let between = i32::try_from(count - 1).unwrap_or(i32::MAX);
        length(&metric["initialDelay"]) + length(&metric["interval"]) * between
    };
    read::items(run, "/spec/metrics")
        .iter()
        .map(one)
        .max()
        .unwrap_or_default()
}
