//! What has happened: which migrations succeeded, and which releases there were.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::release::ObjectKey;

/// How many releases are remembered.
const REMEMBERED: usize = 50;

/// The log of an application in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Journal {
    /// Jobs that ran to their end, by namespace and name; the name holds a hash of what they run.
    #[serde(default)]
    pub succeeded: BTreeMap<String, Timestamp>,
    /// Last lines of Jobs that failed, by namespace and name.
    #[serde(default)]
    pub failed: BTreeMap<String, Vec<String>>,
    /// The releases, oldest first.
    #[serde(default)]
    pub releases: Vec<Shipped>,
    /// The revision of each database, as the release that moved it last says.
    #[serde(default)]
    pub revisions: BTreeMap<String, u32>,
}

/// One release in the past.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shipped {
    /// From one, never used twice.
    pub number: u64,
    /// Hash over all its objects.
    pub hash: String,
    /// When it ended.
    pub ended: Timestamp,
    /// Whether it came up.
    pub ready: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The image of each service, store and migration.
    #[serde(default)]
    pub images: BTreeMap<String, String>,
    /// The release that it brought back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_to: Option<u64>,
    /// Its content is remembered: it can come back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub kept: bool,
}

/// How a release ended.
#[derive(Debug, Clone, Default)]
pub struct End {
    /// Hash over all its objects.
    pub hash: String,
    /// Why it is not up.
    pub cause: Option<String>,
    /// The image of each service, store and migration.
    pub images: BTreeMap<String, String>,
    /// The release that it brought back.
    pub back_to: Option<u64>,
}

impl Journal {
    /// Whether a Job ran to its end in an earlier run.
    pub fn has_run(&self, job: &ObjectKey) -> bool {
        self.succeeded.contains_key(&path(job))
    }

    /// Notes that a Job ran to its end.
    pub fn ran(&mut self, job: &ObjectKey, at: Timestamp) {
        self.failed.remove(&path(job));
        self.succeeded.insert(path(job), at);
    }

    /// Notes that a Job was found to have run, unless that is known.
    pub fn ran_before(&mut self, job: &ObjectKey, at: Timestamp) {
        self.succeeded.entry(path(job)).or_insert(at);
    }

    /// Keeps what a Job said before it failed.
    pub fn failed(&mut self, job: &ObjectKey, log: Vec<String>) {
        self.failed.insert(path(job), log);
    }

    /// Notes the end of a release. The same release again only replaces what was noted of it.
    pub fn ended(&mut self, end: End, at: Timestamp) {
        let ready = end.cause.is_none();
        let last = self.releases.last_mut();
        if let Some(last) = last.filter(|last| last.hash == end.hash) {
            (last.ended, last.ready, last.cause) = (at, ready, end.cause);
            return;
        }
        let number = self.releases.last().map_or(1, |last| last.number + 1);
        self.releases.push(Shipped {
            number,
            hash: end.hash,
            ended: at,
            ready,
            cause: end.cause,
            images: end.images,
            back_to: end.back_to,
            kept: false,
        });
        let surplus = self.releases.len().saturating_sub(REMEMBERED);
        self.releases.drain(..surplus);
    }
}

fn path(job: &ObjectKey) -> String {
    format!(
        "{}/{}",
        job.namespace.as_deref().unwrap_or_default(),
        job.name
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_release_again_is_one_entry() {
        let mut journal = Journal::default();
        let end = |hash: &str, cause: Option<&str>| End {
            hash: hash.to_owned(),
            cause: cause.map(str::to_owned),
            ..End::default()
        };
        journal.ended(end("a", Some("no image")), Timestamp::UNIX_EPOCH);
        journal.ended(end("a", None), Timestamp::UNIX_EPOCH);
        journal.ended(end("b", None), Timestamp::UNIX_EPOCH);
        let numbers: Vec<_> = journal
            .releases
            .iter()
            .map(|one| (one.number, one.ready))
            .collect();
        assert_eq!(numbers, [(1, true), (2, true)]);
    }

    #[test]
    fn a_job_that_succeeds_after_all_is_no_longer_failed() {
        let job = ObjectKey::new("batch/v1", "Job", Some("shop"), "migrate-1");
        let mut journal = Journal::default();
        journal.failed(&job, vec!["boom".into()]);
        assert!(!journal.has_run(&job));
        journal.ran(&job, Timestamp::UNIX_EPOCH);
        assert!(journal.has_run(&job) && journal.failed.is_empty());
    }
}
