//! What was shipped: the list that prune and `down` go by, and that nothing is deleted without.
//!
//! An object is named here before it is made; its uid is written after. So a killed run leaves
//! nothing behind that the next one does not know.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::graph::Graph;
use crate::journal::Journal;
use crate::observe::{Observed, Scope};
use crate::references::{items, text};
use crate::release::{ObjectKey, Release, Role};
use crate::transfer::claims_of;

/// An object that was shipped, or is about to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its uid; none before it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Hash of the content that was applied last and taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Its wave.
    pub wave: usize,
    /// Holds data, or is needed by what holds data.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protected: bool,
    /// The claims that it made outlive it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keeps_claims: bool,
    /// What it is for.
    #[serde(default)]
    pub role: Role,
    /// The service or store that it belongs to.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// The current release no longer has it; it stays because it holds data or is still in use.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left: bool,
}

impl Entry {
    /// Whether this is a claim that a `StatefulSet` made: nobody applied it, and it carries no label of
    /// ours, so that its uid alone says whether it is the one that is meant.
    pub(crate) fn was_made_by_a_set(&self, key: &ObjectKey) -> bool {
        is_claim(key) && self.hash.is_none() && self.uid.is_some()
    }
}

/// Everything that one application has in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inventory(pub BTreeMap<ObjectKey, Entry>);

impl Inventory {
    /// The list of a release, before anything of it is made.
    pub fn of(release: &Release, graph: &Graph) -> Self {
        let mut entries = BTreeMap::new();
        for node in 0..graph.len() {
            let object = release.objects.get(node);
            let wish = node
                .checked_sub(release.objects.len())
                .map(|at| &release.secrets[at]);
            let unit = object
                .map(|object| &object.unit)
                .or(wish.map(|wish| &wish.unit));
            let entry = Entry {
                uid: None,
                hash: None,
                wave: graph.wave(node),
                protected: false,
                keeps_claims: object.is_some_and(|object| object.keeps_claims),
                role: object.map(|object| object.role.clone()).unwrap_or_default(),
                unit: unit.cloned().unwrap_or_default(),
                left: false,
            };
            entries.insert(graph.key(node).clone(), entry);
        }
        for (node, _) in release
            .objects
            .iter()
            .enumerate()
            .filter(|(_, object)| object.protected)
        {
            for held in graph.held_by(node) {
                if let Some(entry) = entries.get_mut(graph.key(held)) {
                    entry.protected = true;
                }
            }
        }
        Self(entries)
    }

    #[must_use]
    /// Joins what an earlier release left: uids and hashes of what both have, and entries that
    /// only the earlier one has, which are still to be pruned. Claims whose `StatefulSet` is back are
    /// its own again.
    pub fn remembering(mut self, earlier: &Self) -> Self {
        let back = self.sets();
        for (key, old) in &earlier.0 {
            if old.was_made_by_a_set(key) && back.contains(&set_of(key, old)) {
                continue;
            }
            let entry = self.0.entry(key.clone()).or_insert_with(|| Entry {
                left: true,
                ..old.clone()
            });
            entry.uid.clone_from(&old.uid);
            entry.hash.clone_from(&old.hash);
        }
        self
    }

    /// Namespace and unit of every `StatefulSet`.
    fn sets(&self) -> BTreeSet<(Option<String>, String)> {
        let sets = self.0.iter().filter(|(key, _)| key.kind == "StatefulSet");
        sets.map(|(key, entry)| set_of(key, entry)).collect()
    }

    /// Names the claims that the `StatefulSet`s which go have made, so that nobody forgets them once
    /// those are gone. True if any was not named yet.
    pub(crate) fn name_claims(
        &mut self,
        observed: &Observed,
        goes: impl Fn(&ObjectKey, &Entry) -> bool,
    ) -> bool {
        let sets = self.0.iter().filter(|(key, _)| key.kind == "StatefulSet");
        let mut claims = Vec::new();
        for (set, entry) in sets.filter(|(key, entry)| goes(key, entry)) {
            for claim in made_by(observed, set) {
                let live = observed.get(&claim);
                let entry = Entry {
                    uid: live.and_then(|live| live.metadata.uid.clone()),
                    hash: None,
                    protected: entry.keeps_claims,
                    keeps_claims: false,
                    role: Role::Plain,
                    left: true,
                    ..entry.clone()
                };
                claims.push((claim, entry));
            }
        }
        let before = self.0.len();
        for (claim, entry) in claims {
            self.0.entry(claim).or_insert(entry);
        }
        self.0.len() > before
    }

    /// Whether both name the same objects.
    pub fn names_the_same(&self, other: &Self) -> bool {
        self.0.keys().eq(other.0.keys())
    }
}

fn set_of(key: &ObjectKey, entry: &Entry) -> (Option<String>, String) {
    (key.namespace.clone(), entry.unit.clone())
}

fn is_claim(key: &ObjectKey) -> bool {
    key.group().is_empty() && key.kind == "PersistentVolumeClaim"
}

/// The claims that a live `StatefulSet` made from its templates.
fn made_by(observed: &Observed, set: &ObjectKey) -> Vec<ObjectKey> {
    let live = observed.get(set);
    let templates = live.map_or(&[][..], |live| {
        items(&live.data, "/spec/volumeClaimTemplates")
    });
    let names = templates
        .iter()
        .map(|template| text(template, "/metadata/name"));
    names
        .flat_map(|template| claims_of(observed, set, template))
        .collect()
}

/// Where the claims are that `StatefulSet`s made.
pub(crate) fn claim_scopes<'a>(sets: impl IntoIterator<Item = &'a ObjectKey>) -> BTreeSet<Scope> {
    let sets = sets.into_iter().filter(|key| key.kind == "StatefulSet");
    sets.map(|key| Scope {
        api_version: "v1".to_owned(),
        kind: "PersistentVolumeClaim".to_owned(),
        namespace: key.namespace.clone(),
    })
    .collect()
}

/// Hash of a body as it is applied.
pub fn hash(body: &Value) -> String {
    hash_of([body.to_string()])
}

/// Hash over several texts in their order.
pub fn hash_of<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
    }
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    let bytes = digest.finalize();
    bytes
        .iter()
        .take(12)
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// Inventory and journal, as they are stored together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Record {
    /// What there is.
    pub inventory: Inventory,
    /// What has happened.
    pub journal: Journal,
}

#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(flatten)]
    key: ObjectKey,
    #[serde(flatten)]
    entry: Entry,
}

impl Serialize for Inventory {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().map(|(key, entry)| Line {
            key: key.clone(),
            entry: entry.clone(),
        }))
    }
}

impl<'de> Deserialize<'de> for Inventory {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let lines = Vec::<Line>::deserialize(from)?;
        Ok(Self(
            lines
                .into_iter()
                .map(|line| (line.key, line.entry))
                .collect(),
        ))
    }
}
