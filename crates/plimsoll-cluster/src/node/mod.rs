//! The kubelet of all nodes: pods start, fail, become ready and stop, only for reasons that stand
//! in API objects, in what is known of their images, or in the faults that a user asked for.
//!
//! Follows `pkg/kubelet` of Kubernetes 1.37; what a process does is a model of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use self::addresses::Addresses;
use self::facts::Facts;
use self::pod::Run;
use crate::controllers::{Controller, Key, Outcome, read};
use crate::faults::Faults;
use crate::object;
use crate::state::{DeleteOptions, EventKind, State};
use crate::store::LogEntry;

mod addresses;
mod container;
pub mod facts;
pub mod machines;
mod pod;
mod probes;
mod references;
mod status;
mod stop;
mod writes;

#[cfg(test)]
mod tests;

/// Its name in events, and its field manager.
const SOURCE: &str = "kubelet";

/// The kubelets of all nodes.
#[derive(Debug)]
pub struct Kubelet {
    facts: Facts,
    faults: Faults,
    addresses: Addresses,
    /// Pods that wait for a Secret, ConfigMap, claim or account.
    waiting: BTreeSet<Key>,
}

/// An event to be written about a pod.
#[derive(Clone, Debug)]
struct Note {
    kind: EventKind,
    reason: &'static str,
    message: String,
    /// The part of the pod that it is about, such as `spec.containers{main}`; empty for all of it.
    part: String,
}

impl Note {
    fn normal(reason: &'static str, message: String) -> Self {
        Self {
            kind: EventKind::Normal,
            reason,
            message,
            part: String::new(),
        }
    }

    fn warning(reason: &'static str, message: String) -> Self {
        Self {
            kind: EventKind::Warning,
            reason,
            message,
            part: String::new(),
        }
    }
}

impl Kubelet {
    /// Kubelets that know these images and play these faults.
    pub fn new(facts: Facts, faults: Faults) -> Self {
        Self {
            facts,
            faults,
            addresses: Addresses::default(),
            waiting: BTreeSet::new(),
        }
    }

    fn run(&mut self, state: &mut State, pod: &Arc<Value>) -> Outcome {
        let key = Key::of(pod);
        let address = self.addresses.of(state, pod);
        let mut run = Run::new(state, pod, &self.facts, &self.faults, address);
        run.advance();
        let done = run.finish();
        if done.waits {
            self.waiting.insert(key);
        } else {
            self.waiting.remove(&key);
        }
        for (container, line) in &done.lines {
            state.log_line(object::namespace(pod), object::name(pod), container, line);
        }
        if done.status != pod["status"] {
            let written = state.set_status(SOURCE, pod, done.status);
            debug_assert!(written.is_ok(), "a kubelet may write a status: {written:?}");
        }
        for note in done.notes {
            let about = (pod.as_ref(), note.part.as_str());
            state.record_of(about, note.kind, note.reason, &note.message, SOURCE);
        }
        Outcome::at_some(state, done.wake)
    }
}

impl Controller for Kubelet {
    fn name(&self) -> &'static str {
        SOURCE
    }

    fn interested(&mut self, entry: &LogEntry, _: &State) -> Vec<Key> {
        match &*entry.kind {
            "Pod" => {
                self.addresses.observe(entry);
                let key = Key::new(&entry.namespace, &entry.name);
                if read::text(entry.object(), "/spec/nodeName").is_empty() {
                    return Vec::new();
                }
                vec![key]
            }
            "Secret" | "ConfigMap" | "PersistentVolumeClaim" | "ServiceAccount"
                if entry.new.is_some() =>
            {
                let near = self
                    .waiting
                    .iter()
                    .filter(|key| key.namespace == entry.namespace);
                near.cloned().collect()
            }
            _ => Vec::new(),
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(pod) = state.get("Pod", &key.namespace, &key.name) else {
            self.waiting.remove(key);
            return Outcome::Done;
        };
        if read::text(&pod, "/spec/nodeName").is_empty() {
            return Outcome::Done;
        }
        if object::is_terminating(&pod) {
            self.waiting.remove(key);
            return stop(state, &pod);
        }
        if crate::controllers::pods::is_over(&pod) {
            return Outcome::Done;
        }
        self.run(state, &pod)
    }
}

/// Stops a pod: its hooks and processes take their time, then the object goes.
fn stop(state: &mut State, pod: &Value) -> Outcome {
    let gone = stop::ends_at(pod);
    if gone > state.now() {
        return Outcome::at(state, gone);
    }
    if !crate::controllers::pods::is_over(pod) && object::finalizers(pod).next().is_some() {
        let written = state.set_status(SOURCE, pod, status::stopped(pod, state.now()));
        debug_assert!(written.is_ok(), "a kubelet may write a status: {written:?}");
    }
    let now = DeleteOptions {
        grace_period_seconds: Some(0),
        uid: Some(object::uid(pod).to_owned()),
        ..DeleteOptions::default()
    };
    // Refused only if the pod is gone already or is another one by now.
    drop(state.delete("Pod", object::namespace(pod), object::name(pod), &now));
    Outcome::Done
}

/// Whether a pod asks for nothing and is limited to nothing.
pub fn is_best_effort(pod: &Value) -> bool {
    status::quality(pod) == "BestEffort"
}
