//! Field managers: reading and writing `metadata.managedFields`, tracking updates, applying.

use std::sync::Arc;

use litemap::LiteMap;
use serde::Deserialize;
use serde::de::Deserializer;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use super::set::FieldSet;
use super::typed::TypeRef;
use super::walk::{Comparison, compare, compare_field, merge, to_set, with_named_fields, without};
use crate::error::{ApiError, Cause};

/// Fields of which the server alone is in charge; nobody owns them.
const SERVER_FIELDS: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "metadata.name",
    "metadata.namespace",
    "metadata.creationTimestamp",
    "metadata.selfLink",
    "metadata.uid",
    "metadata.clusterName",
    "metadata.generation",
    "metadata.managedFields",
    "metadata.resourceVersion",
];

/// The two ways of owning a field.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
pub enum Operation {
    /// By server-side apply.
    Apply,
    /// By any other write.
    Update,
}

impl Operation {
    fn as_str(self) -> &'static str {
        match self {
            Self::Apply => "Apply",
            Self::Update => "Update",
        }
    }
}

/// Who writes, in which version, where and when.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// The manager's name.
    pub manager: &'a str,
    /// `apiVersion` of the write.
    pub api_version: &'a str,
    /// Empty, or such as `status`.
    pub subresource: &'a str,
    /// Now, as Kubernetes writes it.
    pub time: &'a str,
}

/// What tells two entries apart; appliers have one entry over all versions.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Identity {
    operation: Operation,
    manager: String,
    api_version: String,
    subresource: String,
}

impl Identity {
    fn of(writer: &Writer<'_>, operation: Operation) -> Self {
        Self {
            operation,
            manager: writer.manager.to_owned(),
            api_version: if operation == Operation::Apply {
                String::new()
            } else {
                writer.api_version.to_owned()
            },
            subresource: writer.subresource.to_owned(),
        }
    }

    /// As conflict messages name it.
    fn shown(&self) -> String {
        let mut text = format!("\"{}\"", self.manager);
        if !self.subresource.is_empty() {
            text = format!("{text} with subresource \"{}\"", self.subresource);
        }
        if self.operation == Operation::Update {
            text = format!("{text} using {}", self.api_version);
        }
        text
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    set: Arc<FieldSet>,
    api_version: String,
    time: String,
}

impl Entry {
    /// Takes fields away that somebody else changed or removed.
    fn lose(&mut self, changed: &FieldSet, removed: &FieldSet) {
        if self.set.touches(changed) || self.set.touches(removed) {
            self.set = Arc::new(self.set.minus(changed).minus(removed));
        }
    }
}

/// All managers of one object; cheap to clone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Managers {
    entries: Arc<LiteMap<Identity, Entry>>,
}

/// As `metadata.managedFields`: appliers first, then by time and name.
impl Serialize for Managers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.sorted().into_iter().map(Shown))
    }
}

/// One entry of `metadata.managedFields`.
struct Shown<'a>((&'a Identity, &'a Entry));

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (id, entry) = self.0;
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("manager", &id.manager)?;
        fields.serialize_entry("operation", id.operation.as_str())?;
        fields.serialize_entry("apiVersion", &entry.api_version)?;
        fields.serialize_entry("time", &entry.time)?;
        fields.serialize_entry("fieldsType", "FieldsV1")?;
        fields.serialize_entry("fieldsV1", &*entry.set)?;
        if !id.subresource.is_empty() {
            fields.serialize_entry("subresource", &id.subresource)?;
        }
        fields.end()
    }
}

/// From `metadata.managedFields` as this program writes it.
impl<'de> Deserialize<'de> for Managers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Vec::<Written>::deserialize(deserializer)?;
        let entries = Arc::new(written.into_iter().map(Written::read).collect());
        Ok(Self { entries })
    }
}

/// What [`Shown`] writes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    manager: String,
    operation: Operation,
    api_version: String,
    time: String,
    #[serde(rename = "fieldsV1")]
    set: FieldSet,
    #[serde(default)]
    subresource: String,
}

impl Written {
    fn read(self) -> (Identity, Entry) {
        let writer = Writer {
            manager: &self.manager,
            api_version: &self.api_version,
            subresource: &self.subresource,
            time: &self.time,
        };
        let identity = Identity::of(&writer, self.operation);
        let entry = Entry {
            set: Arc::new(self.set),
            api_version: self.api_version,
            time: self.time,
        };
        (identity, entry)
    }
}

impl Managers {
    /// Whether nobody manages anything.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether the same managers own the same fields, whenever they came to.
    pub fn same_sets(&self, other: &Self) -> bool {
        if Arc::ptr_eq(&self.entries, &other.entries) {
            return true;
        }
        let pairs = self.entries.iter().zip(other.entries.iter());
        self.entries.len() == other.entries.len()
            && pairs
                .into_iter()
                .all(|((id, a), (other, b))| id == other && a.set == b.set)
    }

    /// Appliers first, then by time and name.
    fn sorted(&self) -> Vec<(&Identity, &Entry)> {
        let mut sorted: Vec<(&Identity, &Entry)> = self.entries.iter().collect();
        let key = |id: &Identity| {
            (
                id.manager.clone(),
                id.api_version.clone(),
                id.subresource.clone(),
            )
        };
        sorted.sort_by(|(a, x), (b, y)| {
            a.operation
                .cmp(&b.operation)
                .then_with(|| x.time.cmp(&y.time))
                .then_with(|| key(a).cmp(&key(b)))
        });
        sorted
    }

    /// Notes what an ordinary write changed. `ignored` are the fields that the write cannot reach.
    pub fn track(
        &mut self,
        ty: TypeRef<'_>,
        writer: &Writer<'_>,
        before: &Value,
        after: &Value,
        ignored: &FieldSet,
    ) {
        self.note(writer, &compare(ty, before, after), ignored);
    }

