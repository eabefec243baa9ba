//! Argo Rollouts 1.9: canary and blue-green over `ReplicaSets`, with pauses, weights and analysis.
//!
//! Traffic routing is played for Gateway API (plugin) and Istio, and for plain Services. Not played:
//! experiments, header and mirror routes (such steps pass at once), `workloadRef`.

mod analysis;
mod blue_green;
mod canary;
mod replica_sets;
mod status;
mod traffic;

use super::writing::Writer;
use crate::controllers::{Controller, Key, Outcome, own_or_owned, read};
use crate::object;
use crate::state::State;
use crate::store::LogEntry;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) use analysis::AnalysisRuns;

const KIND: &str = "argoproj.io/Rollout";
const REPLICA_SET: &str = "apps/ReplicaSet";
const RUN: &str = "argoproj.io/AnalysisRun";
const HASH: &str = "rollouts-pod-template-hash";
const WRITER: Writer = Writer("rollouts-controller");

/// The Rollout controller.
#[derive(Debug)]
pub(super) struct Rollouts;

impl Controller for Rollouts {
    fn name(&self) -> &'static str {
        "argo-rollouts"
    }

    fn interested(&mut self, entry: &LogEntry, state: &State) -> Vec<Key> {
        let came_or_went = entry.old.is_none() || entry.new.is_none();
        match &*entry.kind {
            "Service" | "argoproj.io/AnalysisTemplate" if came_or_went => state
                .list_in(KIND, &entry.namespace)
                .iter()
                .map(|one| Key::of(one))
                .collect(),
            _ => own_or_owned(entry, KIND, &[REPLICA_SET, RUN]),
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(rollout) = state
            .get(KIND, &key.namespace, &key.name)
            .filter(|r| !object::is_terminating(r))
        else {
            return Outcome::Done;
        };
        let mut work = Work::new(state, &rollout);
        let progress = match invalid(work.state, &rollout) {
            Some(why) => Progress::Invalid(why),
            None => advance(&mut work),
        };
        let wake = work.wake;
        let outcome = status::write(work, &progress);
        match (wake, outcome) {
            (Some(at), Some(deadline)) => Outcome::at(state, at.min(deadline)),
            (at, deadline) => Outcome::at_some(state, at.or(deadline)),
        }
    }
}

/// One reconciliation: the Rollout, its `ReplicaSets`, and the status that is being written.
struct Work<'a> {
    state: &'a mut State,
    rollout: Arc<Value>,
    status: Value,
    /// Hash of the template as it is now.
    hash: String,
    /// When to look again.
    wake: Option<Timestamp>,
}

/// What a reconciliation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Progress {
    /// The stable version is the wanted one and all its pods are available.
    Healthy,
    /// Pods are coming or going.
    Moving,
    /// A pause, of a step, before promotion or of an analysis; which, is in the status.
    Paused,
    /// Given up, and why if that is known; the stable version serves.
    Aborted(String),
    /// The document names what does not exist.
    Invalid(String),
}

impl<'a> Work<'a> {
    fn new(state: &'a mut State, rollout: &Arc<Value>) -> Self {
        let mut status = super::writing::status_of(rollout);
        let hash = replica_sets::hash(&rollout["spec"]["template"]);
        if status["currentPodHash"] != hash.as_str() {
            // A new version starts its steps anew and forgets an abort.
            status["currentPodHash"] = json!(hash);
            status["currentStepIndex"] = json!(0);
            for field in ["abort", "abortedAt", "pauseConditions", "controllerPause"] {
                status
                    .as_object_mut()
                    .map(|status| status.shift_remove(field));
            }
        }
        Self {
            state,
            rollout: Arc::clone(rollout),
            status,
            hash,
            wake: None,
        }
    }

    fn namespace(&self) -> &str {
        object::namespace(&self.rollout)
    }

    fn wanted(&self) -> u64 {
        self.rollout["spec"]["replicas"].as_u64().unwrap_or(1)
    }

    fn stable(&self) -> String {
        read::text(&self.status, "/stableRS").to_owned()
    }

    fn look_again(&mut self, at: Timestamp) {
        self.wake = Some(self.wake.map_or(at, |known| known.min(at)));
    }

    /// Whether `length` has passed since `start`; looks again when it has.
    fn has_passed(&mut self, start: Timestamp, length: SignedDuration) -> bool {
        let Ok(end) = start.checked_add(length) else {
            return false;
        };
        if end > self.state.now() {
            self.look_again(end);
        }
        end <= self.state.now()
    }

    /// Notes a pause, and since when.
    fn pause(&mut self, reason: &str) {
        let condition = json!({"reason": reason, "startTime": self.state.now_text()});
        match self.status["pauseConditions"].as_array_mut() {
            Some(known) => known.push(condition),
            None => self.status["pauseConditions"] = json!([condition]),
        }
        self.status["controllerPause"] = json!(true);
    }

    /// A pause of this reason, if there is one.
    fn pause_of(&self, reason: &str) -> Option<Value> {
        let all = read::items(&self.status, "/pauseConditions");
        all.iter().find(|pause| pause["reason"] == reason).cloned()
    }

    /// Points a Service at one version.
    fn select(&mut self, service: &str, hash: &str) {
        let Some(known) = self.state.get("Service", self.namespace(), service) else {
            return;
        };
        if known["spec"]["selector"][HASH] == hash {
            return;
        }
        let mut changed = Value::clone(&known);
        changed["spec"]["selector"][HASH] = json!(hash);
        WRITER.put(self.state, &self.rollout, changed);
    }
}

fn advance(work: &mut Work<'_>) -> Progress {
    replica_sets::ensure(work);
    if work.rollout["spec"]["strategy"].get("blueGreen").is_some() {
        blue_green::advance(work)
    } else {
        canary::advance(work)
    }
}

/// Services and templates that are named and do not exist.
fn invalid(state: &State, rollout: &Value) -> Option<String> {
    let namespace = object::namespace(rollout);
    for field in [
        "canary/stableService",
        "canary/canaryService",
        "blueGreen/activeService",
        "blueGreen/previewService",
    ] {
        let name = read::text(rollout, &format!("/spec/strategy/{field}"));
        if !name.is_empty() && state.get("Service", namespace, name).is_none() {
            let path = field.replace('/', ".");
            return Some(format!(
                "The Rollout \"{}\" is invalid: spec.strategy.{path}: Invalid value: {name:?}: service {name:?} not found",
                object::name(rollout)
            ));
        }
    }
    if rollout["spec"].get("workloadRef").is_some() {
        return Some("workloadRef is not played by this cluster".to_owned());
    }
    analysis::missing_template(state, rollout)
}

/// A length such as `90s`, `5m`, `1h`, or a number of seconds.
fn length(value: &Value) -> SignedDuration {
    if let Some(seconds) = value.as_i64() {
        return SignedDuration::from_secs(seconds);
    }
    let text = value.as_str().unwrap_or_default();
    let mut total = 0;
    let mut number = String::new();
    for c in text.chars() {
        let unit = match c {
            '0'..='9' => {
                number.push(c);
                continue;
            }
            'h' => 3600,
            'm' => 60,
            _ => 1,
        };
        total += number.parse::<i64>().unwrap_or_default() * unit;
        number.clear();
    }
    SignedDuration::from_secs(total + number.parse::<i64>().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_go_writes_them() {
        for (text, seconds) in [
            (json!("90s"), 90),
            (json!("1h30m"), 5400),
            (json!(20), 20),
            (json!("20"), 20),
        ] {
            assert_eq!(length(&text).as_secs(), seconds, "{text}");
        }
    }
}
