//! Patches: JSON merge patch, JSON patch, strategic merge patch and server-side apply.

mod json_patch;
mod strategic;

use serde_json::{Map, Value};

pub use json_patch::apply as json;
pub use strategic::apply as strategic;

/// A patch as a client sends it.
#[derive(Clone, Debug)]
pub enum Patch {
    /// RFC 7386.
    Merge(Value),
    /// RFC 6902.
    Json(Value),
    /// The kind of merge that knows list keys.
    Strategic(Value),
    /// Server-side apply.
    Apply {
        /// The fields that the manager wants.
        config: Value,
        /// Whether to take fields from other managers.
        force: bool,
    },
}

/// The outcome of a JSON merge patch: `null` removes, objects merge, all else replaces.
pub fn merge(target: &Value, patch: &Value) -> Value {
    let Value::Object(changes) = patch else {
        return patch.clone();
    };
    let mut merged = target.as_object().cloned().unwrap_or_default();
    for (key, change) in changes {
        if change.is_null() {
            merged.shift_remove(key);
        } else {
            let before = merged.get(key).unwrap_or(&Value::Null);
            let after = merge(before, change);
            merged.insert(key.clone(), after);
        }
    }
    Value::Object(merged)
}

/// Sets the value at a JSON pointer, making objects on the way.
pub fn set(target: &mut Value, pointer: &str, value: Value) {
    let mut at = target;
    for key in pointer.split('/').skip(1) {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        at = &mut at[key];
    }
    *at = value;
}
