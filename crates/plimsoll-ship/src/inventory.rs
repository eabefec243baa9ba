//! What was shipped: the list that prune and `down` go by, and that nothing is deleted without.
//!
//! An object is named here before it is made; its uid is written after. So a killed run leaves
//! nothing behind that the next one does not know.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::graph::Graph;
use crate::journal::Journal;
use crate::release::{ObjectKey, Release, Role};

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
    /// only the earlier one has, which are still to be pruned.
    pub fn remembering(mut self, earlier: &Self) -> Self {
        for (key, old) in &earlier.0 {
            let entry = self.0.entry(key.clone()).or_insert_with(|| Entry {
                left: true,
                ..old.clone()
            });
            entry.uid.clone_from(&old.uid);
            entry.hash.clone_from(&old.hash);
        }
        self
    }

    /// Whether both name the same objects.
    pub fn names_the_same(&self, other: &Self) -> bool {
        self.0.keys().eq(other.0.keys())
    }
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
