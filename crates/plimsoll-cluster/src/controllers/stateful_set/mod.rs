//! `StatefulSets`: pods with names and disks of their own, made, updated and removed in order.
//! Port of `pkg/controller/statefulset`, Kubernetes 1.37.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use self::replicas::Replicas;
use super::{Controller, Key, MANAGER, Outcome, own_or_owned, pods, read, revisions};
use crate::object;
use crate::state::State;
use crate::store::LogEntry;

mod adoption;
mod claims;
mod replicas;

#[cfg(test)]
mod tests;

const KIND: &str = "apps/StatefulSet";
const SOURCE: &str = "statefulset-controller";
const RETRY: Duration = Duration::from_secs(5);

/// The StatefulSet controller.
#[derive(Debug)]
pub struct StatefulSets;

impl Controller for StatefulSets {
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
        if object::is_terminating(&set) {
            return Outcome::Done;
        }
        adoption::adopt(state, &set);
        let Some(update) = revisions::current(state, &set) else {
            return Outcome::After(RETRY);
        };
        let current = current_revision(state, &set).unwrap_or_else(|| update.clone());
        let plan = Plan {
            set: &set,
            current: &current,
            update: &update,
        };
        let step = plan.step(state);
        plan.write_status(state);
        let used = |name: &str| {
            name == object::name(&current)
                || name == object::name(&update)
                || pods::of(state, &set)
                    .iter()
                    .any(|pod| object::label(pod, revisions::HASH_LABEL) == Some(name))
        };
        let keep: Vec<String> = revisions::of(state, &set)
            .iter()
            .map(|one| object::name(one).to_owned())
            .filter(|name| used(name))
            .collect();
        revisions::trim(state, &set, &|name| keep.iter().any(|one| one == name));
        step
    }
}

fn current_revision(state: &State, set: &Value) -> Option<Arc<Value>> {
    let name = read::text(set, "/status/currentRevision");
    revisions::of(state, set)
        .into_iter()
        .find(|one| object::name(one) == name)
}

/// A StatefulSet with the templates before and after its update.
struct Plan<'a> {
    set: &'a Value,
    current: &'a Value,
    update: &'a Value,
}

