//! The scheduler: gives each pod a node, or says why none fits.
//!
//! Filters and their messages follow the default profile of kube-scheduler 1.37, in its order.
//! Left out: preemption, images on nodes, and everything of device claims.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use self::fit::Fit;
use self::nodes::{Nodes, Placed};
use crate::controllers::conditions::{self, Condition};
use crate::controllers::label_index::LabelIndex;
use crate::controllers::{Controller, Key, Outcome, pods, read};
use crate::object;
use crate::state::{EventKind, State};
use crate::store::LogEntry;

mod affinity;
mod fit;
mod nodes;
mod resources;
mod score;
mod spread;
mod volumes;

pub use self::fit::is_admitted_by;
pub use self::resources::{limits, requests};
pub use self::volumes::{SELECTED_NODE, binds_late, claims};

/// Its name in events, and the scheduler that pods ask for unless they say otherwise.
const SOURCE: &str = "default-scheduler";
/// Field manager under which it writes.
const MANAGER: &str = "kube-scheduler";

/// The scheduler.
#[derive(Debug, Default)]
pub struct Scheduler {
    nodes: Nodes,
    labels: LabelIndex,
    waiting: BTreeSet<Key>,
}

/// All that a decision looks at.
struct View<'a> {
    state: &'a State,
    nodes: &'a Nodes,
    labels: &'a LabelIndex,
}

impl Controller for Scheduler {
    fn name(&self) -> &'static str {
        SOURCE
    }

    fn interested(&mut self, entry: &LogEntry, _: &State) -> Vec<Key> {
        match &*entry.kind {
            "Pod" => {
                self.labels.observe(entry);
                let makes_room = self.nodes.observe_pod(entry);
                let key = Key::new(&entry.namespace, &entry.name);
                if entry.new.as_deref().is_some_and(wants_node) {
                    let news = entry
                        .old
                        .as_deref()
                        .is_none_or(|old| differs(old, entry.object()));
                    return if news { vec![key] } else { Vec::new() };
                }
                self.waiting.remove(&key);
                if makes_room { self.retry() } else { Vec::new() }
            }
            "Node" => {
                if self.nodes.observe_node(entry) {
                    self.retry()
                } else {
                    Vec::new()
                }
            }
            "PersistentVolumeClaim" | "PersistentVolume" | "storage.k8s.io/StorageClass" => {
                self.retry()
            }
            _ => Vec::new(),
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let pod = state
            .get("Pod", &key.namespace, &key.name)
            .filter(|pod| wants_node(pod));
        let Some(pod) = pod else {
            self.waiting.remove(key);
            return Outcome::Done;
        };
        let view = View {
            state,
            nodes: &self.nodes,
            labels: &self.labels,
        };
        match choose(&view, &pod) {
            Ok(node) => {
                self.waiting.remove(key);
                bind(state, &pod, &node);
            }
            Err(reason) => {
                self.waiting.insert(key.clone());
                refuse(state, &pod, &reason);
            }
        }
        Outcome::Done
    }
}

impl Scheduler {
    fn retry(&self) -> Vec<Key> {
        self.waiting.iter().cloned().collect()
    }
}

/// A status alone does not change where a pod may go.
fn differs(old: &Value, new: &Value) -> bool {
    old["spec"] != new["spec"] || old["metadata"]["labels"] != new["metadata"]["labels"]
}

fn wants_node(pod: &Value) -> bool {
    let gated = !read::items(pod, "/spec/schedulingGates").is_empty();
    let scheduler = read::text(pod, "/spec/schedulerName");
    read::text(pod, "/spec/nodeName").is_empty()
        && pods::is_active(pod)
        && !gated
        && (scheduler.is_empty() || scheduler == SOURCE)
}

/// The node for a pod, or the sentence that says why there is none.
fn choose(view: &View<'_>, pod: &Value) -> Result<String, String> {
    let total = view.nodes.len();
    if total == 0 {
        return Err("no nodes available to schedule pods".to_owned());
    }
    let wish = match Fit::new(view, pod) {
        Ok(wish) => wish,
        Err(reason) => return Err(sentence(total, &[(total, reason)], 0)),
    };
    let mut refusals: BTreeMap<String, usize> = BTreeMap::new();
    let mut fitting: Vec<&str> = Vec::new();
    let mut solvable = 0;
    for (name, node) in view.nodes.iter() {
        let found = wish.refusals(view, pod, node);
        if found.reasons.is_empty() {
            fitting.push(name);
        }
        solvable += usize::from(found.solvable && !found.reasons.is_empty());
        for reason in found.reasons {
            *refusals.entry(reason).or_default() += 1;
        }
    }
    if let Some(best) = score::best(view, pod, &wish, &fitting) {
        return Ok(best.to_owned());
    }
    let mut parts: Vec<(usize, String)> = refusals
        .into_iter()
        .map(|(reason, count)| (count, reason))
        .collect();
    parts.sort_by_key(|(count, reason)| format!("{count} {reason}"));
    Err(sentence(total, &parts, solvable))
}

/// The message of an unschedulable pod; `solvable` nodes would fit if other pods went.
fn sentence(total: usize, parts: &[(usize, String)], solvable: usize) -> String {
    let whole = matches!(parts, [(count, reason)] if *count == total && reason.starts_with('p'));
    let listed: Vec<String> = parts
        .iter()
        .map(|(count, reason)| {
            if whole {
                reason.clone()
            } else {
                format!("{count} {reason}")
            }
        })
        .collect();
    let mut preemption = Vec::new();
    if solvable > 0 {
        preemption.push(format!(
            "{solvable} No preemption victims found for incoming pod"
        ));
    }
    if total > solvable {
        preemption.push(format!(
            "{} Preemption is not helpful for scheduling",
            total - solvable
        ));
    }
    preemption.sort();
    format!(
        "0/{total} nodes are available: {}. preemption: 0/{total} nodes are available: {}.",
        listed.join(", "),
        preemption.join(", "),
    )
}

fn bind(state: &mut State, pod: &Value, node: &str) {
    volumes::reserve(state, pod, node);
    if state
        .bind(object::namespace(pod), object::name(pod), node)
        .is_err()
    {
        return;
    }
    let message = format!(
        "Successfully assigned {}/{} to {node}",
        object::namespace(pod),
        object::name(pod)
    );
    state.record(pod, EventKind::Normal, "Scheduled", &message, SOURCE);
}

fn refuse(state: &mut State, pod: &Value, reason: &str) {
    let mut status = pod["status"].clone();
    let refused = Condition {
        kind: "PodScheduled",
        status: "False",
        reason: "Unschedulable",
        message: reason,
    };
    if conditions::set(&mut status, refused, state.now()) {
        let written = state.set_status(MANAGER, pod, status);
        debug_assert!(written.is_ok(), "a pending pod can be written: {written:?}");
        state.record(pod, EventKind::Warning, "FailedScheduling", reason, SOURCE);
    }
}

/// The pods of a namespace that a selector matches and that still count.
fn counted(view: &View<'_>, namespace: &str, selector: &Value) -> Vec<Arc<Value>> {
    let mut found = view.labels.select(view.state, namespace, selector);
    found.retain(|pod| pods::is_active(pod));
    found
}

/// What the view knows of the pods on one node.
fn pods_on<'a>(view: &'a View<'_>, node: &str) -> impl Iterator<Item = &'a Placed> {
    view.nodes.pods_on(node)
}
