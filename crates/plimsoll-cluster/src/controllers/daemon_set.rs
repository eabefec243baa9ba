//! `DaemonSets`: one pod on each node that takes it. Follows `pkg/controller/daemon`, Kubernetes 1.37;
//! of the rolling update the unavailable count, not the surge.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Controller, Key, MANAGER, Outcome, own_or_owned, pods, read, revisions};
use crate::object;
use crate::scheduler::is_admitted_by;
use crate::state::State;
use crate::store::LogEntry;

const KIND: &str = "apps/DaemonSet";
const SOURCE: &str = "daemonset-controller";
const RETRY: Duration = Duration::from_secs(5);

/// Taints that daemons bear, because they keep nodes working.
const BORNE: [(&str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];

/// The DaemonSet controller.
#[derive(Debug)]
pub struct DaemonSets;

impl Controller for DaemonSets {
    fn name(&self) -> &'static str {
        SOURCE
    }

    fn interested(&mut self, entry: &LogEntry, state: &State) -> Vec<Key> {
        if &*entry.kind == "Node" {
            return state.list(KIND).iter().map(|set| Key::of(set)).collect();
        }
        own_or_owned(entry, KIND, &["Pod"])
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(set) = state.get(KIND, &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        if object::is_terminating(&set) {
            return Outcome::Done;
        }
        let Some(revision) = revisions::current(state, &set) else {
            return Outcome::After(RETRY);
        };
        let name = object::name(&revision).to_owned();
        let complete = place(state, &set, &name);
        roll(state, &set, &name);
        write_status(state, &set, &name);
        let wake = next_available(state, &set);
        if complete {
            wake
        } else {
            Outcome::After(RETRY)
        }
    }
}

/// The set's live pods by the node that they are for.
fn by_node(state: &State, set: &Value) -> BTreeMap<String, Vec<Arc<Value>>> {
    let mut found: BTreeMap<String, Vec<Arc<Value>>> = BTreeMap::new();
    for pod in pods::of(state, set)
        .into_iter()
        .filter(|pod| !object::is_terminating(pod))
    {
        found.entry(node_of(&pod)).or_default().push(pod);
    }
    found
}

fn node_of(pod: &Value) -> String {
    let bound = read::text(pod, "/spec/nodeName");
    if !bound.is_empty() {
        return bound.to_owned();
    }
    let terms = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0";
    let field = pod
        .pointer(terms)
        .map(|term| read::text(term, "/matchFields/0/values/0"));
    field.unwrap_or_default().to_owned()
}

fn eligible(state: &State, set: &Value) -> Vec<String> {
    let sample = sample(set);
    let nodes = state.list("Node");
    nodes
        .iter()
        .filter(|node| is_admitted_by(&sample, node))
        .map(|node| object::name(node).to_owned())
        .collect()
}

/// A pod of the set with the tolerations that all daemons have.
fn sample(set: &Value) -> Value {
    let mut pod = pods::from_template(set, &set["spec"]["template"]);
    let mut tolerations = read::items(&pod, "/spec/tolerations").to_vec();
    tolerations.extend(
        BORNE
            .iter()
            .map(|(key, effect)| json!({"key": key, "operator": "Exists", "effect": effect})),
    );
    pod["spec"]["tolerations"] = Value::Array(tolerations);
    pod
}

/// Creates and removes pods so that each eligible node has one; returns whether all could be made.
fn place(state: &mut State, set: &Value, revision: &str) -> bool {
    let there = by_node(state, set);
    let wanted = eligible(state, set);
    for (node, pods) in &there {
        let keep = usize::from(wanted.contains(node));
        for (index, pod) in pods.iter().enumerate() {
            if index >= keep || pods::is_over(pod) {
                pods::delete(state, set, pod, SOURCE);
            }
        }
    }
    let missing = wanted.iter().filter(|node| !there.contains_key(*node));
    let mut complete = true;
    for node in missing {
        complete &= pods::create(state, set, pod(set, node, revision), SOURCE).is_ok();
    }
    complete
}

fn pod(set: &Value, node: &str, revision: &str) -> Value {
    let mut pod = sample(set);
    pod["metadata"]["generateName"] = json!(format!("{}-", object::name(set)));
    if !pod["metadata"]["labels"].is_object() {
        pod["metadata"]["labels"] = json!({});
    }
    pod["metadata"]["labels"][revisions::HASH_LABEL] = json!(revision);
    let here = json!([{"key": "metadata.name", "operator": "In", "values": [node]}]);
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    let affinity = &mut pod["spec"]["affinity"]["nodeAffinity"][required];
    let terms = affinity["nodeSelectorTerms"]
        .as_array()
        .cloned()
        .unwrap_or_else(|| vec![json!({})]);
    let terms = terms.into_iter().map(|mut term| {
        term["matchFields"] = here.clone();
        term
    });
    affinity["nodeSelectorTerms"] = Value::Array(terms.collect());
    pod
}

/// Replaces pods of old templates, as many at a time as may be missing.
fn roll(state: &mut State, set: &Value, revision: &str) {
    if read::text(set, "/spec/updateStrategy/type") == "OnDelete" {
        return;
    }
    let wanted = i64::try_from(eligible(state, set).len()).unwrap_or(i64::MAX);
    let most = set.pointer("/spec/updateStrategy/rollingUpdate/maxUnavailable");
    let most = most
        .and_then(|most| read::number_or_percent(most, wanted, read::Round::Up))
        .unwrap_or(1);
    let pods: Vec<Arc<Value>> = by_node(state, set).into_values().flatten().collect();
    let (well, ill): (Vec<_>, Vec<_>) = pods.iter().partition(|pod| is_available(state, set, pod));
    let old = |pod: &&&Arc<Value>| object::label(pod, revisions::HASH_LABEL) != Some(revision);
    let missing = wanted - i64::try_from(well.len()).unwrap_or(i64::MAX);
    let spare = usize::try_from(most - missing).unwrap_or_default();
    // Old pods that serve nobody go at once.
    for pod in ill
        .iter()
        .filter(old)
        .chain(well.iter().filter(old).take(spare))
    {
        pods::delete(state, set, pod, SOURCE);
    }
}

fn is_available(state: &State, set: &Value, pod: &Value) -> bool {
    pods::is_available(pod, read::count(set, "/spec/minReadySeconds"), state.now())
}

fn next_available(state: &State, set: &Value) -> Outcome {
    let minimum = read::count(set, "/spec/minReadySeconds");
    let pods = pods::of(state, set);
    let instants = pods
        .iter()
        .filter_map(|pod| pods::available_at(pod, minimum));
    Outcome::at_some(state, instants.filter(|at| *at > state.now()).min())
}

fn write_status(state: &mut State, set: &Value, revision: &str) {
    let wanted = eligible(state, set);
    let there = by_node(state, set);
    let first: Vec<&Arc<Value>> = there
        .iter()
        .filter(|(node, _)| wanted.contains(node))
        .filter_map(|(_, pods)| pods.first())
        .collect();
    let number = |test: &dyn Fn(&Value) -> bool| first.iter().filter(|pod| test(pod)).count();
    let available = number(&|pod| is_available(state, set, pod));
    let mut status = json!({
        "currentNumberScheduled": first.len(),
        "numberMisscheduled": there.keys().filter(|node| !wanted.contains(node)).count(),
        "desiredNumberScheduled": wanted.len(),
        "numberReady": number(&pods::is_ready),
        "observedGeneration": set["metadata"]["generation"],
    });
    let updated = number(&|pod| object::label(pod, revisions::HASH_LABEL) == Some(revision));
    let rest = [
        ("updatedNumberScheduled", updated),
        ("numberAvailable", available),
        (
            "numberUnavailable",
            wanted.len() - available.min(wanted.len()),
        ),
    ];
    for (field, count) in rest.into_iter().filter(|(_, count)| *count > 0) {
        status[field] = json!(count);
    }
    if status != set["status"] {
        let written = state.set_status(MANAGER, set, status);
        debug_assert!(
            written.is_ok(),
            "a status that we counted is valid: {written:?}"
        );
    }
}
