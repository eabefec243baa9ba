//! The way of a write: metadata, defaults, admission, validation, field managers, commit.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::error::{ApiError, Cause};
use crate::key::{Gk, ObjectKey};
use crate::kinds::Kind;
use crate::object;
use crate::state::State;

/// What to do about unknown and duplicate fields.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum FieldValidation {
    /// Drop them in silence.
    Ignore,
    /// Drop them with a warning, which is what a client gets that does not ask.
    #[default]
    Warn,
    /// Refuse the request.
    Strict,
}

/// How to write.
#[derive(Clone, Debug, Default)]
pub struct Write {
    /// The field manager.
    pub manager: String,
    /// Check, but change nothing.
    pub dry_run: bool,
    /// What to do about unknown fields.
    pub field_validation: FieldValidation,
    /// Empty, or `status`, `scale`, …
    pub subresource: String,
}

impl Write {
    /// A plain write by a field manager.
    pub fn by(manager: &str) -> Self {
        Self { manager: manager.to_owned(), field_validation: FieldValidation::Ignore, ..Self::default() }
    }

    /// The same on a subresource.
    #[must_use]
    pub fn on(mut self, subresource: &str) -> Self {
        subresource.clone_into(&mut self.subresource);
        self
    }
}

/// The outcome of a write.
#[derive(Clone, Debug)]
pub struct Written {
    /// The object as it is now.
    pub object: Arc<Value>,
    /// Warnings for the client.
    pub warnings: Vec<String>,
    /// Whether the object was not there before.
    pub created: bool,
}

impl Written {
    /// The object alone.
    pub fn into_object(self) -> Arc<Value> {
        self.object
    }
}

impl State {
    /// Creates an object.
    pub fn create_with(&mut self, mut object: Value, write: &Write) -> Result<Written, ApiError> {
        let kind = self.kind_of(&object)?;
        self.stamp_new(&kind, &mut object)?;
        let key = key_of(&kind, &object);
        if self.store.get(&key.kind, &key.namespace, &key.name).is_some() {
            return Err(ApiError::already_exists(&kind.group, &kind.plural, &key.name));
        }
        let object = self.finish(key, object, write);
        Ok(Written { object, warnings: Vec::new(), created: true })
    }

    /// Replaces an object, or with a subresource that part of it.
    pub fn update_with(&mut self, mut object: Value, write: &Write) -> Result<Written, ApiError> {
        let kind = self.kind_of(&object)?;
        let key = key_of(&kind, &object);
        let Some(old) = self.get(&key.kind, &key.namespace, &key.name) else {
            return Err(ApiError::not_found(&kind.group, &kind.plural, &key.name));
        };
        check_version(&kind, &old, &object)?;
        keep_foreign_parts(&kind, &old, &mut object, &write.subresource);
        keep_system_metadata(&old, &mut object);
        if kind.counts_generations && spec_differs(&old, &object) {
            let generation = old["metadata"]["generation"].as_i64().unwrap_or(0) + 1;
            object["metadata"]["generation"] = json!(generation);
        }
        if same(&old, &object) {
            return Ok(Written { object: old, warnings: Vec::new(), created: false });
        }
        let object = if is_gone(&object) {
            self.remove(key, object, write.dry_run)
        } else {
            self.finish(key, object, write)
        };
        Ok(Written { object, warnings: Vec::new(), created: false })
    }

    /// The kind of an object by its `apiVersion` and `kind`.
    pub(crate) fn kind_of(&self, object: &Value) -> Result<Arc<Kind>, ApiError> {
        let gk = Gk::of(object).to_string();
        let unknown = || {
            let version = object["apiVersion"].as_str().unwrap_or_default();
            let kind = object["kind"].as_str().unwrap_or_default();
            ApiError::bad_request(format!("no kind \"{kind}\" is registered for version \"{version}\""))
        };
        self.kinds.get(&gk).cloned().ok_or_else(unknown)
    }

    /// Fills the metadata that only the server writes.
    fn stamp_new(&mut self, kind: &Kind, object: &mut Value) -> Result<(), ApiError> {
        object["apiVersion"] = json!(kind.api_version());
        if !object["metadata"].is_object() {
            object["metadata"] = json!({});
        }
        if object::name(object).is_empty()
            && let Some(prefix) = object["metadata"]["generateName"].as_str().map(str::to_owned)
        {
            let kept = prefix.get(..58).unwrap_or(&prefix);
            let name = format!("{kept}{}", self.next_suffix());
            object["metadata"]["name"] = json!(name);
        }
        if object::name(object).is_empty() {
            let cause = Cause::required("metadata.name", "name or generateName is required");
            return Err(ApiError::invalid(&kind.group, &kind.kind, "", vec![cause]));
        }
        if kind.namespaced && object::namespace(object).is_empty() {
            object["metadata"]["namespace"] = json!("default");
        }
        if kind.has("status") && kind.key.as_ref() != "Node" {
            remove(object, "status");
        }
        let uid = self.next_uid();
        let now = self.now_text();
        let metadata = metadata_mut(object);
        for field in ["selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "resourceVersion"] {
            metadata.shift_remove(field);
        }
        metadata.insert("uid".to_owned(), json!(uid));
        metadata.insert("creationTimestamp".to_owned(), json!(now));
        if kind.counts_generations {
            metadata.insert("generation".to_owned(), json!(1));
        } else {
            metadata.shift_remove("generation");
        }
        Ok(())
    }

