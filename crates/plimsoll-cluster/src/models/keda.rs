//! KEDA 2.20.2: each `ScaledObject` makes and owns a `HorizontalPodAutoscaler`.
//!
//! Triggers are never active here: no metric is measured, so a workload stays at its minimum (or at one,
//! where the minimum is zero: scaling to zero is not modelled).

use super::writing::{Writer, owned, says, status_of, too_young};
use crate::controllers::{Controller, Key, Outcome, conditions, own_or_owned, read};
use crate::key::{Gk, group_of};
use crate::object;
use crate::state::{EventKind, State};
use crate::store::LogEntry;
use serde_json::{Value, json};

const KIND: &str = "keda.sh/ScaledObject";
const AUTOSCALER: &str = "autoscaling/HorizontalPodAutoscaler";
const WRITER: Writer = Writer("keda-operator");
const SECONDS: i64 = 1;

/// The KEDA operator.
#[derive(Debug)]
pub(super) struct ScaledObjects;

impl Controller for ScaledObjects {
    fn name(&self) -> &'static str {
        "keda"
    }

    fn interested(&mut self, entry: &LogEntry, state: &State) -> Vec<Key> {
        let found = own_or_owned(entry, KIND, &[AUTOSCALER]);
        let came_or_went = entry.old.is_none() || entry.new.is_none();
        let related = [
            "apps/Deployment",
            "apps/StatefulSet",
            "argoproj.io/Rollout",
            AUTOSCALER,
        ]
        .contains(&&*entry.kind)
            || entry.kind.starts_with("keda.sh/");
        if !found.is_empty() || !came_or_went || !related {
            return found;
        }
        let all = state.list_in(KIND, &entry.namespace);
        all.iter().map(|one| Key::of(one)).collect()
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(scaled) = state
            .get(KIND, &key.namespace, &key.name)
            .filter(|s| !object::is_terminating(s))
        else {
            return Outcome::Done;
        };
        if let Some(wait) = too_young(state, &scaled, SECONDS) {
            return wait;
        }
        let outcome = check(state, &scaled).and_then(|()| make(state, &scaled));
        let mut status = status_of(&scaled);
        let now = state.now();
        let message = outcome.as_ref().err().cloned();
        let message = message
            .as_deref()
            .unwrap_or("ScaledObject is defined correctly and is ready for scaling");
        let reason = if outcome.is_ok() {
            "ScaledObjectReady"
        } else {
            "ScaledObjectCheckFailed"
        };
        conditions::set(
            &mut status,
            says("Ready", outcome.is_ok(), reason, message),
            now,
        );
        conditions::set(
            &mut status,
            says(
                "Active",
                false,
                "ScalerNotActive",
                "Scaling is not performed because triggers are not active",
            ),
            now,
        );
        if outcome.is_ok() {
            let (api_version, kind, _) = target_of(&scaled);
            status["scaleTargetKind"] = json!(format!("{api_version}.{kind}"));
            status["hpaName"] = json!(autoscaler_name(&scaled));
        } else {
            state.record(&scaled, EventKind::Warning, reason, message, WRITER.0);
        }
        WRITER.status(state, &scaled, status);
        Outcome::Done
    }
}

fn target_of(scaled: &Value) -> (&str, &str, &str) {
    let target = &scaled["spec"]["scaleTargetRef"];
    let or = |field: &str, usual: &'static str| target[field].as_str().unwrap_or(usual);
    (
        or("apiVersion", "apps/v1"),
        or("kind", "Deployment"),
        target["name"].as_str().unwrap_or_default(),
    )
}

fn autoscaler_name(scaled: &Value) -> String {
    let wished = read::text(scaled, "/spec/advanced/horizontalPodAutoscalerConfig/name");
    if wished.is_empty() {
        format!("keda-hpa-{}", object::name(scaled))
    } else {
        wished.to_owned()
    }
}

