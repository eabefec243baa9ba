//! Removes what was shipped, and nothing else. What holds data stays and is listed.

use std::collections::BTreeSet;
use std::time::Duration;

use kube::Client;
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use crate::clock::Clock;
use crate::delete::{Dependents, Fate, delete, fate, foreign, namespaces_of};
use crate::error::ShipError;
use crate::events::{Event, Listener, What, seconds};
use crate::history;
use crate::inventory::{Entry, Inventory, Record, claim_scopes};
use crate::kinds::Kinds;
use crate::lease::Lease;
use crate::observe::{Observed, Scope};
use crate::pod_spec::runs_replicas;
use crate::record::{Memory, Store};
use crate::release::{ObjectKey, Target};
use crate::steps::is_namespace;

/// How an application is removed.
#[derive(Debug, Clone)]
pub struct DownOptions {
    /// Time.
    pub clock: Clock,
    /// Who removes: written into the lease.
    pub holder: String,
    /// Whether data goes too.
    pub data: bool,
    /// How long one wave may take to go.
    pub patience: Duration,
}

/// What is left after removing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Removed {
    /// How many objects were deleted.
    pub deleted: usize,
    /// What stays, because it holds data or is needed by what does.
    pub kept: Vec<ObjectKey>,
    /// What was asked to go and is still there, held by a finalizer.
    pub stuck: Vec<ObjectKey>,
    /// What carries our label and was not made by us.
    pub foreign: Vec<ObjectKey>,
    /// How long it took.
    #[serde(serialize_with = "seconds")]
    pub seconds: Duration,
}

/// Removes an application. None where nothing of it was ever shipped.
pub async fn down(
    client: &Client,
    target: &Target,
    options: &DownOptions,
    listener: &mut dyn Listener,
) -> Result<Option<Removed>, ShipError> {
    let mut store = Store::new(client, target, Memory::Inventory);
    let Some(record): Option<Record> = store.load().await? else {
        return Ok(None);
    };
    let mut kinds = Kinds::default();
    let versions = record
        .inventory
        .0
        .keys()
        .map(|key| key.api_version.as_str());
    kinds
        .discover(client, versions.chain(["v1", "apps/v1"]))
        .await?;
    let mut observed = Observed::new(client);
    let scopes = record
        .inventory
        .0
        .keys()
        .map(Scope::of)
        .chain(claim_scopes(record.inventory.0.keys()));
    observed.open(&kinds, scopes).await?;
    let lease = Lease::take(client, target, &options.holder, options.clock).await?;
    let mut removal = Removal {
        client,
        target,
        options,
        kinds,
        observed,
        listener,
        removed: Removed {
            deleted: 0,
            kept: Vec::new(),
            stuck: Vec::new(),
            foreign: Vec::new(),
            seconds: Duration::ZERO,
        },
    };
    removal.run(record, &mut store, lease).await?;
    removal.removed.seconds = options.clock.elapsed();
    Ok(Some(removal.removed))
}

struct Removal<'a> {
    client: &'a Client,
    target: &'a Target,
    options: &'a DownOptions,
    kinds: Kinds,
    observed: Observed,
    listener: &'a mut dyn Listener,
    removed: Removed,
}

/// Objects that go together: their stage, then who they are.
type Doomed = (Stage, ObjectKey, String);

/// What goes first: later waves, then definitions, then namespaces, the main one at the very end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Wave(std::cmp::Reverse<usize>),
    Claims,
    Definitions,
    Namespaces,
    MainNamespace,
}

