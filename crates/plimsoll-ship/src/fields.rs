//! Two versions of an object side by side, field by field, and who owns a field.
//!
//! Items of a list are told apart by what names them, so that one more container is one line and
//! not a shifted list.

use std::fmt;

use kube::api::DynamicObject;
use serde_json::{Map, Value};

/// One step into an object.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// A key of a map.
    Key(String),
    /// An item of a list: what it is called, and its content.
    Item(String, Value),
}

/// The way to a field.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Path(pub Vec<Step>);

impl Path {
    fn join(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// Whether it begins with these keys.
    pub fn is_under(&self, keys: &[&str]) -> bool {
        self.0.len() >= keys.len()
            && self
                .0
                .iter()
                .zip(keys)
                .all(|(step, key)| matches!(step, Step::Key(own) if own == key))
    }
}

/// `spec.containers[api].image`; keys with dots in brackets and quotes.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Item(name, _) => write!(f, "[{name}]")?,
                Step::Key(key) if key.contains(['.', '/']) => write!(f, "[\"{key}\"]")?,
                Step::Key(key) if at == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

/// A field that two versions hold differently.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where.
    pub path: Path,
    /// The value in the first.
    pub before: Option<Value>,
    /// The value in the second.
    pub after: Option<Value>,
}

/// What the server keeps for itself.
const OF_THE_SERVER: [&str; 7] = [
    "managedFields",
    "resourceVersion",
    "generation",
    "uid",
    "creationTimestamp",
    "selfLink",
    "deletionTimestamp",
];

/// The fields that two versions of an object hold differently, in the order of their paths. Status
/// and what the server keeps for itself count for nothing.
pub fn differences(before: &DynamicObject, after: &DynamicObject) -> Vec<Difference> {
    let mut found = Vec::new();
    let (before, after) = (content(before), content(after));
    compare(&Path::default(), Some(&before), Some(&after), &mut found);
    found
}

/// An object as people write it.
fn content(object: &DynamicObject) -> Value {
    let mut content = object.data.as_object().cloned().unwrap_or_default();
    content.remove("status");
    let metadata = serde_json::to_value(&object.metadata).unwrap_or_default();
    let mut metadata = metadata.as_object().cloned().unwrap_or_default();
    metadata.retain(|key, _| !OF_THE_SERVER.contains(&key.as_str()));
    if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
        annotations.retain(|key, _| !is_note_of_a_controller(key));
    }
    content.insert("metadata".to_owned(), Value::Object(metadata));
    Value::Object(content)
}

/// Counters and copies that controllers and tools keep in annotations.
fn is_note_of_a_controller(annotation: &str) -> bool {
    annotation == "kubectl.kubernetes.io/last-applied-configuration"
        || annotation.starts_with("deployment.kubernetes.io/")
        || annotation.starts_with("rollout.argoproj.io/")
}

