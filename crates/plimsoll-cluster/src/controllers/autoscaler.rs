//! Horizontal autoscalers: keep a workload within its bounds. Follows `pkg/controller/podautoscaler`,
//! Kubernetes 1.37; there are no metrics yet, so within the bounds the size stays.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::conditions::{self, Condition};
use super::{Controller, Key, MANAGER, Outcome, pods, read, scale};
use crate::object;
use crate::state::{EventKind, State};
use crate::store::LogEntry;

const KIND: &str = "autoscaling/HorizontalPodAutoscaler";
const SOURCE: &str = "horizontal-pod-autoscaler";
/// How often an autoscaler looks.
const PERIOD: i64 = 15;

/// The autoscaler.
#[derive(Debug, Default)]
pub struct Autoscalers {
    /// Autoscalers by namespace and name of the target.
    by_target: BTreeMap<(String, String), BTreeSet<String>>,
    /// When an autoscaler that has something to do looks next.
    looks: BTreeMap<Key, Timestamp>,
}

impl Controller for Autoscalers {
    fn name(&self) -> &'static str {
        SOURCE
    }

    fn interested(&mut self, entry: &LogEntry, _: &State) -> Vec<Key> {
        if &*entry.kind == KIND {
            self.observe(entry);
            return vec![Key::new(&entry.namespace, &entry.name)];
        }
        let size = |object: &std::sync::Arc<Value>| {
            (
                read::int(object, "/spec/replicas"),
                read::int(object, "/status/replicas"),
            )
        };
        let sized = entry
            .new
            .as_ref()
            .is_some_and(|new| read::int(new, "/spec/replicas").is_some());
        if !sized || entry.old.as_ref().map(size) == entry.new.as_ref().map(size) {
            return Vec::new();
        }
        let names = self
            .by_target
            .get(&(entry.namespace.clone(), entry.name.clone()));
        names
            .into_iter()
            .flatten()
            .map(|name| Key::new(&entry.namespace, name))
            .collect()
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(scaler) = state.get(KIND, &key.namespace, &key.name) else {
            self.looks.remove(key);
            return Outcome::Done;
        };
        let wish = Wish::of(state, &scaler);
        let mut probe = scaler["status"].clone();
        wish.describe(&scaler, &mut probe, state.now());
        if probe == scaler["status"] && !wish.moves() {
            self.looks.remove(key);
            return Outcome::Done;
        }
        // It looks at fixed instants, counted from its creation, and not in between. One that has come
        // counts also where it is a little past by now: timers wake late.
        let now = state.now();
        let look = *self
            .looks
            .entry(key.clone())
            .or_insert_with(|| next_look(&scaler, now));
        if look > now {
            return Outcome::at(state, look);
        }
        self.looks.remove(key);
        act(state, &scaler, &wish);
        Outcome::Done
    }
}

impl Autoscalers {
    fn observe(&mut self, entry: &LogEntry) {
        let target = |one: &Value| {
            (
                entry.namespace.clone(),
                read::text(one, "/spec/scaleTargetRef/name").to_owned(),
            )
        };
        if let Some(names) = entry
            .old
            .as_deref()
            .and_then(|old| self.by_target.get_mut(&target(old)))
        {
            names.remove(&entry.name);
        }
        if let Some(new) = entry.new.as_deref() {
            self.by_target
                .entry(target(new))
                .or_default()
                .insert(entry.name.clone());
        }
    }
}

/// The first look of an autoscaler that is not before `now`.
fn next_look(scaler: &Value, now: Timestamp) -> Timestamp {
    let Some(created) = pods::created(scaler) else {
        return now;
    };
    let age = now.duration_since(created);
    let begun = age.as_secs() + i64::from(age.subsec_nanos() > 0);
    let rounds = begun.div_euclid(PERIOD) + i64::from(begun.rem_euclid(PERIOD) > 0);
    created
        .checked_add(SignedDuration::from_secs(rounds.max(1) * PERIOD))
        .unwrap_or(now)
}

