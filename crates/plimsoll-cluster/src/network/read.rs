//! Short ways to read fields of API objects; an absent field reads as empty.

pub(crate) use crate::controllers::read::{items, text};
pub(crate) use crate::object::{annotation, name, namespace};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Entries at a JSON pointer, if there is an object.
pub(crate) fn entries<'a>(object: &'a Value, pointer: &str) -> Option<&'a Map<String, Value>> {
    object.pointer(pointer).and_then(Value::as_object)
}

/// Labels at a JSON pointer, sorted.
pub(crate) fn labels(object: &Value, pointer: &str) -> BTreeMap<String, String> {
    entries(object, pointer)
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect()
}

/// Whether the condition `kind` in `/status/conditions` has the status `True`.
pub(crate) fn condition_is_true(object: &Value, kind: &str) -> bool {
    crate::object::condition(object, kind) == Some("True")
}
