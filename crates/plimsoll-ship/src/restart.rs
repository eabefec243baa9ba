//! New pods for a service or a store, with the content that it has: one after the other, as its
//! strategy says.

use std::time::Duration;

use kube::Client;
use kube::api::{DynamicObject, Patch, PatchParams};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::clock::Clock;
use crate::error::ShipError;
use crate::events::{Event, Listener, What};
use crate::pod_spec::runs_replicas;
use crate::ready::{Readiness, readiness};
use crate::release::{ObjectKey, Target};
use crate::retry::retrying;
use crate::units::{self, Unit};

/// What a restart is written as. It is none of the release's fields, so a later `up` leaves it.
const MANAGER: &str = "plimsoll-restart";

/// What came of a restart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Restarted {
    /// All new pods are ready.
    pub ready: bool,
    /// The workloads.
    pub objects: Vec<ObjectKey>,
    /// What is still missing, where the time was over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// Restarts a part of an application and waits until its new pods are ready.
pub async fn restart(
    client: &Client,
    target: &Target,
    name: &str,
    clock: Clock,
    patience: Duration,
    listener: &mut dyn Listener,
) -> Result<Restarted, ShipError> {
    let mut unit = units::find(client, target, name).await?;
    let workloads: Vec<ObjectKey> = unit
        .objects
        .iter()
        .filter(|key| runs_replicas(key))
        .cloned()
        .collect();
    if workloads.is_empty() {
        return Err(ShipError::NothingToRestart(name.to_owned()));
    }
    for key in &workloads {
        let api = unit.kinds.api(client, key)?;
        let patch = patch(key, clock);
        let params = PatchParams {
            field_manager: Some(MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let patch = Patch::Merge(&patch);
        let answer = retrying(|| api.patch(&key.name, &params, &patch)).await;
        let object = answer.map_err(ShipError::request(format!("restarting {key}")))?;
        unit.observed.put(key.clone(), typed(key, object));
        say(listener, clock, key, What::Changed);
    }
    let missing = wait(&mut unit, &workloads, clock, patience, listener).await;
    Ok(Restarted {
        ready: missing.is_empty(),
        objects: workloads,
        missing,
    })
}

fn typed(key: &ObjectKey, object: DynamicObject) -> DynamicObject {
    let types = kube::api::TypeMeta {
        api_version: key.api_version.clone(),
        kind: key.kind.clone(),
    };
    DynamicObject {
        types: Some(types),
        ..object
    }
}

/// Each kind has its own word for it.
fn patch(key: &ObjectKey, clock: Clock) -> Value {
    let now = clock.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let annotations = json!({ "annotations": { "kubectl.kubernetes.io/restartedAt": now } });
    match key.group() {
        "argoproj.io" => json!({ "spec": { "restartAt": now } }),
        "postgresql.cnpg.io" => json!({ "metadata": annotations }),
        _ => json!({ "spec": { "template": { "metadata": annotations } } }),
    }
}

async fn wait(
    unit: &mut Unit,
    workloads: &[ObjectKey],
    clock: Clock,
    patience: Duration,
    listener: &mut dyn Listener,
) -> Vec<String> {
    let until = Instant::now() + patience;
    let mut open = workloads.to_vec();
    loop {
        let mut missing = Vec::new();
        open.retain(|key| {
            let now = unit.observed.get(key).map(|live| readiness(live, true));
            match now {
                Some(Readiness::Ready) => {
                    say(listener, clock, key, What::Ready);
                    return false;
                }
                Some(Readiness::Waiting(what) | Readiness::Failed(what)) => {
                    missing.push(format!("{key}: {what}"));
                }
                Some(Readiness::Unattended) => missing.push(format!("{key}: nobody attends it")),
                None => missing.push(format!("{key}: it is gone")),
            }
            true
        });
        if open.is_empty() || timeout_at(until, unit.observed.next()).await.is_err() {
            return missing;
        }
    }
}

fn say(listener: &mut dyn Listener, clock: Clock, key: &ObjectKey, what: What) {
    listener.hear(&Event {
        at: clock.elapsed(),
        object: key.clone(),
        wave: None,
        what,
    });
}
