//! The parts of an application by the names that people give them: workloads and pods of a service,
//! a store, a migration.

use std::collections::{BTreeMap, BTreeSet};

use kube::Client;
use kube::api::DynamicObject;

use crate::error::ShipError;
use crate::inventory::Record;
use crate::kinds::Kinds;
use crate::observe::{Observed, Scope};
use crate::record::{Memory, Store};
use crate::release::{ObjectKey, Target};

/// What one name stands for.
pub struct Unit {
    /// The kinds that the cluster serves.
    pub(crate) kinds: Kinds,
    /// Objects as they are.
    pub(crate) observed: Observed,
    /// The objects of the unit.
    pub(crate) objects: Vec<ObjectKey>,
}

/// Whether a unit of the inventory (`service api`) is meant by a name (`api`).
fn is_meant(unit: &str, name: &str) -> bool {
    unit == name || unit.split_once(' ').is_some_and(|(_, own)| own == name)
}

/// Finds a part of what was shipped. An error names the parts that there are.
pub async fn find(client: &Client, target: &Target, name: &str) -> Result<Unit, ShipError> {
    let mut store = Store::new(client, target, Memory::Inventory);
    let record: Record = store.load().await?.unwrap_or_default();
    let entries = || record.inventory.0.iter().filter(|(_, entry)| !entry.left);
    let objects: Vec<ObjectKey> = entries()
        .filter(|(_, entry)| is_meant(&entry.unit, name))
        .map(|(key, _)| key.clone())
        .collect();
    if objects.is_empty() {
        let known: BTreeSet<String> = entries()
            .filter(|(key, _)| crate::pod_spec::runs_replicas(key) || key.group() == "batch")
            .filter_map(|(_, entry)| entry.unit.split_once(' '))
            .map(|(_, name)| name.to_owned())
            .collect();
        return Err(ShipError::NoSuchUnit {
            name: name.to_owned(),
            known: known.into_iter().collect(),
        });
    }
    let mut kinds = Kinds::default();
    let versions = objects.iter().map(|key| key.api_version.as_str());
    kinds
        .discover(client, versions.chain(["v1", "apps/v1", "batch/v1"]))
        .await?;
    let mut observed = Observed::new(client);
    let namespaces: BTreeSet<_> = objects
        .iter()
        .filter_map(|key| key.namespace.clone())
        .collect();
    let scope = |api_version: &str, kind: &str, namespace: &String| Scope {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: Some(namespace.clone()),
    };
    let below = namespaces.iter().flat_map(|namespace| {
        [
            scope("v1", "Pod", namespace),
            scope("apps/v1", "ReplicaSet", namespace),
            scope("batch/v1", "Job", namespace),
        ]
    });
    observed
        .open(&kinds, objects.iter().map(Scope::of).chain(below))
        .await?;
    Ok(Unit {
        kinds,
        observed,
        objects,
    })
}

impl Unit {
    /// All pods of the unit, old and new, ordered by name.
    pub fn pods(&self) -> Vec<&DynamicObject> {
        let uid = |object: &DynamicObject| object.metadata.uid.clone().unwrap_or_default();
        let mut ours: BTreeSet<String> = self
            .objects
            .iter()
            .filter_map(|key| self.observed.get(key))
            .map(uid)
            .collect();
        let between = [("apps/v1", "ReplicaSet"), ("batch/v1", "Job")];
        let between: BTreeMap<String, &DynamicObject> = between
            .into_iter()
            .flat_map(|(api_version, kind)| self.observed.of_kind(api_version, kind))
            .map(|(_, object)| (uid(object), object))
            .collect();
        let owned: Vec<String> = between
            .iter()
            .filter(|(_, object)| is_owned(object, &ours))
            .map(|(uid, _)| uid.clone())
            .collect();
        ours.extend(owned);
        let pods = self.observed.of_kind("v1", "Pod").map(|(_, pod)| pod);
        pods.filter(|pod| is_owned(pod, &ours)).collect()
    }
}

fn is_owned(object: &DynamicObject, by: &BTreeSet<String>) -> bool {
    let owners = object.metadata.owner_references.iter().flatten();
    owners.into_iter().any(|owner| by.contains(&owner.uid))
}