impl Plan<'_> {
    fn is_ordered(&self) -> bool {
        read::text(self.set, "/spec/podManagementPolicy") != "Parallel"
    }

    fn partition(&self) -> i64 {
        read::count(self.set, "/spec/updateStrategy/rollingUpdate/partition")
    }

    fn rolls(&self) -> bool {
        read::text(self.set, "/spec/updateStrategy/type") != "OnDelete"
    }

    /// Does what can be done now; in order, one pod after the other.
    fn step(&self, state: &mut State) -> Outcome {
        let replicas = Replicas::of(state, self.set);
        match self.make(state, &replicas) {
            Next::Wait(outcome) => return outcome,
            Next::Go => {}
        }
        match self.remove(state, &replicas) {
            Next::Wait(outcome) => return outcome,
            Next::Go => {}
        }
        claims::drop_scaled_down(state, self.set, &replicas);
        if self.rolls() {
            self.update(state, &replicas);
        }
        self.next_available(state, &replicas)
    }

    fn make(&self, state: &mut State, replicas: &Replicas) -> Next {
        for (ordinal, pod) in &replicas.wanted {
            match pod {
                Some(pod) if pods::is_over(pod) => {
                    pods::delete(state, self.set, pod, SOURCE);
                    if self.is_ordered() {
                        return Next::Wait(Outcome::Done);
                    }
                }
                Some(pod) => {
                    if self.is_ordered()
                        && (object::is_terminating(pod) || !self.is_available(state, pod))
                    {
                        return Next::Wait(self.next_available(state, replicas));
                    }
                }
                None => {
                    if !self.create(state, *ordinal) {
                        return Next::Wait(Outcome::After(RETRY));
                    }
                    if self.is_ordered() {
                        return Next::Wait(Outcome::Done);
                    }
                }
            }
        }
        Next::Go
    }

    fn remove(&self, state: &mut State, replicas: &Replicas) -> Next {
        for pod in &replicas.condemned {
            if object::is_terminating(pod) {
                if self.is_ordered() {
                    return Next::Wait(Outcome::Done);
                }
                continue;
            }
            pods::delete(state, self.set, pod, SOURCE);
            if self.is_ordered() {
                return Next::Wait(Outcome::Done);
            }
        }
        Next::Go
    }

    /// Replaces one pod of the old template, highest number first, once those above are well.
    fn update(&self, state: &mut State, replicas: &Replicas) {
        let start = replicas::start(self.set);
        for (ordinal, pod) in replicas.wanted.iter().rev() {
            if *ordinal < start + self.partition() {
                return;
            }
            let Some(pod) = pod else { return };
            let revision = object::label(pod, revisions::HASH_LABEL);
            if revision != Some(object::name(self.update)) && !object::is_terminating(pod) {
                pods::delete(state, self.set, pod, SOURCE);
                return;
            }
            if object::is_terminating(pod) || !self.is_available(state, pod) {
                return;
            }
        }
    }

    fn is_available(&self, state: &State, pod: &Value) -> bool {
        pods::is_available(
            pod,
            read::count(self.set, "/spec/minReadySeconds"),
            state.now(),
        )
    }

    fn next_available(&self, state: &State, replicas: &Replicas) -> Outcome {
        let minimum = read::count(self.set, "/spec/minReadySeconds");
        let pods = replicas.wanted.iter().filter_map(|(_, pod)| pod.as_ref());
        let instants = pods.filter_map(|pod| pods::available_at(pod, minimum));
        Outcome::at_some(state, instants.filter(|at| *at > state.now()).min())
    }

    /// Whether the pod of that number keeps the old template.
    fn keeps_old(&self, ordinal: i64) -> bool {
        self.rolls() && ordinal < replicas::start(self.set) + self.partition()
    }

    fn create(&self, state: &mut State, ordinal: i64) -> bool {
        let revision = if self.keeps_old(ordinal) {
            self.current
        } else {
            self.update
        };
        if !claims::make(state, self.set, ordinal) {
            return false;
        }
        let pod = replicas::pod(self.set, revision, ordinal);
        pods::create(state, self.set, pod, SOURCE).is_ok()
    }

    fn write_status(&self, state: &mut State) {
        let now = state.now();
        let minimum = read::count(self.set, "/spec/minReadySeconds");
        let there = pods::of(state, self.set);
        let of = |revision: &Value, pod: &Value| {
            object::label(pod, revisions::HASH_LABEL) == Some(object::name(revision))
        };
        let number = |test: &dyn Fn(&Value) -> bool| {
            there
                .iter()
                .filter(|pod| !pods::is_over(pod) && test(pod))
                .count()
        };
        let alive = |pod: &Value| !object::is_terminating(pod);
        let all = number(&|_| true);
        let ready = number(&pods::is_ready);
        let updated = number(&|pod| alive(pod) && of(self.update, pod));
        let mut current_name = object::name(self.current);
        let mut current = number(&|pod| alive(pod) && of(self.current, pod));
        let wanted = usize::try_from(replicas::count(self.set)).unwrap_or_default();
        if self.rolls()
            && self.partition() == 0
            && updated == wanted
            && ready == wanted
            && all == wanted
        {
            current_name = object::name(self.update);
            current = updated;
        }
        let mut status = json!({
            "observedGeneration": self.set["metadata"]["generation"],
            "replicas": all,
            "availableReplicas": number(&|pod| pods::is_available(pod, minimum, now)),
            "currentRevision": current_name,
            "updateRevision": object::name(self.update),
            "collisionCount": 0,
        });
        for (field, count) in [
            ("readyReplicas", ready),
            ("currentReplicas", current),
            ("updatedReplicas", updated),
        ] {
            if count > 0 {
                status[field] = json!(count);
            }
        }
        if status != self.set["status"] {
            let written = state.set_status(MANAGER, self.set, status);
            debug_assert!(
                written.is_ok(),
                "a status that we counted is valid: {written:?}"
            );
        }
    }
}

/// Whether the rest of a step has to wait.
enum Next {
    Go,
    Wait(Outcome),
}
