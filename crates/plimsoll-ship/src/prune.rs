//! Deletes what left the release, after the release is up.

use std::collections::BTreeSet;

use kube::Client;

use crate::clock::Clock;
use crate::delete::{Dependents, Fate, delete, fate, namespaces_of};
use crate::error::ShipError;
use crate::events::{Event, Listener, What};
use crate::inventory::{Entry, Inventory, claim_scopes};
use crate::kinds::Kinds;
use crate::observe::{Observed, Scope};
use crate::pod_spec::runs_replicas;
use crate::release::ObjectKey;
use crate::steps::is_namespace;

/// What becomes of what left the release, last waves first, Namespaces at the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prune(pub Vec<(ObjectKey, Fate)>);

impl Prune {
    /// Decides about every entry that the release no longer has.
    pub fn plan(observed: &Observed, inventory: &Inventory, id: &str) -> Self {
        let left = || inventory.0.iter().filter(|(_, entry)| entry.left);
        let goes = |(key, entry): &(&ObjectKey, &Entry)| {
            runs_replicas(key) && matches!(fate(observed, key, entry, id, &[]), Fate::Delete(_))
        };
        let workloads: Vec<&ObjectKey> = left().filter(goes).map(|(key, _)| key).collect();
        let fate = |key, entry| fate(observed, key, entry, id, &workloads);
        let mut fates: Vec<_> = left()
            .map(|(key, entry)| (entry.wave, key.clone(), fate(key, entry)))
            .collect();
        let used = namespaces_of(staying(inventory, &fates));
        for (_, key, fate) in &mut fates {
            if is_namespace(key) && matches!(fate, Fate::Delete(_)) && used.contains(&key.name) {
                *fate = Fate::Protected;
            }
        }
        fates.sort_by(|(a_wave, a, _), (b_wave, b, _)| {
            is_namespace(a)
                .cmp(&is_namespace(b))
                .then(b_wave.cmp(a_wave))
                .then(a.cmp(b))
        });
        Self(
            fates
                .into_iter()
                .map(|(_, key, fate)| (key, fate))
                .collect(),
        )
    }

    /// Whether anything is deleted.
    pub fn deletes(&self) -> bool {
        self.0
            .iter()
            .any(|(_, fate)| matches!(fate, Fate::Delete(_)))
    }

    /// What stays though it left, because it holds data.
    pub fn kept(&self) -> Vec<ObjectKey> {
        let kept = self.0.iter().filter(|(_, fate)| *fate == Fate::Protected);
        kept.map(|(key, _)| key.clone()).collect()
    }

    /// Deletes and forgets; returns what was deleted.
    pub async fn run(
        &self,
        client: &Client,
        kinds: &Kinds,
        inventory: &mut Inventory,
        clock: Clock,
        listener: &mut dyn Listener,
    ) -> Result<Vec<ObjectKey>, ShipError> {
        let mut deleted = Vec::new();
        for (key, fate) in &self.0 {
            match fate {
                Fate::Delete(uid) => {
                    if delete(client, kinds, key, uid, Dependents::Later).await? {
                        deleted.push(key.clone());
                        let (at, object) = (clock.elapsed(), key.clone());
                        listener.hear(&Event {
                            at,
                            object,
                            wave: None,
                            what: What::Deleting,
                        });
                    }
                    inventory.0.remove(key);
                }
                Fate::Forget => {
                    inventory.0.remove(key);
                }
                Fate::Protected | Fate::InUse => {}
            }
        }
        Ok(deleted)
    }
}

/// Everything that is in a namespace after pruning.
fn staying<'a>(
    inventory: &'a Inventory,
    fates: &'a [(usize, ObjectKey, Fate)],
) -> impl Iterator<Item = &'a ObjectKey> {
    let of_release = inventory
        .0
        .iter()
        .filter(|(_, entry)| !entry.left)
        .map(|(key, _)| key);
    let left = fates
        .iter()
        .filter(|(_, _, fate)| matches!(fate, Fate::Protected | Fate::InUse));
    of_release
        .chain(left.map(|(_, key, _)| key))
        .filter(|key| !is_namespace(key))
}

/// Where to look for what goes on without an object that left: every `ReplicaSet` that may still name
/// old configuration, every claim that an old `StatefulSet` made.
pub fn scopes(inventory: &Inventory) -> BTreeSet<Scope> {
    let configuration = |key: &&ObjectKey| matches!(key.kind.as_str(), "ConfigMap" | "Secret");
    let left = || {
        let left = inventory.0.iter().filter(|(_, entry)| entry.left);
        left.map(|(key, _)| key)
    };
    let claims = claim_scopes(left());
    left()
        .filter(configuration)
        .map(|key| Scope {
            api_version: "apps/v1".to_owned(),
            kind: "ReplicaSet".to_owned(),
            namespace: key.namespace.clone(),
        })
        .chain(claims)
        .collect()
}
