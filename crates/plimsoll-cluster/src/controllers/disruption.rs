//! Disruption budgets: how many pods may be evicted now. Follows `pkg/controller/disruption`, 1.37.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::conditions::{self, Condition};
use super::label_index::{LabelIndex, SelectorIndex};
use super::{Controller, Key, MANAGER, Outcome, pods, read, scale, selector};
use crate::state::State;
use crate::store::LogEntry;

const KIND: &str = "policy/PodDisruptionBudget";

/// The disruption controller.
#[derive(Debug, Default)]
pub struct Disruptions {
    pods: LabelIndex,
    budgets: SelectorIndex,
}

impl Controller for Disruptions {
    fn name(&self) -> &'static str {
        "disruption-controller"
    }

    fn interested(&mut self, entry: &LogEntry, state: &State) -> Vec<Key> {
        match &*entry.kind {
            KIND => {
                self.budgets.observe(entry, "/spec/selector/matchLabels");
                vec![Key::new(&entry.namespace, &entry.name)]
            }
            "Pod" => {
                self.pods.observe(entry);
                if matters(entry) {
                    self.budgets_of(entry, state)
                } else {
                    Vec::new()
                }
            }
            "apps/Deployment" | "apps/StatefulSet" if resized(entry) => {
                let labels = &entry.object()["spec"]["template"]["metadata"]["labels"];
                self.selecting(&entry.namespace, labels, state)
            }
            _ => Vec::new(),
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(budget) = state.get(KIND, &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        let pods = self
            .pods
            .select(state, &key.namespace, &budget["spec"]["selector"]);
        let status = counted(state, &budget, &pods);
        if status != budget["status"] {
            let written = state.set_status(MANAGER, &budget, status);
            debug_assert!(
                written.is_ok(),
                "a status that we counted is valid: {written:?}"
            );
        }
        Outcome::Done
    }
}

impl Disruptions {
    fn budgets_of(&self, entry: &LogEntry, state: &State) -> Vec<Key> {
        let pods = entry.old.iter().chain(&entry.new);
        let all = pods
            .flat_map(|pod| self.selecting(&entry.namespace, &pod["metadata"]["labels"], state));
        all.collect()
    }

    fn selecting(&self, namespace: &str, labels: &Value, state: &State) -> Vec<Key> {
        let names = self.budgets.candidates(namespace, labels).into_iter();
        let fits = |name: &&str| selects(state, namespace, name, labels);
        names
            .filter(fits)
            .map(|name| Key::new(namespace, name))
            .collect()
    }
}

fn selects(state: &State, namespace: &str, name: &str, labels: &Value) -> bool {
    let budget = state.get(KIND, namespace, name);
    budget.is_some_and(|budget| selector::matches(&budget["spec"]["selector"], labels))
}

/// Whether a change of a pod can change a budget's count.
fn matters(entry: &LogEntry) -> bool {
    let facts = |pod: &Value| {
        (
            pods::is_ready(pod),
            pods::is_active(pod),
            pod["metadata"]["labels"].clone(),
        )
    };
    match (&entry.old, &entry.new) {
        (Some(old), Some(new)) => facts(old) != facts(new),
        _ => true,
    }
}

fn resized(entry: &LogEntry) -> bool {
    let size = |object: &Arc<Value>| read::int(object, "/spec/replicas");
    entry.old.as_ref().map(size) != entry.new.as_ref().map(size)
}

fn counted(state: &State, budget: &Value, pods: &[Arc<Value>]) -> Value {
    let healthy = pods
        .iter()
        .filter(|pod| pods::is_ready(pod) && pods::is_active(pod))
        .count();
    let healthy = whole(healthy);
    let (expected, desired) = wishes(state, budget, pods);
    let allowed = if expected == 0 {
        0
    } else {
        (healthy - desired).max(0)
    };
    let mut status = json!({"conditions": budget["status"]["conditions"]});
    if status["conditions"].is_null() {
        status = json!({});
    }
    status["currentHealthy"] = json!(healthy);
    status["desiredHealthy"] = json!(desired);
    status["disruptionsAllowed"] = json!(allowed);
    status["expectedPods"] = json!(expected);
    status["observedGeneration"] = budget["metadata"]["generation"].clone();
    let (word, reason) = if allowed > 0 {
        ("True", "SufficientPods")
    } else {
        ("False", "InsufficientPods")
    };
    let says = Condition {
        kind: "DisruptionAllowed",
        status: word,
        reason,
        message: "",
    };
    conditions::set(&mut status, says, state.now());
    status
}

/// How many pods there should be, and how many of them must stay.
fn wishes(state: &State, budget: &Value, pods: &[Arc<Value>]) -> (i64, i64) {
    let spec = &budget["spec"];
    if let Some(most) = spec.get("maxUnavailable") {
        let expected = asked(state, pods);
        let most = read::number_or_percent(most, expected, read::Round::Up).unwrap_or_default();
        return (expected, (expected - most).max(0));
    }
    let least = spec.get("minAvailable").cloned().unwrap_or(json!(1));
    if let Some(least) = least.as_i64() {
        return (whole(pods.len()), least);
    }
    let expected = asked(state, pods);
    (
        expected,
        read::number_or_percent(&least, expected, read::Round::Up).unwrap_or_default(),
    )
}

/// The sum of the sizes asked of the pods' workloads; pods without one do not count.
fn asked(state: &State, pods: &[Arc<Value>]) -> i64 {
    let sizes: BTreeMap<String, i64> = pods
        .iter()
        .filter_map(|pod| scale::wanted_of_pod(state, pod))
        .collect();
    sizes.values().sum()
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
