//! `ReplicaSets`: keep as many pods as asked for. Port of `pkg/controller/replicaset`, Kubernetes 1.37.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::conditions::{self, Condition};
use super::{Controller, Key, MANAGER, Outcome, own_or_owned, pods, read, selector};
use crate::object;
use crate::state::State;
use crate::store::LogEntry;

const KIND: &str = "apps/ReplicaSet";
const SOURCE: &str = "replicaset-controller";
/// How long a refused creation waits before it is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// The ReplicaSet controller.
#[derive(Debug)]
pub struct ReplicaSets;

impl Controller for ReplicaSets {
    fn name(&self) -> &'static str {
        SOURCE
    }

    fn interested(&mut self, entry: &LogEntry, _: &State) -> Vec<Key> {
        own_or_owned(entry, KIND, &["Pod"])
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(set) = state.get(KIND, &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        let refused = if object::is_terminating(&set) {
            None
        } else {
            resize(state, &set)
        };
        let retry = refused.is_some();
        let pods = active_pods(state, &set);
        write_status(state, &set, &pods, refused);
        if retry {
            Outcome::After(RETRY)
        } else {
            wake(state, &set, &pods)
        }
    }
}

fn active_pods(state: &State, set: &Value) -> Vec<Arc<Value>> {
    let mut pods = pods::of(state, set);
    pods.retain(|pod| pods::is_active(pod));
    pods
}

fn wanted(set: &Value) -> usize {
    usize::try_from(read::int(set, "/spec/replicas").unwrap_or(1)).unwrap_or_default()
}

/// Why a ReplicaSet has not the pods that it should have: reason and message.
type Refusal = (&'static str, String);

fn resize(state: &mut State, set: &Value) -> Option<Refusal> {
    let mut pods = active_pods(state, set);
    let wanted = wanted(set);
    for _ in pods.len()..wanted {
        let mut pod = pods::from_template(set, &set["spec"]["template"]);
        pod["metadata"]["generateName"] = json!(format!("{}-", object::name(set)));
        if let Err(error) = pods::create(state, set, pod, SOURCE) {
            return Some(("FailedCreate", error.to_string()));
        }
    }
    if pods.len() > wanted {
        let siblings = siblings(state, set);
        let surplus = pods.len() - wanted;
        pods::sort_for_deletion(&mut pods, &siblings);
        for pod in pods.iter().take(surplus) {
            pods::delete(state, set, pod, SOURCE);
        }
    }
    None
}

/// Pods of all `ReplicaSets` with the same owner: a scale-down prefers nodes that hold many of them.
fn siblings(state: &State, set: &Value) -> Vec<Arc<Value>> {
    let owner = object::controller_of(set).and_then(|owner| owner["uid"].as_str());
    let Some(owner) = owner else {
        return pods::of(state, set);
    };
    state
        .owned_by(owner)
        .iter()
        .flat_map(|set| pods::of(state, set))
        .collect()
}

fn write_status(state: &mut State, set: &Value, pods: &[Arc<Value>], refused: Option<Refusal>) {
    let now = state.now();
    let minimum = read::count(set, "/spec/minReadySeconds");
    let labels = json!({"matchLabels": set["spec"]["template"]["metadata"]["labels"]});
    let number = |test: &dyn Fn(&Value) -> bool| pods.iter().filter(|pod| test(pod)).count();
    let counts = [
        (
            "fullyLabeledReplicas",
            number(&|pod| selector::matches(&labels, &pod["metadata"]["labels"])),
        ),
        ("readyReplicas", number(&pods::is_ready)),
        (
            "availableReplicas",
            number(&|pod| pods::is_available(pod, minimum, now)),
        ),
    ];
    let mut status = json!({"replicas": pods.len()});
    for (field, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        status[field] = json!(count);
    }
    status["observedGeneration"] = set["metadata"]["generation"].clone();
    note_refusal(set, &mut status, refused, now);
    if status != set["status"] {
        let written = state.set_status(MANAGER, set, status);
        debug_assert!(
            written.is_ok(),
            "a status that we counted is valid: {written:?}"
        );
    }
}

fn note_refusal(set: &Value, status: &mut Value, refused: Option<Refusal>, now: Timestamp) {
    let Some((reason, message)) = refused else {
        return;
    };
    if let Some(before) = set["status"].get("conditions") {
        status["conditions"] = before.clone();
    }
    // The first refusal stays as it was written, as upstream does: each names another pod, and a
    // status that changed would be an occasion to try again at once.
    if conditions::is_true(status, "ReplicaFailure") {
        return;
    }
    let failure = Condition {
        kind: "ReplicaFailure",
        status: "True",
        reason,
        message: &message,
    };
    conditions::set(status, failure, now);
}

/// The next instant at which a ready pod becomes available.
fn wake(state: &State, set: &Value, pods: &[Arc<Value>]) -> Outcome {
    let minimum = read::count(set, "/spec/minReadySeconds");
    let instants = pods
        .iter()
        .filter_map(|pod| pods::available_at(pod, minimum));
    Outcome::at_some(state, instants.filter(|at| *at > state.now()).min())
}