fn compare(
    path: &Path,
    before: Option<&Value>,
    after: Option<&Value>,
    found: &mut Vec<Difference>,
) {
    match (before, after) {
        (None, None) => {}
        (Some(before), Some(after)) if before == after => {}
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            compare_maps(path, before, after, found);
        }
        (Some(Value::Array(before)), Some(Value::Array(after)))
            if names(before).is_some() && names(after).is_some() =>
        {
            compare_lists(path, before, after, found);
        }
        (before, after) => found.push(Difference {
            path: path.clone(),
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

fn compare_maps(
    path: &Path,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    found: &mut Vec<Difference>,
) {
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let path = path.join(Step::Key(key.clone()));
        compare(&path, before.get(key), after.get(key), found);
    }
}

fn compare_lists(path: &Path, before: &[Value], after: &[Value], found: &mut Vec<Difference>) {
    let named = |items: &[Value]| -> Vec<(String, Value)> {
        let names = names(items).unwrap_or_default();
        names.into_iter().zip(items.iter().cloned()).collect()
    };
    let (before, after) = (named(before), named(after));
    let find = |items: &[(String, Value)], name: &str| {
        let item = items.iter().find(|(own, _)| own == name);
        item.map(|(_, value)| value.clone())
    };
    let gone = before
        .iter()
        .filter(|(name, _)| find(&after, name).is_none());
    for (name, item) in after.iter().chain(gone) {
        let path = path.join(Step::Item(name.clone(), item.clone()));
        let (before, after) = (find(&before, name), find(&after, name));
        compare(&path, before.as_ref(), after.as_ref(), found);
    }
}

/// Keys that name an item among its like, most telling first.
const NAMING: [&str; 7] = [
    "name",
    "mountPath",
    "containerPort",
    "port",
    "ip",
    "type",
    "topologyKey",
];

/// What the items of a list are called; none where they are no maps, or not told apart.
fn names(items: &[Value]) -> Option<Vec<String>> {
    NAMING.iter().find_map(|key| {
        let mut names = Vec::new();
        for item in items {
            let name = match item.get(key)? {
                Value::String(name) => name.clone(),
                Value::Number(number) => number.to_string(),
                _ => return None,
            };
            if names.contains(&name) {
                return None;
            }
            names.push(name);
        }
        Some(names)
    })
}

/// Someone who set a field, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The field manager; with the subresource where it wrote through one.
    pub manager: String,
    /// When it last wrote to the object.
    pub at: Option<jiff::Timestamp>,
}

/// Everyone who owns a field of a live object, in the order of the object's own list.
pub fn owners(live: &DynamicObject, path: &Path) -> Vec<Owner> {
    let entries = live.metadata.managed_fields.iter().flatten();
    let owns = |fields: &Value| {
        let mut at = fields;
        for step in &path.0 {
            match inside(at, step) {
                Some(next) => at = next,
                // Whoever owns the whole owns its parts.
                None => {
                    return at.as_object().is_some_and(Map::is_empty) && !std::ptr::eq(at, fields);
                }
            }
        }
        true
    };
    entries
        .filter(|entry| {
            entry
                .fields_v1
                .as_ref()
                .is_some_and(|fields| owns(&fields.0))
        })
        .map(|entry| {
            let name = entry.manager.as_deref().unwrap_or("someone");
            let manager = match entry.subresource.as_deref() {
                Some(part) if !part.is_empty() => format!("{name} ({part})"),
                _ => name.to_owned(),
            };
            Owner {
                manager,
                at: entry.time.as_ref().map(|time| time.0),
            }
        })
        .collect()
}

/// Follows one step through a set of fields (`fieldsV1`: `f:KEY`, `k:{…}` for items, `v:…`).
fn inside<'a>(fields: &'a Value, step: &Step) -> Option<&'a Value> {
    match step {
        Step::Key(key) => fields.get(format!("f:{key}")),
        Step::Item(_, item) => {
            let entries = fields.as_object()?.iter();
            entries
                .filter_map(|(key, inner)| Some((key.strip_prefix("k:")?, inner)))
                .find(|(keys, _)| is_of(keys, item))
                .map(|(_, inner)| inner)
        }
    }
}

/// Whether an item has all the values that a key of `fieldsV1` names.
fn is_of(keys: &str, item: &Value) -> bool {
    let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
    // Protocols have a default that is not always written.
    keys.iter()
        .all(|(key, value)| item.get(key).is_none_or(|own| own == value))
        && keys.keys().any(|key| item.get(key).is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(content: Value) -> DynamicObject {
        serde_json::from_value(content).expect("an object")
    }

    fn deployment(image: &str, replicas: i64) -> DynamicObject {
        object(json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": "api", "resourceVersion": image, "managedFields": [
                { "manager": "plimsoll", "operation": "Apply", "fieldsV1": { "f:spec": {
                    "f:template": { "f:spec": { "f:containers": {
                        "k:{\"name\":\"api\"}": { ".": {}, "f:image": {} } } } } } } },
                { "manager": "kube-controller-manager", "operation": "Update", "subresource": "scale",
                  "time": "2026-01-01T10:00:00Z", "fieldsV1": { "f:spec": { "f:replicas": {} } } },
            ] },
            "spec": { "replicas": replicas, "template": { "spec": { "containers": [
                { "name": "proxy", "image": "p" }, { "name": "api", "image": image } ] } } },
            "status": { "replicas": replicas },
        }))
    }

    #[test]
    fn a_field_is_named_by_what_its_items_are_called() {
        let found = differences(&deployment("a:1", 2), &deployment("a:2", 5));
        let lines: Vec<String> = found
            .iter()
            .map(|one| format!("{}: {:?} {:?}", one.path, one.before, one.after))
            .collect();
        assert_eq!(
            lines,
            [
                "spec.replicas: Some(Number(2)) Some(Number(5))",
                "spec.template.spec.containers[api].image: Some(String(\"a:1\")) Some(String(\"a:2\"))",
            ]
        );
    }

    #[test]
    fn the_owner_of_a_field_is_found_through_lists_and_subresources() {
        let live = deployment("a:1", 2);
        let found = differences(&live, &deployment("a:2", 5));
        let names: Vec<Vec<String>> = found
            .iter()
            .map(|one| {
                owners(&live, &one.path)
                    .into_iter()
                    .map(|o| o.manager)
                    .collect()
            })
            .collect();
        assert_eq!(names, [["kube-controller-manager (scale)"], ["plimsoll"]]);
    }

    #[test]
    fn an_item_that_came_or_went_is_one_difference() {
        let with = object(json!({ "metadata": {}, "env": [{ "name": "A" }, { "name": "B" }] }));
        let without = object(json!({ "metadata": {}, "env": [{ "name": "B" }] }));
        let found = differences(&with, &without);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path.to_string(), "env[A]");
        assert_eq!(found[0].after, None);
    }
}