impl Removal<'_> {
    async fn run(
        &mut self,
        mut record: Record,
        store: &mut Store,
        lease: Lease,
    ) -> Result<(), ShipError> {
        let id = self.target.id();
        let goes = |_: &ObjectKey, entry: &Entry| self.options.data || !entry.protected;
        if record.inventory.name_claims(&self.observed, goes) {
            store.save(&record).await?;
        }
        self.removed.foreign = foreign(&self.observed, &record.inventory, &id);
        let doomed = self.sort(&record.inventory, &id);
        let stages: BTreeSet<Stage> = doomed.iter().map(|(stage, ..)| *stage).collect();
        for stage in stages
            .into_iter()
            .filter(|stage| *stage != Stage::MainNamespace)
        {
            let of_stage: Vec<_> = doomed.iter().filter(|(of, ..)| *of == stage).collect();
            self.remove(&of_stage).await?;
        }
        let main: Vec<_> = doomed
            .iter()
            .filter(|(of, ..)| *of == Stage::MainNamespace)
            .collect();
        if !main.is_empty() && self.removed.stuck.is_empty() {
            // Takes inventory and lease with it.
            return self.remove(&main).await;
        }
        self.forget(record, store).await?;
        lease.release().await
    }

    /// Nothing is left to go back to; the record holds what stays, or goes.
    async fn forget(&self, mut record: Record, store: &mut Store) -> Result<(), ShipError> {
        history::forget_all(self.client, self.target, &mut record.journal).await?;
        let stays =
            |key: &ObjectKey| self.removed.kept.contains(key) || self.removed.stuck.contains(key);
        record.inventory.0.retain(|key, _| stays(key));
        if record.inventory.0.is_empty() {
            return store.remove().await;
        }
        for entry in record.inventory.0.values_mut() {
            entry.left = true;
        }
        store.save(&record).await
    }

    fn sort(&mut self, inventory: &Inventory, id: &str) -> Vec<Doomed> {
        let mut doomed = Vec::new();
        for (key, entry) in &inventory.0 {
            let mut entry = entry.clone();
            entry.protected &= !self.options.data;
            match fate(&self.observed, key, &entry, id, &[]) {
                Fate::Delete(uid) => {
                    doomed.push((stage(key, entry.wave, self.target), key.clone(), uid));
                }
                // Nothing old is needed when the new goes as well.
                Fate::InUse => {
                    let live = self
                        .observed
                        .get(key)
                        .and_then(|live| live.metadata.uid.clone());
                    let stage = stage(key, entry.wave, self.target);
                    doomed.extend(live.map(|uid| (stage, key.clone(), uid)));
                }
                Fate::Protected => self.removed.kept.push(key.clone()),
                Fate::Forget => {}
            }
        }
        let used = namespaces_of(&self.removed.kept);
        let (doomed, kept): (Vec<_>, Vec<_>) = doomed
            .into_iter()
            .partition(|(_, key, _)| !(is_namespace(key) && used.contains(&key.name)));
        self.removed
            .kept
            .extend(kept.into_iter().map(|(_, key, _)| key));
        for key in self.removed.kept.clone() {
            self.say(&key, What::Kept);
        }
        doomed
    }

    /// Deletes objects and waits until they are gone.
    async fn remove(&mut self, doomed: &[&Doomed]) -> Result<(), ShipError> {
        let mut open = BTreeSet::new();
        for (_, key, uid) in doomed {
            let dependents = if runs_replicas(key) || key.kind == "Job" {
                Dependents::First
            } else {
                Dependents::Later
            };
            if delete(self.client, &self.kinds, key, uid, dependents).await? {
                self.removed.deleted += 1;
                self.say(key, What::Deleting);
                open.insert(key.clone());
            }
        }
        let until = Instant::now() + self.options.patience;
        loop {
            let gone: Vec<_> = open
                .iter()
                .filter(|key| self.observed.get(key).is_none())
                .cloned()
                .collect();
            for key in gone {
                self.say(&key, What::Gone);
                open.remove(&key);
            }
            if open.is_empty() {
                return Ok(());
            }
            if timeout_at(until, self.observed.next()).await.is_err() {
                self.removed.stuck.extend(open);
                return Ok(());
            }
        }
    }

    fn say(&mut self, object: &ObjectKey, what: What) {
        let (at, object) = (self.options.clock.elapsed(), object.clone());
        self.listener.hear(&Event {
            at,
            object,
            wave: None,
            what,
        });
    }
}

fn stage(key: &ObjectKey, wave: usize, target: &Target) -> Stage {
    match key.kind.as_str() {
        _ if is_namespace(key) && key.name == target.namespace => Stage::MainNamespace,
        _ if is_namespace(key) => Stage::Namespaces,
        "CustomResourceDefinition" => Stage::Definitions,
        "PersistentVolumeClaim" => Stage::Claims,
        _ => Stage::Wave(std::cmp::Reverse(wave)),
    }
}
