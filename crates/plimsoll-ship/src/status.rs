//! How an application is now, read from the cluster alone.

use kube::Client;
use serde::Serialize;

use crate::error::ShipError;
use crate::family::{ready, wanted};
use crate::inventory::Record;
use crate::journal::Shipped;
use crate::kinds::Kinds;
use crate::observe::{Observed, Scope};
use crate::pod_spec::runs_replicas;
use crate::ready::{Readiness, readiness};
use crate::record::{Memory, Store};
use crate::release::{ObjectKey, Target};
use crate::report::Pods;

/// An application in a cluster.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// Everything is up.
    pub ready: bool,
    /// The release that was shipped last.
    pub release: Option<Shipped>,
    /// Every object, ordered by name.
    pub objects: Vec<ObjectStatus>,
    /// Pods of all workloads.
    pub pods: Pods,
    /// What earlier releases or `down` left because it holds data.
    pub kept: Vec<ObjectKey>,
}

/// One object of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ObjectStatus {
    /// Its name.
    pub object: ObjectKey,
    /// The service or store that it belongs to.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// How it is.
    pub state: ObjectState,
    /// What is missing or wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Its pods, where it runs some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pods: Option<Pods>,
}

/// How an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ObjectState {
    /// It does what it is for.
    Ready,
    /// It is on its way.
    Waiting,
    /// Its controller gave it up.
    Failed,
    /// It was shipped and is gone.
    Missing,
}

/// Reads how an application is. None where nothing of it was ever shipped.
pub async fn status(client: &Client, target: &Target) -> Result<Option<Status>, ShipError> {
    let Some(record): Option<Record> = Store::new(client, target, Memory::Inventory).load().await?
    else {
        return Ok(None);
    };
    let mut kinds = Kinds::default();
    kinds
        .discover(
            client,
            record
                .inventory
                .0
                .keys()
                .map(|key| key.api_version.as_str()),
        )
        .await?;
    let mut observed = Observed::new(client);
    observed
        .open(&kinds, record.inventory.0.keys().map(Scope::of))
        .await?;
    Ok(Some(judge(&record, &kinds, &observed)))
}

fn judge(record: &Record, kinds: &Kinds, observed: &Observed) -> Status {
    let mut pods = Pods::default();
    let mut objects = Vec::new();
    for (key, entry) in record.inventory.0.iter().filter(|(_, entry)| !entry.left) {
        let has_status = kinds
            .get(&key.api_version, &key.kind)
            .is_some_and(|kind| kind.has_status);
        let live = observed.get(key);
        let (state, detail) = match live.map(|live| readiness(live, has_status)) {
            // A Job that ran may be cleaned away.
            None if record.journal.has_run(key) => (ObjectState::Ready, None),
            None => (ObjectState::Missing, None),
            Some(Readiness::Ready) => (ObjectState::Ready, None),
            Some(Readiness::Waiting(missing)) => (ObjectState::Waiting, Some(missing)),
            Some(Readiness::Unattended) => (
                ObjectState::Waiting,
                Some(format!("nothing in the cluster attends {}", key.kind)),
            ),
            Some(Readiness::Failed(cause)) => (ObjectState::Failed, Some(cause)),
        };
        let own = live.filter(|_| runs_replicas(key)).map(|live| Pods {
            ready: ready(live),
            wanted: wanted(live),
        });
        if let Some(own) = own {
            pods.ready += own.ready;
            pods.wanted += own.wanted;
        }
        let unit = entry.unit.clone();
        objects.push(ObjectStatus {
            object: key.clone(),
            unit,
            state,
            detail,
            pods: own,
        });
    }
    let kept = record.inventory.0.iter().filter(|(_, entry)| entry.left);
    let kept = kept.map(|(key, _)| key.clone()).collect();
    let is_up = !objects.is_empty()
        && objects
            .iter()
            .all(|object| object.state == ObjectState::Ready);
    Status {
        ready: is_up,
        release: record.journal.releases.last().cloned(),
        objects,
        pods,
        kept,
    }
}
