//! The metadata that the server keeps: names, uids, timestamps, generations, and what a write may not touch.

use serde_json::{Value, json};

use crate::error::{ApiError, Cause};
use crate::kinds::Kind;
use crate::object;
use crate::state::State;
use crate::write::{metadata_mut, remove};

impl State {
    /// Makes a name where `generateName` asks for it, and a namespace where none is given.
    pub(crate) fn name_new(&mut self, kind: &Kind, object: &mut Value) -> Result<(), ApiError> {
        object["apiVersion"] = json!(kind.storage_version);
        let prefix = object["metadata"]["generateName"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if object::name(object).is_empty() && !prefix.is_empty() {
            let kept = prefix.get(..58).unwrap_or(&prefix);
            let name = format!("{kept}{}", self.next_suffix());
            metadata_mut(object).insert("name".to_owned(), json!(name));
        }
        if object::name(object).is_empty() {
            let cause = Cause::required("metadata.name", "name or generateName is required");
            return Err(ApiError::invalid(&kind.group, &kind.kind, "", vec![cause]));
        }
        if kind.namespaced && object::namespace(object).is_empty() {
            metadata_mut(object).insert("namespace".to_owned(), json!("default"));
        }
        Ok(())
    }

    /// Fills the metadata that only the server writes.
    pub(crate) fn stamp_new(&mut self, kind: &Kind, object: &mut Value) {
        if kind.has("status") && kind.key.as_ref() != "Node" {
            remove(object, "status");
        }
        let uid = self.next_uid();
        let now = self.now_text();
        let metadata = metadata_mut(object);
        for field in [
            "selfLink",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "resourceVersion",
        ] {
            metadata.shift_remove(field);
        }
        metadata.insert("uid".to_owned(), json!(uid));
        metadata.insert("creationTimestamp".to_owned(), json!(now));
        metadata.shift_remove("generation");
        if kind.counts_generations {
            metadata.insert("generation".to_owned(), json!(1));
        }
        self.prepare(kind, object);
    }
}

/// Refuses a write that was made for another version or another object of the same name.
pub(crate) fn check_version(kind: &Kind, old: &Value, new: &Value) -> Result<(), ApiError> {
    let name = object::name(old);
    let wanted = object::uid(new);
    if !wanted.is_empty() && wanted != object::uid(old) {
        let why = format!(
            "Precondition failed: UID in precondition: {wanted}, UID in object meta: {}",
            object::uid(old)
        );
        return Err(ApiError::conflict(&kind.group, &kind.plural, name, &why));
    }
    match new["metadata"]["resourceVersion"].as_str() {
        Some(version) if !version.is_empty() && old["metadata"]["resourceVersion"] != version => {
            let why = "the object has been modified; please apply your changes to the latest version and try again";
            Err(ApiError::conflict(&kind.group, &kind.plural, name, why))
        }
        _ => Ok(()),
    }
}

/// A write of the object keeps the status, a write of the status keeps the rest.
pub(crate) fn keep_foreign_parts(kind: &Kind, old: &Value, new: &mut Value, subresource: &str) {
    if subresource == "binding" {
        return;
    }
    if subresource == "status" {
        if only_status_differs(old, new) {
            return;
        }
        let status = new.get_mut("status").map(Value::take);
        *new = old.clone();
        match status {
            Some(status) => new["status"] = status,
            None => remove(new, "status"),
        }
    } else if kind.has("status") {
        match old.get("status") {
            Some(status) => new["status"] = status.clone(),
            None => remove(new, "status"),
        }
    }
}

/// Looking is much cheaper than putting the rest back, which nearly nobody has touched.
fn only_status_differs(old: &Value, new: &Value) -> bool {
    old.get("metadata") == new.get("metadata") && !spec_differs(old, new)
}

/// Keeps what only the server writes.
pub(crate) fn keep_system_metadata(old: &Value, new: &mut Value) {
    let before = &old["metadata"];
    let metadata = metadata_mut(new);
    let fields = [
        "uid",
        "creationTimestamp",
        "generation",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "resourceVersion",
    ];
    for field in fields {
        match before.get(field) {
            Some(value) => metadata.insert(field.to_owned(), value.clone()),
            None => metadata.shift_remove(field),
        };
    }
    metadata.shift_remove("selfLink");
}

/// Whether anything but metadata and status differs.
pub(crate) fn spec_differs(old: &Value, new: &Value) -> bool {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else {
        return old != new;
    };
    let outside = |key: &str| key != "metadata" && key != "status";
    old.iter()
        .any(|(key, value)| outside(key) && new.get(key) != Some(value))
        || new.keys().any(|key| outside(key) && !old.contains_key(key))
}

/// Whether the two are equal but for the bookkeeping of field managers.
pub(crate) fn same(old: &Value, new: &Value) -> bool {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else {
        return old == new;
    };
    let equal = |key: &str, a: Option<&Value>, b: Option<&Value>| {
        if key == "metadata" {
            same_metadata(a, b)
        } else {
            a == b
        }
    };
    old.iter()
        .all(|(key, value)| equal(key, Some(value), new.get(key)))
        && new.keys().all(|key| old.contains_key(key))
}

fn same_metadata(a: Option<&Value>, b: Option<&Value>) -> bool {
    let (Some(a), Some(b)) = (a.and_then(Value::as_object), b.and_then(Value::as_object)) else {
        return a == b;
    };
    let counted = |(key, _): &(&String, &Value)| *key != "managedFields" && *key != "generation";
    a.iter()
        .filter(counted)
        .all(|(key, value)| b.get(key) == Some(value))
        && b.iter().filter(counted).all(|(key, _)| a.contains_key(key))
}

/// Whether nothing holds a deleted object any longer.
pub(crate) fn is_gone(object: &Value) -> bool {
    object::is_terminating(object)
        && object::finalizers(object).next().is_none()
        && object["metadata"]["deletionGracePeriodSeconds"]
            .as_i64()
            .unwrap_or(0)
            == 0
        && (object["kind"] != "Namespace"
            || object["apiVersion"] != "v1"
            || !has_spec_finalizers(object))
}

fn has_spec_finalizers(object: &Value) -> bool {
    object["spec"]["finalizers"]
        .as_array()
        .is_some_and(|all| !all.is_empty())
}
