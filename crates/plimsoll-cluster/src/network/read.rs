//! Short ways to read fields of API objects; an absent field reads as empty.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Text at a JSON pointer, or `""`.
pub(crate) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Items at a JSON pointer, or none.
pub(crate) fn items<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Entries at a JSON pointer, if there is an object.
pub(crate) fn entries<'a>(object: &'a Value, pointer: &str) -> Option<&'a Map<String, Value>> {
    object.pointer(pointer).and_then(Value::as_object)
}

/// Name of an object.
pub(crate) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

/// Namespace of an object, or `""`.
pub(crate) fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

/// Labels at a JSON pointer, sorted.
pub(crate) fn labels(object: &Value, pointer: &str) -> BTreeMap<String, String> {
    entries(object, pointer)
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect()
}

/// An annotation, if set.
pub(crate) fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    entries(object, "/metadata/annotations")?.get(key)?.as_str()
}

/// Whether the condition `kind` in `/status/conditions` has the status `True`.
pub(crate) fn condition_is_true(object: &Value, kind: &str) -> bool {
    has_condition(items(object, "/status/conditions"), kind)
}

/// Whether one of `conditions` is of `kind` and `True`.
pub(crate) fn has_condition(conditions: &[Value], kind: &str) -> bool {
    conditions.iter().any(|c| c["type"] == kind && c["status"] == "True")
}
