//! The list `status.conditions`: setting, finding and removing entries as upstream does.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::clock;

/// What a condition shall say.
#[derive(Clone, Copy, Debug)]
pub struct Condition<'a> {
    /// Such as `Available`.
    pub kind: &'a str,
    /// `True`, `False` or `Unknown`.
    pub status: &'a str,
    /// One word in camel case; may be empty.
    pub reason: &'a str,
    /// A sentence for people; may be empty.
    pub message: &'a str,
}

/// Finds a condition in a status.
pub fn find<'a>(status: &'a Value, kind: &str) -> Option<&'a Value> {
    status["conditions"]
        .as_array()?
        .iter()
        .find(|one| one["type"] == kind)
}

/// Whether a condition says `True`.
pub fn is_true(status: &Value, kind: &str) -> bool {
    find(status, kind).is_some_and(|one| one["status"] == "True")
}

/// Removes a condition from a status.
pub fn remove(status: &mut Value, kind: &str) {
    if let Some(list) = status.get_mut("conditions").and_then(Value::as_array_mut) {
        list.retain(|one| one["type"] != kind);
    }
}

/// Sets a condition; its transition time moves only when the status changes.
///
/// Returns whether anything changed.
pub fn set(status: &mut Value, want: Condition<'_>, now: Timestamp) -> bool {
    set_with(status, want, now, &[])
}

/// Sets a condition as [`set`] does, with further instants (`lastUpdateTime`, `lastProbeTime`),
/// which move whenever anything of the condition does.
pub fn set_with(status: &mut Value, want: Condition<'_>, now: Timestamp, also: &[&str]) -> bool {
    let old = find(status, want.kind).cloned();
    if old.as_ref().is_some_and(|old| says(old, want)) {
        return false;
    }
    let same_status = old.as_ref().filter(|old| old["status"] == want.status);
    let moved = same_status.map_or_else(
        || Value::String(clock::time(now)),
        |old| old["lastTransitionTime"].clone(),
    );
    let new = written(want, moved, now, also);
    put(status, want.kind, new);
    true
}

fn says(old: &Value, want: Condition<'_>) -> bool {
    let text = |field: &str| old[field].as_str().unwrap_or_default();
    text("status") == want.status
        && text("reason") == want.reason
        && text("message") == want.message
}

fn written(want: Condition<'_>, moved: Value, now: Timestamp, also: &[&str]) -> Value {
    let mut new = Map::new();
    new.insert("type".into(), json!(want.kind));
    new.insert("status".into(), json!(want.status));
    for instant in also {
        new.insert((*instant).into(), Value::String(clock::time(now)));
    }
    new.insert("lastTransitionTime".into(), moved);
    if !want.reason.is_empty() {
        new.insert("reason".into(), json!(want.reason));
    }
    if !want.message.is_empty() {
        new.insert("message".into(), json!(want.message));
    }
    Value::Object(new)
}

fn put(status: &mut Value, kind: &str, new: Value) {
    if !status["conditions"].is_array() {
        status["conditions"] = json!([]);
    }
    let Some(list) = status["conditions"].as_array_mut() else {
        return;
    };
    match list.iter_mut().find(|one| one["type"] == kind) {
        Some(old) => *old = new,
        None => list.push(new),
    }
}
