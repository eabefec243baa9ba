//! The releases of an application: which there were, which can come back, and whether the database
//! lets them.

use kube::Client;
use serde::Serialize;

use crate::cause::Cause;
use crate::error::ShipError;
use crate::inventory::Record;
use crate::journal::{Journal, Shipped};
use crate::kinds::Kinds;
use crate::obstacle::Obstacle;
use crate::record::{Memory, Store};
use crate::release::{Desired, ObjectKey, Release, Role, Target};
use crate::retry::{optional, retrying};
use crate::transfer;

/// How many releases can come back.
const KEPT: usize = 10;

/// What has been shipped, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct History {
    /// The releases.
    pub releases: Vec<Shipped>,
}

/// Reads the releases of an application. None where nothing of it was ever shipped.
pub async fn history(client: &Client, target: &Target) -> Result<Option<History>, ShipError> {
    let mut store = Store::new(client, target, Memory::Inventory);
    let record: Option<Record> = store.load().await?;
    Ok(record.map(|record| History {
        releases: record.journal.releases,
    }))
}

/// Reads one release that came up.
pub(crate) async fn load(
    client: &Client,
    target: &Target,
    number: u64,
) -> Result<Option<Release>, ShipError> {
    Store::new(client, target, Memory::Release(number))
        .load()
        .await
}

/// Keeps a release that came up, and lets the oldest go.
pub(crate) async fn keep(
    client: &Client,
    release: &Release,
    journal: &mut Journal,
) -> Result<(), ShipError> {
    let target = release.target();
    let Some(last) = journal.releases.last_mut() else {
        return Ok(());
    };
    last.kept = true;
    let mut store = Store::new(client, &target, Memory::Release(last.number));
    let _: Option<Release> = store.load().await?;
    store.save(release).await?;
    let kept = journal.releases.iter().filter(|one| one.kept).count();
    let surplus = journal.releases.iter_mut().filter(|one| one.kept);
    for old in surplus.take(kept.saturating_sub(KEPT)) {
        forget(client, &target, old.number).await?;
        old.kept = false;
    }
    Ok(())
}

/// Forgets every release that is kept.
pub(crate) async fn forget_all(
    client: &Client,
    target: &Target,
    journal: &mut Journal,
) -> Result<(), ShipError> {
    for old in journal.releases.iter_mut().filter(|one| one.kept) {
        forget(client, target, old.number).await?;
        old.kept = false;
    }
    Ok(())
}

async fn forget(client: &Client, target: &Target, number: u64) -> Result<(), ShipError> {
    let mut store = Store::new(client, target, Memory::Release(number));
    let known: Option<Release> = store.load().await?;
    match known {
        Some(_) => store.remove().await,
        None => Ok(()),
    }
}

/// The release to go back to: the one that is named, else the last that came up and says something
/// else than what was shipped last.
pub(crate) fn choose(journal: &Journal, number: Option<u64>) -> Result<u64, ShipError> {
    let kept = journal.releases.iter().rev().filter(|one| one.kept);
    if let Some(number) = number {
        let mut known: Vec<u64> = kept.map(|one| one.number).collect();
        known.reverse();
        return if known.contains(&number) {
            Ok(number)
        } else {
            Err(ShipError::NoSuchRelease { number, known })
        };
    }
    let last = journal.releases.last().map(|last| last.hash.as_str());
    let mut others = kept.filter(|one| Some(one.hash.as_str()) != last);
    let other = others.next().ok_or(ShipError::NothingBefore)?;
    Ok(other.number)
}

/// An earlier release, with disks as large as they are by now: going back touches no data.
pub(crate) async fn keeping_disks(
    client: &Client,
    mut release: Release,
) -> Result<Release, ShipError> {
    let mut kinds = Kinds::default();
    let with_disks = |object: &&mut Desired| transfer::has_disks(&object.key);
    for object in release.objects.iter_mut().filter(with_disks) {
        let key = &object.key;
        kinds.discover(client, [key.api_version.as_str()]).await?;
        let Ok(api) = kinds.api(client, key) else {
            continue;
        };
        let live = optional(retrying(|| api.get(&key.name)).await);
        let live = live.map_err(ShipError::request(format!("reading {key}")))?;
        if let Some(live) = live {
            transfer::keep_larger(&live.data, &mut object.body);
        }
    }
    Ok(release)
}

/// Why an earlier release may not run on the databases as they are now: migrations ran that it does
/// not have, and it does not say that it runs on what they left.
pub(crate) fn database_moved(record: &Record, back_to: &Release) -> Option<Obstacle> {
    let has = |job: &ObjectKey| back_to.objects.iter().any(|object| object.key == *job);
    let moved: Vec<&str> = record
        .inventory
        .0
        .iter()
        .filter(|(job, _)| record.journal.has_run(job) && !has(job))
        .filter_map(|(_, entry)| match &entry.role {
            Role::Migration { name } => Some(name.as_str()),
            _ => None,
        })
        .collect();
    if moved.is_empty() {
        return None;
    }
    let now = &record.journal.revisions;
    let fits = |(store, range): (&String, &(u32, u32))| {
        now.get(store)
            .is_some_and(|now| (range.0..=range.1).contains(now))
    };
    if !back_to.revisions.is_empty() && back_to.revisions.iter().all(fits) {
        return None;
    }
    let declared =
        |(store, range): (&String, &(u32, u32))| format!("{store} {}..{}", range.0, range.1);
    let declared: Vec<String> = back_to.revisions.iter().map(declared).collect();
    let runs_on = if declared.is_empty() {
        "it does not say on which revisions it runs".to_owned()
    } else {
        let now: Vec<String> = now
            .iter()
            .map(|(store, now)| format!("{store} {now}"))
            .collect();
        format!(
            "it runs on {}, and there is {}",
            declared.join(", "),
            now.join(", ")
        )
    };
    let cause = format!("migration {} ran since, and {runs_on}", moved.join(", "));
    let remedy = "ship a corrected release instead; `uses: { STORE: { revision: A..B } }` lets a \
                  release come back to a database that moved";
    Some(Obstacle::about(
        Cause::DatabaseMoved,
        "database",
        cause,
        remedy,
    ))
}