    pub(crate) fn finish(&mut self, key: ObjectKey, object: Value, write: &Write) -> Arc<Value> {
        if write.dry_run {
            return Arc::new(object);
        }
        let fallback = Arc::new(Value::Null);
        self.commit(key, Some(object)).unwrap_or(fallback)
    }

    pub(crate) fn remove(&mut self, key: ObjectKey, object: Value, dry_run: bool) -> Arc<Value> {
        if !dry_run {
            self.commit(key, None);
        }
        Arc::new(object)
    }
}

/// The full name of an object.
pub(crate) fn key_of(kind: &Kind, object: &Value) -> ObjectKey {
    let namespace = if kind.namespaced { object::namespace(object) } else { "" };
    ObjectKey { kind: kind.key.clone(), namespace: namespace.to_owned(), name: object::name(object).to_owned() }
}

/// `metadata` for writing; made when it is not there.
pub(crate) fn metadata_mut(object: &mut Value) -> &mut Map<String, Value> {
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    object["metadata"].as_object_mut().expect("metadata was just made an object")
}

/// Takes a top-level field away.
pub(crate) fn remove(object: &mut Value, field: &str) {
    if let Some(fields) = object.as_object_mut() {
        fields.shift_remove(field);
    }
}

fn check_version(kind: &Kind, old: &Value, new: &Value) -> Result<(), ApiError> {
    let name = object::name(new);
    let wanted = object::uid(new);
    if !wanted.is_empty() && wanted != object::uid(old) {
        let why = format!("Precondition failed: UID in precondition: {wanted}, UID in object meta: {}", object::uid(old));
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
fn keep_foreign_parts(kind: &Kind, old: &Value, new: &mut Value, subresource: &str) {
    if subresource == "status" {
        let status = new.get("status").cloned();
        let managed = new["metadata"].get("managedFields").cloned();
        *new = old.clone();
        match status {
            Some(status) => new["status"] = status,
            None => remove(new, "status"),
        }
        if let Some(managed) = managed {
            new["metadata"]["managedFields"] = managed;
        }
    } else if kind.has("status") {
        match old.get("status") {
            Some(status) => new["status"] = status.clone(),
            None => remove(new, "status"),
        }
    }
}

fn keep_system_metadata(old: &Value, new: &mut Value) {
    let before = &old["metadata"];
    let metadata = metadata_mut(new);
    let fields =
        ["uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds", "resourceVersion"];
    for field in fields {
        match before.get(field) {
            Some(value) => metadata.insert(field.to_owned(), value.clone()),
            None => metadata.shift_remove(field),
        };
    }
    metadata.shift_remove("selfLink");
}

/// Whether anything but metadata and status differs.
fn spec_differs(old: &Value, new: &Value) -> bool {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else { return old != new };
    let outside = |key: &str| key != "metadata" && key != "status";
    old.iter().any(|(key, value)| outside(key) && new.get(key) != Some(value))
        || new.keys().any(|key| outside(key) && !old.contains_key(key))
}

/// Whether the two are equal but for the bookkeeping of field managers.
fn same(old: &Value, new: &Value) -> bool {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else { return old == new };
    let equal = |key: &str, a: Option<&Value>, b: Option<&Value>| {
        if key == "metadata" { same_metadata(a, b) } else { a == b }
    };
    old.iter().all(|(key, value)| equal(key, Some(value), new.get(key)))
        && new.keys().all(|key| old.contains_key(key))
}

fn same_metadata(a: Option<&Value>, b: Option<&Value>) -> bool {
    let (Some(a), Some(b)) = (a.and_then(Value::as_object), b.and_then(Value::as_object)) else { return a == b };
    let counted = |(key, _): &(&String, &Value)| *key != "managedFields" && *key != "generation";
    a.iter().filter(counted).all(|(key, value)| b.get(key) == Some(value))
        && b.iter().filter(counted).all(|(key, _)| a.contains_key(key))
}

/// Whether nothing holds a deleted object any longer.
pub(crate) fn is_gone(object: &Value) -> bool {
    object::is_terminating(object)
        && object::finalizers(object).next().is_none()
        && object["metadata"]["deletionGracePeriodSeconds"].as_i64().unwrap_or(0) == 0
        && (object["kind"] != "Namespace" || object["apiVersion"] != "v1" || !has_spec_finalizers(object))
}

fn has_spec_finalizers(object: &Value) -> bool {
    object["spec"]["finalizers"].as_array().is_some_and(|all| !all.is_empty())
}
