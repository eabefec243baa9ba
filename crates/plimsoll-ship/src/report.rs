//! How a release ended: what a person reads at the end, and a machine with `--json`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::cause::Cause;
use crate::events::seconds;
use crate::release::{ObjectKey, Place};

/// The end of a release.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Everything is up.
    pub ready: bool,
    /// What was done to objects.
    pub objects: Objects,
    /// Pods of all workloads.
    pub pods: Pods,
    /// The longest paths, first to last.
    pub waves: Vec<Wave>,
    /// Migrations that belong to the release.
    pub migrations: Vec<Migration>,
    /// How long it took, in the cluster's time.
    #[serde(serialize_with = "seconds")]
    pub seconds: Duration,
    /// Why it is not up.
    pub failure: Option<Failure>,
    /// What carries our label and is not ours: reported, never deleted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<ObjectKey>,
    /// What left the release and stays, because it holds data or is still in use.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<ObjectKey>,
    /// What became of going back, after a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback: Option<RolledBack>,
}

impl Outcome {
    /// Whether the cluster was written to.
    pub fn changed_something(&self) -> bool {
        self.objects.created + self.objects.changed + self.objects.pruned > 0
    }
}

/// What became of going back to the release before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RolledBack {
    /// It runs again.
    Done,
    /// It was brought back, and does not come up either.
    Failed,
    /// There is none that ever came up.
    NothingBefore,
    /// A migration of this release ran: the one before may not fit the database.
    DatabaseMoved,
    /// It waits for somebody to say so.
    Asks,
}

/// Counts of objects, Secrets included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Objects {
    /// Made.
    pub created: usize,
    /// Made otherwise.
    pub changed: usize,
    /// As they were.
    pub unchanged: usize,
    /// Deleted, because the release no longer has them.
    pub pruned: usize,
}

/// Counts of pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Pods {
    /// That serve.
    pub ready: i64,
    /// That shall.
    pub wanted: i64,
}

/// Objects with the same longest path to them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Wave {
    /// From one.
    pub number: usize,
    /// How many objects.
    pub objects: usize,
    /// From the first start to the last ready.
    #[serde(serialize_with = "seconds")]
    pub seconds: Duration,
}

/// A migration of the release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Migration {
    /// Its name in the application file.
    pub name: String,
    /// The Job that ran it.
    pub job: String,
    /// How it went.
    pub state: MigrationState,
}

/// How a migration went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum MigrationState {
    /// In this run.
    Ran,
    /// In an earlier one.
    RanBefore,
    /// It failed.
    Failed,
    /// It was not reached.
    NotReached,
}

/// Why a release is not up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The object that holds it up.
    pub object: ObjectKey,
    /// The page about it.
    pub page: Cause,
    /// What is wrong, in one sentence.
    pub cause: String,
    /// The last lines of the container that failed, oldest first.
    pub log: Vec<String>,
    /// Where the user wrote what it comes from.
    #[serde(flatten)]
    pub place: Option<Place>,
}

/// When the objects of each wave started and became ready.
#[derive(Debug, Default)]
pub(crate) struct Waves(BTreeMap<usize, (usize, Option<Duration>, Duration)>);

impl Waves {
    pub(crate) fn count(&mut self, wave: usize) {
        self.0.entry(wave).or_default().0 += 1;
    }

    pub(crate) fn started(&mut self, wave: usize, at: Duration) {
        self.0.entry(wave).or_default().1.get_or_insert(at);
    }

    pub(crate) fn ready(&mut self, wave: usize, at: Duration) {
        let last = &mut self.0.entry(wave).or_default().2;
        *last = (*last).max(at);
    }

    pub(crate) fn list(&self) -> Vec<Wave> {
        let wave =
            |(&number, &(objects, first, last)): (&usize, &(usize, Option<Duration>, Duration))| {
                let seconds = first.map_or(Duration::ZERO, |first| last.saturating_sub(first));
                Wave {
                    number,
                    objects,
                    seconds,
                }
            };
        self.0.iter().map(wave).collect()
    }
}
