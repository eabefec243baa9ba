//! Copies of data that pods of ours send to a bucket: what those of stores and of claims have in
//! common, and those of claims.

pub mod bucket;
pub mod claim;
mod drill;
pub mod sender;
#[cfg(test)]
mod tests;

use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::pod::Security;
use plimsoll_spec::app::{Claim, Store};
use plimsoll_world::{Cond, Form, Scope, Unit, form};

use crate::program::Program;
use crate::stores::on;

/// Whose data is copied, and as whom.
pub struct Kept<'a> {
    /// Its block.
    pub unit: Unit,
    /// What the names of its objects, and its folder in a bucket, begin with.
    pub name: Sourced<Str>,
    /// Where it lives, and its copies' pods with it.
    pub namespace: &'a Sourced<Str>,
    /// The user that may read it.
    pub security: &'a Security,
    /// What lets it exist.
    pub when: Cond,
}

impl<'a> Kept<'a> {
    /// The data of a store that is run here.
    pub fn store(store: &'a Store) -> Self {
        Self {
            unit: Unit::Store(store.name.peek().clone()),
            name: store.name.clone(),
            namespace: &store.namespace,
            security: &store.security,
            when: on(store),
        }
    }

    /// The files of a claim, as the program reads them that mounts it. A store and a claim may have
    /// the same name: their copies have not.
    pub fn claim(claim: &'a Claim, program: &Program<'a>) -> Self {
        Self {
            unit: Unit::Claim(claim.name.peek().clone()),
            name: claim.name.map(|name| Str::from(format!("{name}-disk"))),
            namespace: &claim.namespace,
            security: program.security,
            when: program.on(),
        }
    }

    /// `NAME-WHAT`.
    pub fn named(&self, what: &str) -> Sourced<Str> {
        self.name.map(|name| Str::from(format!("{name}-{what}")))
    }
}

/// A CronJob that copies or restores: one at a time, tried again twice.
pub fn scheduled(
    metadata: Form,
    schedule: &Sourced<Str>,
    timezone: &Sourced<Str>,
    template: Form,
) -> Form {
    let s = &Scope::new("copies").because(schedule.origin());
    let zone = timezone.map(|zone| match zone.as_str() {
        "UTC" => Str::from("Etc/UTC"),
        _ => zone.clone(),
    });
    form!(s; {
        apiVersion: "batch/v1",
        kind: "CronJob",
        metadata: metadata,
        spec: {
            schedule: schedule,
            timeZone: &zone,
            concurrencyPolicy: "Forbid",
            startingDeadlineSeconds: 3600,
            successfulJobsHistoryLimit: 3,
            failedJobsHistoryLimit: 3,
            jobTemplate: { spec: {
                backoffLimit: 2,
                activeDeadlineSeconds: 21600,
                template: template,
            } },
        },
    })
}
