//! Annotations by which a Deployment remembers revisions and sizes on its `ReplicaSets`.

use serde_json::{Value, json};

use super::super::read;
use crate::object;

/// Number of the rollout that made a ReplicaSet current.
pub const REVISION: &str = "deployment.kubernetes.io/revision";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MAX: &str = "deployment.kubernetes.io/max-replicas";

/// Annotations of a Deployment that its `ReplicaSets` do not take over.
const NOT_COPIED: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    HISTORY,
    DESIRED,
    MAX,
    "deprecated.deployment.rollback.to",
];

/// The revision that an object carries, or zero.
pub fn revision(object: &Value) -> i64 {
    object::annotation(object, REVISION)
        .and_then(|text| text.parse().ok())
        .unwrap_or_default()
}

/// The Deployment's wanted size when the ReplicaSet was last scaled.
pub fn desired(set: &Value) -> Option<i64> {
    object::annotation(set, DESIRED)?.parse().ok()
}

/// The Deployment's size with surge when the ReplicaSet was last scaled.
pub fn max(set: &Value) -> Option<i64> {
    object::annotation(set, MAX)?.parse().ok()
}

/// Writes an annotation; returns whether it was different before.
pub fn put(object: &mut Value, key: &str, value: &str) -> bool {
    if object::annotation(object, key) == Some(value) {
        return false;
    }
    if !object["metadata"]["annotations"].is_object() {
        object["metadata"]["annotations"] = json!({});
    }
    object["metadata"]["annotations"][key] = json!(value);
    true
}

/// Writes the sizes that proportional scaling reads later; returns whether they changed.
pub fn put_sizes(set: &mut Value, desired: i64, max: i64) -> bool {
    let first = put(set, DESIRED, &desired.to_string());
    let second = put(set, MAX, &max.to_string());
    first || second
}

/// The annotations of a Deployment that its `ReplicaSets` take over.
fn copied(deployment: &Value) -> impl Iterator<Item = (&str, &str)> {
    read::texts(deployment, "/metadata/annotations").filter(|(key, _)| !NOT_COPIED.contains(key))
}

/// Whether [`put_revision`] would change nothing.
pub fn is_up_to_date(set: &Value, deployment: &Value, revision: i64) -> bool {
    self::revision(set) >= revision
        && copied(deployment).all(|(key, value)| object::annotation(set, key) == Some(value))
}

/// Takes over the Deployment's annotations and marks the ReplicaSet as `revision`, remembering the
/// former one.
pub fn put_revision(set: &mut Value, deployment: &Value, revision: i64) {
    for (key, value) in copied(deployment) {
        put(set, key, value);
    }
    let before = self::revision(set);
    if before < revision {
        put(set, REVISION, &revision.to_string());
        if before > 0 {
            let history = match object::annotation(set, HISTORY) {
                Some(older) if !older.is_empty() => format!("{older},{before}"),
                _ => before.to_string(),
            };
            put(set, HISTORY, &history);
        }
    }
}