/// Target and credentials of triggers must exist, and nobody else may scale the target.
fn check(state: &State, scaled: &Value) -> Result<(), String> {
    let (api_version, kind, name) = target_of(scaled);
    let full = Gk {
        group: group_of(api_version).to_owned(),
        kind: kind.to_owned(),
    }
    .to_string();
    let namespace = object::namespace(scaled);
    if state.get(&full, namespace, name).is_none() {
        return Err(format!(
            "ScaledObject doesn't have correct scaleTargetRef specification: {kind} {name:?} not found"
        ));
    }
    for trigger in read::items(scaled, "/spec/triggers") {
        let Some(reference) = trigger.get("authenticationRef") else {
            continue;
        };
        let name = read::text(reference, "/name");
        let found = match reference["kind"].as_str() {
            Some("ClusterTriggerAuthentication") => {
                state.get("keda.sh/ClusterTriggerAuthentication", "", name)
            }
            _ => state.get("keda.sh/TriggerAuthentication", namespace, name),
        };
        found.ok_or_else(|| format!("TriggerAuthentication {name:?} not found"))?;
    }
    let own = autoscaler_name(scaled);
    let rival = state
        .list_in(AUTOSCALER, namespace)
        .into_iter()
        .find(|hpa| {
            let target = &hpa["spec"]["scaleTargetRef"];
            object::name(hpa) != own && target["kind"] == kind && target["name"] == name
        });
    match rival {
        Some(hpa) => Err(format!(
            "the workload '{name}' of type '{api_version}.{kind}' is already managed by the hpa '{}'",
            object::name(&hpa)
        )),
        None => Ok(()),
    }
}

fn make(state: &mut State, scaled: &Value) -> Result<(), String> {
    let (api_version, kind, name) = target_of(scaled);
    let minimum = scaled["spec"]["minReplicaCount"]
        .as_u64()
        .unwrap_or(0)
        .max(1);
    let triggers = read::items(scaled, "/spec/triggers");
    let metrics: Vec<_> = triggers
        .iter()
        .enumerate()
        .map(|(index, trigger)| metric(scaled, index, trigger))
        .collect();
    let mut autoscaler = json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {
            "namespace": object::namespace(scaled), "name": autoscaler_name(scaled),
            "labels": {
                "app.kubernetes.io/managed-by": "keda-operator",
                "app.kubernetes.io/name": autoscaler_name(scaled),
                "scaledobject.keda.sh/name": object::name(scaled),
            },
        },
        "spec": {
            "scaleTargetRef": {"apiVersion": api_version, "kind": kind, "name": name},
            "minReplicas": minimum,
            "maxReplicas": scaled["spec"]["maxReplicaCount"].as_u64().unwrap_or(100),
            "metrics": metrics,
        },
    });
    if let Some(behavior) = scaled.pointer("/spec/advanced/horizontalPodAutoscalerConfig/behavior")
    {
        autoscaler["spec"]["behavior"] = behavior.clone();
    }
    if WRITER.put(state, scaled, owned(autoscaler, scaled)) {
        Ok(())
    } else {
        Err(format!(
            "could not write the HorizontalPodAutoscaler of {name}"
        ))
    }
}

fn metric(scaled: &Value, index: usize, trigger: &Value) -> Value {
    let kind = read::text(trigger, "/type");
    let metadata = &trigger["metadata"];
    let number = |value: &Value| {
        value
            .as_str()
            .and_then(|text| text.parse::<u64>().ok())
            .or_else(|| value.as_u64())
    };
    if matches!(kind, "cpu" | "memory") {
        let utilization = number(&metadata["value"]).unwrap_or(80);
        return json!({"type": "Resource", "resource": {"name": kind, "target": {"type": "Utilization", "averageUtilization": utilization}}});
    }
    let threshold = [
        "threshold",
        "value",
        "lagThreshold",
        "queueLength",
        "listLength",
    ]
    .iter()
    .find_map(|key| metadata.get(*key));
    let threshold = threshold.map_or_else(
        || "1".to_owned(),
        |value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        },
    );
    json!({"type": "External", "external": {
        "metric": {"name": format!("s{index}-{kind}"), "selector": {"matchLabels": {"scaledobject.keda.sh/name": object::name(scaled)}}},
        "target": {"type": trigger["metricType"].as_str().unwrap_or("AverageValue"), "averageValue": threshold},
    }})
}
