//! Sets of field paths as a trie whose keys are the steps of `FieldsV1`: `f:name`, `k:{…}`, `v:…`, `i:0`.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use litemap::LiteMap;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

/// One step of a path; sets share it.
pub type Step = Arc<str>;

/// The step to a field.
pub fn field_step(name: &str) -> Step {
    format!("f:{name}").into()
}

/// A set of field paths.
///
/// There is one for each manager of each object of a cluster, and most of its nodes have few
/// children or none: a sorted list holds them in a quarter of the memory of a `BTreeMap`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldSet {
    /// Whether the path to here is in the set.
    pub own: bool,
    /// Longer paths.
    pub children: LiteMap<Step, FieldSet>,
}

impl FieldSet {
    /// The set of the empty path, for use as a child.
    pub fn leaf() -> Self {
        Self {
            own: true,
            children: LiteMap::new(),
        }
    }

    /// The set of these paths of field names, such as `metadata.name`.
    pub fn of_fields(paths: &[&str]) -> Self {
        let mut set = Self::default();
        for path in paths {
            let mut at = &mut set;
            for name in path.split('.') {
                at = at.child(field_step(name));
            }
            at.own = true;
        }
        set
    }

    /// Whether no path is in it.
    pub fn is_empty(&self) -> bool {
        !self.own && self.children.is_empty()
    }

    /// The part below a step, made when it is not there.
    pub fn child(&mut self, step: Step) -> &mut Self {
        self.children.entry(step).or_default()
    }

    /// Puts a part below a step, unless it is empty.
    pub fn put(&mut self, step: Step, part: Self) {
        if !part.is_empty() {
            self.children.insert(step, part);
        }
    }

    /// Adds all paths of another set.
    pub fn add(&mut self, other: &Self) {
        self.own |= other.own;
        for (step, theirs) in &other.children {
            match self.children.get_mut(step) {
                Some(mine) => mine.add(theirs),
                None => {
                    self.children.insert(step.clone(), theirs.clone());
                }
            }
        }
    }

    /// The paths in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut union = self.clone();
        union.add(other);
        union
    }

    /// The paths that are not in the other set.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut rest = Self {
            own: self.own && !other.own,
            children: LiteMap::new(),
        };
        for (step, mine) in &self.children {
            match other.children.get(step) {
                Some(theirs) => rest.put(step.clone(), mine.minus(theirs)),
                None => rest.put(step.clone(), mine.clone()),
            }
        }
        rest
    }

    /// Whether a path is in both.
    pub fn touches(&self, other: &Self) -> bool {
        self.own && other.own
            || other.children.iter().any(|(step, theirs)| {
                self.children
                    .get(step)
                    .is_some_and(|mine| mine.touches(theirs))
            })
    }

    /// The paths that are not in the other set nor below a path of it.
    #[must_use]
    pub fn minus_below(&self, other: &Self) -> Self {
        let mut rest = Self {
            own: self.own && !other.own,
            children: LiteMap::new(),
        };
        for (step, mine) in &self.children {
            match other.children.get(step) {
                Some(theirs) if theirs.own => {}
                Some(theirs) => rest.put(step.clone(), mine.minus_below(theirs)),
                None => rest.put(step.clone(), mine.clone()),
            }
        }
        rest
    }

    /// The paths in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut both = Self {
            own: self.own && other.own,
            children: LiteMap::new(),
        };
        for (step, mine) in &self.children {
            if let Some(theirs) = other.children.get(step) {
                both.put(step.clone(), mine.and(theirs));
            }
        }
        both
    }

    /// All paths as upstream prints them, such as `.spec.containers[name="app"].image`.
    pub fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect("", &mut paths);
        paths
    }

    fn collect(&self, prefix: &str, paths: &mut Vec<String>) {
        if self.own {
            paths.push(prefix.to_owned());
        }
        for (step, child) in &self.children {
            let mut path = prefix.to_owned();
            push_step(&mut path, step);
            child.collect(&path, paths);
        }
    }
}

/// As `fieldsV1`.
impl Serialize for FieldSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        for (step, child) in &self.children {
            fields.serialize_entry(&**step, &Below(child))?;
        }
        fields.end()
    }
}

/// What stands below a step: a dot says that the step itself is in the set, unless nothing else does.
struct Below<'a>(&'a FieldSet);

impl Serialize for Below<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        if self.0.own && !self.0.children.is_empty() {
            fields.serialize_entry(".", &Map::new())?;
        }
        for (step, child) in &self.0.children {
            fields.serialize_entry(&**step, &Below(child))?;
        }
        fields.end()
    }
}

/// From `fieldsV1`.
impl<'de> Deserialize<'de> for FieldSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsV1)
    }
}

/// Reads what [`Below`] writes.
struct FieldsV1;

impl<'de> Visitor<'de> for FieldsV1 {
    type Value = FieldSet;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a map of steps")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<FieldSet, A::Error> {
        let mut set = FieldSet::default();
        while let Some(step) = fields.next_key::<String>()? {
            if step == "." {
                fields.next_value::<IgnoredAny>()?;
                set.own = true;
                continue;
            }
            let mut child: FieldSet = fields.next_value()?;
            child.own |= child.children.is_empty();
            set.children.insert(step.into(), child);
        }
        Ok(set)
    }
}

fn push_step(path: &mut String, step: &str) {
    match step.split_once(':') {
        Some(("f", name)) => {
            path.push('.');
            path.push_str(name);
        }
        Some(("k", keys)) => {
            let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
            let pairs: Vec<String> = keys
                .iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
            let _ = write!(path, "[{}]", pairs.join(","));
        }
        Some(("v", value)) => {
            let _ = write!(path, "[={value}]");
        }
        Some((_, index)) => {
            let _ = write!(path, "[{index}]");
        }
        None => path.push_str(step),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_v1_reads_back_as_written() {
        let fields = json!({
            "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
            "f:spec": {"f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}}},
        });
        let set = FieldSet::deserialize(&fields).unwrap();
        assert_eq!(serde_json::to_value(&set).unwrap(), fields);
        assert_eq!(
            set.paths(),
            [
                ".metadata.labels",
                ".metadata.labels.app",
                ".spec.ports[port=80,protocol=\"TCP\"]",
                ".spec.ports[port=80,protocol=\"TCP\"].port",
            ]
        );
    }

    #[test]
    fn difference_takes_paths_and_recursive_difference_takes_what_is_below() {
        let all = FieldSet::of_fields(&["a", "a.b", "c"]);
        let a = FieldSet::of_fields(&["a"]);
        assert_eq!(all.minus(&a), FieldSet::of_fields(&["a.b", "c"]));
        assert_eq!(all.minus_below(&a), FieldSet::of_fields(&["c"]));
        assert_eq!(all.and(&a), a);
        assert!(all.touches(&a) && !FieldSet::of_fields(&["a.b", "c"]).touches(&a));
    }
}
