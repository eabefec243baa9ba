//! While programs leave that are still there, who may talk to whom is what it was and what it shall
//! be, together. Otherwise a store would turn the old pods away before the new ones are up.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::apply::Refusal;
use crate::cause::Cause;
use crate::engine::Engine;
use crate::error::ShipError;
use crate::inventory::Inventory;
use crate::observe::Observed;
use crate::pod_spec::{runs_replicas, template};
use crate::references::items;
use crate::release::{ObjectKey, Release};
use crate::request::{Apply, Write};
use crate::steps::{Planned, Step};

/// How long pods that leave may take to end before they are cut off.
const PATIENCE: Duration = Duration::from_mins(2);

/// A policy that is wide for now: its number in the release, and what it shall say in the end.
pub(crate) type Wide = (usize, Value);

/// Widens every policy that changes while workloads leave.
pub(crate) fn widen(
    release: &Release,
    planned: &mut [Planned],
    observed: &Observed,
    inventory: &Inventory,
) -> Vec<Wide> {
    if leaving(observed, inventory).next().is_none() {
        return Vec::new();
    }
    let mut wide = Vec::new();
    for (node, (desired, planned)) in release.objects.iter().zip(planned).enumerate() {
        let Some(live) = observed.get(&desired.key) else {
            continue;
        };
        if planned.step != Step::Apply {
            continue;
        }
        if let Some(both) = both(&desired.key, &live.data, &planned.body) {
            wide.push((node, std::mem::replace(&mut planned.body, both)));
        }
    }
    wide
}

/// Workloads that the release no longer has and that are still there.
fn leaving<'a>(
    observed: &'a Observed,
    inventory: &'a Inventory,
) -> impl Iterator<Item = &'a ObjectKey> {
    let left = inventory.0.iter().filter(|(_, entry)| entry.left);
    left.map(|(key, _)| key)
        .filter(|key| runs_replicas(key) && observed.get(key).is_some())
}

/// A policy that allows what either says; none where that is the new one.
fn both(key: &ObjectKey, live: &Value, new: &Value) -> Option<Value> {
    let is_known = matches!(
        (key.group(), key.kind.as_str()),
        ("networking.k8s.io", "NetworkPolicy")
    );
    // Another choice of pods cannot be said together with the old one.
    if !is_known || live["spec"]["podSelector"] != new["spec"]["podSelector"] {
        return None;
    }
    let mut both = new.clone();
    for (direction, list) in [("Ingress", "/spec/ingress"), ("Egress", "/spec/egress")] {
        let is_limited = |policy: &Value| {
            let types = items(policy, "/spec/policyTypes");
            types.iter().any(|one| one == direction)
        };
        if !is_limited(new) {
            continue;
        }
        if !is_limited(live) {
            let types = both["spec"]["policyTypes"].as_array_mut()?;
            types.retain(|one| one != direction);
            continue;
        }
        let wanted = items(new, list);
        let only_old = items(live, list)
            .iter()
            .filter(|rule| !wanted.contains(rule));
        let all: Vec<Value> = wanted.iter().chain(only_old).cloned().collect();
        both["spec"][direction.to_lowercase()] = Value::Array(all);
    }
    (both != *new).then_some(both)
}

/// Makes policies say what they shall, once the pods that left are gone or had their time.
pub(crate) async fn narrow(
    engine: &mut Engine<'_>,
    wide: Vec<Wide>,
    left: &[(ObjectKey, Value)],
) -> Result<(), ShipError> {
    if wide.is_empty() {
        return Ok(());
    }
    let deadline = Instant::now() + PATIENCE;
    while left
        .iter()
        .any(|(key, labels)| has_pods(&engine.observed, key, labels))
    {
        if timeout_at(deadline, engine.observed.next()).await.is_err() {
            break;
        }
    }
    for (node, body) in wide {
        let key = engine.graph.key(node).clone();
        let api = engine.kinds.api(engine.client, &key)?;
        let apply = Apply {
            body,
            ..Apply::default()
        };
        match Write::Apply(Box::new(apply)).send(api, &key.name).await {
            Ok(object) => engine.confirmed(&key, object),
            Err(Refusal::Unreachable(error)) => {
                return Err(ShipError::request(format!("applying {key}"))(error));
            }
            Err(Refusal::Refused(cause)) => engine.fail(node, Cause::Refused, cause, Vec::new()),
            Err(Refusal::Conflict(fields)) => engine.fail(
                node,
                Cause::FieldOfOthers,
                format!(
                    "others set fields that the release sets otherwise: {}",
                    fields.join(", ")
                ),
                Vec::new(),
            ),
        }
    }
    Ok(())
}

/// Workloads that leave, with the labels of their pods.
pub(crate) fn pods_that_leave(
    observed: &Observed,
    inventory: &Inventory,
) -> Vec<(ObjectKey, Value)> {
    let labels = |key: &ObjectKey| {
        let live = observed.get(key)?;
        template(key, &live.data)?
            .pointer("/metadata/labels")
            .cloned()
    };
    leaving(observed, inventory)
        .filter_map(|key| Some((key.clone(), labels(key)?)))
        .collect()
}

fn has_pods(observed: &Observed, left: &ObjectKey, labels: &Value) -> bool {
    let wanted = labels.as_object();
    observed
        .of_kind("v1", "Pod")
        .filter(|(key, _)| key.namespace == left.namespace)
        .any(|(_, pod)| {
            let carried = pod.metadata.labels.as_ref();
            wanted.into_iter().flatten().all(|(name, value)| {
                carried.and_then(|all| all.get(name)).map(String::as_str) == value.as_str()
            })
        })
}