    /// As [`Managers::track`] for a write that reached one field alone, such as `status`.
    pub fn track_field(
        &mut self,
        ty: TypeRef<'_>,
        writer: &Writer<'_>,
        field: &str,
        before: Option<&Value>,
        after: Option<&Value>,
    ) {
        let comparison = compare_field(ty, field, before, after);
        self.note(writer, &comparison, &FieldSet::default());
    }

    fn note(&mut self, writer: &Writer<'_>, comparison: &Comparison, ignored: &FieldSet) {
        let changed = strip(&comparison.changed).minus_below(ignored);
        let removed = comparison.removed.minus_below(ignored);
        if changed.is_empty() && removed.is_empty() {
            return;
        }
        let entries = Arc::make_mut(&mut self.entries);
        for (_, entry) in entries.iter_mut() {
            entry.lose(&changed, &removed);
        }
        if !changed.is_empty() {
            let fresh = || Entry {
                set: Arc::default(),
                api_version: writer.api_version.to_owned(),
                time: String::new(),
            };
            let entry = entries
                .entry(Identity::of(writer, Operation::Update))
                .or_insert_with(fresh);
            Arc::make_mut(&mut entry.set).add(&changed);
            writer.time.clone_into(&mut entry.time);
        }
        entries.retain(|_, entry| !entry.set.is_empty());
    }

    /// The live object with the wanted fields applied by a manager; fails on fields of others.
    pub fn apply(
        &mut self,
        ty: TypeRef<'_>,
        writer: &Writer<'_>,
        live: &Value,
        config: &Value,
        ignored: &FieldSet,
        force: bool,
    ) -> Result<Value, ApiError> {
        let me = Identity::of(writer, Operation::Apply);
        let mut merged = merge(ty, live, config);
        let last = self.entries.get(&me).map(|entry| entry.set.clone());
        let mine = strip(&to_set(ty, config)).minus_below(ignored);
        let time = match self.entries.get(&me) {
            Some(entry) if *entry.set == mine => entry.time.clone(),
            _ => writer.time.to_owned(),
        };
        let entry = Entry {
            set: Arc::new(mine),
            api_version: writer.api_version.to_owned(),
            time,
        };
        Arc::make_mut(&mut self.entries).insert(me.clone(), entry);
        if let Some(last) = last.filter(|last| !last.is_empty()) {
            merged = self.prune(ty, merged, &last);
        }
        self.settle(ty, writer, &me, live, &merged, ignored, force)?;
        Ok(merged)
    }

    /// Drops what the manager applied last time, does not apply now, and nobody else owns.
    fn prune(&self, ty: TypeRef<'_>, merged: Value, last: &FieldSet) -> Value {
        let last = with_named_fields(ty, last);
        let left = |value: Option<Value>| value.unwrap_or_else(|| json!({}));
        let pruned = left(without(ty, &merged, &last));
        if pruned == merged {
            return merged;
        }
        let mut owned = FieldSet::default();
        for entry in self.entries.values() {
            owned.add(&entry.set);
        }
        let all = with_named_fields(ty, &to_set(ty, &merged));
        let named = |value: &Value| with_named_fields(ty, &to_set(ty, value));
        let gone = all.minus(&named(&pruned).union(&with_named_fields(ty, &owned)));
        let pruned = left(without(ty, &merged, &gone));
        let gone = all.minus(&named(&pruned)).and(&last);
        left(without(ty, &merged, &gone))
    }

    /// Finds conflicts, or takes the fields from their owners when forced.
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one apply, used once"
    )]
    fn settle(
        &mut self,
        ty: TypeRef<'_>,
        writer: &Writer<'_>,
        me: &Identity,
        live: &Value,
        merged: &Value,
        ignored: &FieldSet,
        force: bool,
    ) -> Result<(), ApiError> {
        let comparison = compare(ty, live, merged);
        let changed = comparison.changed.minus_below(ignored);
        let removed = comparison.removed.minus_below(ignored);
        let others = || self.entries.iter().filter(|(id, _)| *id != me);
        let conflicts: Vec<(&Identity, FieldSet)> = others()
            .map(|(id, entry)| (id, entry.set.and(&changed)))
            .filter(|(_, set)| !set.is_empty())
            .collect();
        if !force && !conflicts.is_empty() {
            return Err(conflict(&conflicts));
        }
        let entries = Arc::make_mut(&mut self.entries);
        for (id, entry) in entries.iter_mut() {
            if id != me {
                entry.lose(&changed, &removed);
            } else if !(changed.is_empty() && removed.is_empty()) {
                writer.time.clone_into(&mut entry.time);
            }
        }
        entries.retain(|_, entry| !entry.set.is_empty());
        Ok(())
    }
}

fn strip(set: &FieldSet) -> FieldSet {
    set.minus(&FieldSet::of_fields(SERVER_FIELDS))
}

fn conflict(conflicts: &[(&Identity, FieldSet)]) -> ApiError {
    let mut causes = Vec::new();
    let mut lines = Vec::new();
    for (id, set) in conflicts {
        lines.push(format!("conflicts with {}:", id.shown()));
        for path in set.paths() {
            lines.push(format!("- {path}"));
            causes.push(Cause {
                reason: "FieldManagerConflict",
                message: format!("conflict with {}", id.shown()),
                field: path,
            });
        }
    }
    let message = match causes.as_slice() {
        [one] => format!(
            "Apply failed with 1 conflict: {}: {}",
            one.message, one.field
        ),
        many => format!(
            "Apply failed with {} conflicts: {}",
            many.len(),
            lines.join("\n")
        ),
    };
    ApiError::apply_conflict(message, causes)
}