/// What an autoscaler wants of its target.
struct Wish {
    found: bool,
    current: i64,
    desired: i64,
    limit: Option<(&'static str, &'static str)>,
}

impl Wish {
    fn of(state: &State, scaler: &Value) -> Self {
        let reference = &scaler["spec"]["scaleTargetRef"];
        let target = scale::target(state, object::namespace(scaler), reference);
        let current = target
            .as_ref()
            .map_or(0, |target| read::int(target, "/spec/replicas").unwrap_or(1));
        let least = read::int(scaler, "/spec/minReplicas").unwrap_or(1);
        let most = read::count(scaler, "/spec/maxReplicas");
        let (desired, limit) = if current == 0 {
            (0, None)
        } else if current > most {
            (
                most,
                Some((
                    "TooManyReplicas",
                    "the desired replica count is more than the maximum replica count",
                )),
            )
        } else if current < least {
            (
                least,
                Some((
                    "TooFewReplicas",
                    "the desired replica count is less than the minimum replica count",
                )),
            )
        } else {
            (current, None)
        };
        Self {
            found: target.is_some(),
            current,
            desired,
            limit,
        }
    }

    fn moves(&self) -> bool {
        self.found && self.desired != self.current
    }

    fn describe(&self, scaler: &Value, status: &mut Value, now: Timestamp) {
        if !status.is_object() {
            *status = json!({});
        }
        let mut set = |kind, status_word, reason, message: &str| {
            let says = Condition {
                kind,
                status: status_word,
                reason,
                message,
            };
            conditions::set(status, says, now);
        };
        if !self.found {
            let kind = read::text(scaler, "/spec/scaleTargetRef/kind").to_lowercase();
            let name = read::text(scaler, "/spec/scaleTargetRef/name");
            let message = format!(
                "the HPA controller was unable to get the target's current scale: {kind}s \"{name}\" not found"
            );
            set("AbleToScale", "False", "FailedGetScale", &message);
            return;
        }
        if self.moves() {
            let message = format!(
                "the HPA controller was able to update the target scale to {}",
                self.desired
            );
            set("AbleToScale", "True", "SucceededRescale", &message);
        } else {
            set(
                "AbleToScale",
                "True",
                "SucceededGetScale",
                "the HPA controller was able to get the target's current scale",
            );
        }
        if self.current == 0 {
            let message = "scaling is disabled since the replica count of the target is zero";
            set("ScalingActive", "False", "ScalingDisabled", message);
        }
        if let Some((reason, message)) = self.limit {
            set("ScalingLimited", "True", reason, message);
        }
        status["currentReplicas"] = json!(self.current);
        status["desiredReplicas"] = json!(self.desired);
    }
}

fn act(state: &mut State, scaler: &Value, wish: &Wish) {
    let mut status = scaler["status"].clone();
    wish.describe(scaler, &mut status, state.now());
    if wish.moves() {
        status["lastScaleTime"] = json!(state.now_text());
    }
    if status != scaler["status"] {
        // Refused only if the autoscaler went meanwhile.
        drop(state.set_status(MANAGER, scaler, status));
    }
    if !wish.moves() {
        return;
    }
    let reference = &scaler["spec"]["scaleTargetRef"];
    let Some(target) = scale::target(state, object::namespace(scaler), reference) else {
        return;
    };
    let mut resized = Value::clone(&target);
    resized["spec"]["replicas"] = json!(wish.desired);
    let why = if wish.desired > wish.current {
        "below Spec.MinReplicas"
    } else {
        "above Spec.MaxReplicas"
    };
    let message = format!(
        "New size: {}; reason: Current number of replicas {why}",
        wish.desired
    );
    let (kind, reason) = match state.update(MANAGER, resized) {
        Ok(_) => (EventKind::Normal, "SuccessfulRescale"),
        Err(_) => (EventKind::Warning, "FailedRescale"),
    };
    state.record(scaler, kind, reason, &message, SOURCE);
}
