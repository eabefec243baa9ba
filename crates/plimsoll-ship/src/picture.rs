//! An application with everything below it, as it is now: what looking closely starts from.

use std::collections::BTreeSet;

use kube::Client;
use kube::api::DynamicObject;

use crate::error::ShipError;
use crate::inventory::{Entry, Record};
use crate::kinds::Kinds;
use crate::observe::{Observed, Scope};
use crate::ready::{Readiness, readiness};
use crate::record::{Memory, Store};
use crate::release::{ObjectKey, Target};

/// What was shipped, and the objects that there are.
pub(crate) struct Picture {
    pub(crate) record: Record,
    pub(crate) kinds: Kinds,
    pub(crate) observed: Observed,
}

impl Picture {
    /// Reads it. None where nothing was ever shipped.
    pub(crate) async fn of(client: &Client, target: &Target) -> Result<Option<Self>, ShipError> {
        let mut store = Store::new(client, target, Memory::Inventory);
        let Some(record): Option<Record> = store.load().await? else {
            return Ok(None);
        };
        let keys = || record.inventory.0.keys();
        let mut kinds = Kinds::default();
        let versions = keys().map(|key| key.api_version.as_str());
        kinds
            .discover(client, versions.chain(["v1", "apps/v1"]))
            .await?;
        let namespaces: BTreeSet<String> = keys().filter_map(|key| key.namespace.clone()).collect();
        let below = namespaces.iter().flat_map(|namespace| {
            let scope = |api_version: &str, kind: &str| Scope {
                api_version: api_version.to_owned(),
                kind: kind.to_owned(),
                namespace: Some(namespace.clone()),
            };
            [
                scope("v1", "Pod"),
                scope("v1", "PersistentVolumeClaim"),
                scope("apps/v1", "ReplicaSet"),
            ]
        });
        let mut observed = Observed::new(client);
        observed
            .open(&kinds, keys().map(Scope::of).chain(below))
            .await?;
        Ok(Some(Self {
            record,
            kinds,
            observed,
        }))
    }

    /// What the last release has, without what only stays.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&ObjectKey, &Entry)> {
        self.record
            .inventory
            .0
            .iter()
            .filter(|(_, entry)| !entry.left)
    }

    /// Its objects of one kind that are there.
    pub(crate) fn live<'a>(
        &'a self,
        group: &'a str,
        kind: &'a str,
    ) -> impl Iterator<Item = (&'a ObjectKey, &'a DynamicObject)> {
        self.entries()
            .filter(move |(key, _)| key.group() == group && key.kind == kind)
            .filter_map(|(key, _)| Some((key, self.observed.get(key)?)))
    }

    /// How an object is; a Job that ran and was cleaned away is ready.
    pub(crate) fn readiness(&self, key: &ObjectKey) -> Readiness {
        let served = self.kinds.get(&key.api_version, &key.kind);
        let has_status = served.is_some_and(|kind| kind.has_status);
        match self.observed.get(key) {
            Some(live) => readiness(live, has_status),
            None if self.record.journal.has_run(key) => Readiness::Ready,
            None => Readiness::Waiting("it is gone".to_owned()),
        }
    }
}
