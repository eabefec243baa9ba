//! Disks of more than one thing, or that outlive it.

use plimsoll_source::{Knob, Origin, Sourced, Str};
use plimsoll_spec_derive::Spec;

use super::OrNone;
use super::job::When;
use super::store::Copy;
use crate::types::Bytes;

/// A disk of more than one thing, or that outlives it.
#[derive(Clone, Debug, Spec)]
pub struct Claim {
    /// Its name.
    #[spec(name)]
    pub name: Sourced<Str>,
    /// Its size.
    #[spec(default = "10Gi")]
    pub size: Knob<Bytes>,
    /// `ssd`, `standard` or a `StorageClass`.
    pub class: Option<Sourced<Str>>,
    /// Pods on many nodes write.
    #[spec(default = "false")]
    pub shared: Sourced<bool>,
    /// Not ours: never made or deleted.
    #[spec(default = "false")]
    pub existing: Sourced<bool>,
    /// Namespace.
    #[spec(shown = "the main one")]
    pub namespace: Sourced<Str>,
    /// No release, prune or `down` deletes its data.
    #[spec(default = "true")]
    pub protect: Sourced<bool>,
    /// Copies of the data. Where data is kept, `none` is a finding.
    #[spec(default = "none")]
    pub backup: OrNone<ClaimBackup>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// Copies of a claim's data.
#[derive(Clone, Debug, Spec)]
pub struct ClaimBackup {
    /// Where they go: an external with a bucket.
    pub to: Option<Sourced<Str>>,
    /// A whole copy.
    pub full: Option<Copy>,
    /// A copy elsewhere.
    pub offsite: Option<Copy>,
    /// A copy that is kept for long.
    pub archive: Option<Copy>,
    /// When a restore into a scratch claim is tried.
    pub drill: Option<When>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}
