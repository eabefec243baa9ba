//! The way of a write: strict fields, defaults, field managers, admission, validation, commit.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::admission::webhooks;
use crate::apply::{FieldSet, Managers, Writer};
use crate::error::ApiError;
use crate::key::{Gk, ObjectKey};
use crate::kinds::Kind;
use crate::metadata::{
    check_version, is_gone, keep_foreign_parts, keep_system_metadata, same, spec_differs,
};
use crate::object;
use crate::patch::{self, Patch};
use crate::state::State;
use crate::store::Stored;
use crate::{defaults, validation};

/// What to do about unknown fields.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum FieldValidation {
    /// Drop them in silence.
    Ignore,
    /// Drop them with a warning, which is what a client gets that does not ask.
    #[default]
    Warn,
    /// Refuse the request.
    Strict,
    /// Trust the writer, who is part of the cluster, and do not look.
    Trusted,
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
    /// A plain write by a part of the cluster.
    pub fn by(manager: &str) -> Self {
        Self {
            manager: manager.to_owned(),
            field_validation: FieldValidation::Trusted,
            ..Self::default()
        }
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
    pub stored: Stored,
    /// Warnings for the client.
    pub warnings: Vec<String>,
    /// Whether the object was not there before.
    pub created: bool,
}

impl Written {
    /// The object alone.
    pub fn into_object(self) -> Arc<Value> {
        self.stored.object
    }
}

impl State {
    /// Creates an object.
    pub fn create_with(&mut self, mut object: Value, write: &Write) -> Result<Written, ApiError> {
        let kind = self.kind_of(&object)?;
        let warnings = validation::strict(&kind, &mut object, write.field_validation, self.minor)?;
        take_managers(&mut object);
        defaults::apply(&kind, &mut object, self.minor);
        let managers = self.tracked(&kind, Managers::default(), &json!({}), &object, write);
        self.insert(&kind, object, managers, warnings, write)
    }

    /// Replaces an object, or with a subresource that part of it.
    pub fn update_with(&mut self, mut object: Value, write: &Write) -> Result<Written, ApiError> {
        let kind = self.kind_of(&object)?;
        let key = key_of(&kind, &object);
        let missing = || ApiError::not_found(&kind.group, &kind.plural, &key.name);
        let Stored {
            object: old,
            managers,
        } = self
            .store
            .stored(&key.kind, &key.namespace, &key.name)
            .cloned()
            .ok_or_else(missing)?;
        check_version(&kind, &old, &object)?;
        let warnings = validation::strict(&kind, &mut object, write.field_validation, self.minor)?;
        // A client asks to forget all managers by a list with one empty entry.
        let asks_to_forget = take_managers(&mut object) == Some(json!([{}]));
        let before = managers.clone();
        let managers = if asks_to_forget {
            Managers::default()
        } else {
            managers
        };
        keep_foreign_parts(&kind, &old, &mut object, &write.subresource);
        keep_system_metadata(&old, &mut object);
        defaults::apply(&kind, &mut object, self.minor);
        let managers = self.tracked(&kind, managers, &old, &object, write);
        let old = Stored {
            object: old,
            managers: before,
        };
        self.replace(&kind, &old, object, managers, warnings, write)
    }

    /// Patches an object; applying one that is not there creates it.
    pub fn patch_with(
        &mut self,
        kind: &Arc<Kind>,
        namespace: &str,
        name: &str,
        patch: &Patch,
        write: &Write,
    ) -> Result<Written, ApiError> {
        let old = self.store.stored(&kind.key, namespace, name).cloned();
        let missing = || ApiError::not_found(&kind.group, &kind.plural, name);
        if let Patch::Apply { config, force } = patch {
            let named = !object::name(config).is_empty();
            let mut config = config.clone();
            if take_managers(&mut config).is_some() {
                return Err(ApiError::bad_request("metadata.managedFields must be nil"));
            }
            let identity = if kind.namespaced {
                json!({"name": name, "namespace": namespace})
            } else {
                json!({"name": name})
            };
            let metadata = metadata_mut(&mut config);
            metadata.extend(identity.as_object().cloned().unwrap_or_default());
            return match old {
                Some(old) => self.apply_to(kind, &old, &config, *force, write),
                None if write.subresource.is_empty() => {
                    self.apply_new(kind, &config, named, *force, write)
                }
                None => Err(missing()),
            };
        }
        let stored = old.ok_or_else(missing)?;
        let old = &stored.object;
        let mut new = match patch {
            Patch::Merge(patch) => patch::merge(old, patch),
            // It may test and replace what the client saw.
            Patch::Json(patch) => patch::json(&stored.whole(), patch)?,
            Patch::Strategic(patch) => patch::strategic(kind, old, patch)?,
            Patch::Apply { .. } => Value::clone(old),
        };
        new["apiVersion"] = old["apiVersion"].clone();
        if object::name(&new) != name || object::namespace(&new) != namespace {
            return Err(ApiError::bad_request(
                "the name or namespace of the object may not be patched",
            ));
        }
        self.update_with(new, write)
    }

    fn apply_new(
        &mut self,
        kind: &Arc<Kind>,
        config: &Value,
        named: bool,
        force: bool,
        write: &Write,
    ) -> Result<Written, ApiError> {
        if !named {
            return Err(ApiError::bad_request(format!(
                "the name of the object ({} based on URL) was undeterminable: name must be provided",
                object::name(config)
            )));
        }
        validation::declared(kind, config, self.minor)?;
        let mut managers = Managers::default();
        let ignored = unreachable(kind, config, &write.subresource);
        let time = self.now_text();
        let writer = writer(kind, write, &time);
        let mut object = managers.apply(kind.ty(), &writer, &json!({}), config, &ignored, force)?;
        object["apiVersion"] = json!(kind.storage_version);
        defaults::apply(kind, &mut object, self.minor);
        self.insert(kind, object, managers, Vec::new(), write)
    }

    fn apply_to(
        &mut self,
        kind: &Arc<Kind>,
        stored: &Stored,
        config: &Value,
        force: bool,
        write: &Write,
    ) -> Result<Written, ApiError> {
        let old = &stored.object;
        check_version(kind, old, config)?;
        validation::declared(kind, config, self.minor)?;
        let time = self.now_text();
        let writer = writer(kind, write, &time);
        let mut managers = stored.managers.clone();
        if managers.is_empty() {
            let first = Writer {
                manager: "before-first-apply",
                ..writer
            };
            managers.track(kind.ty(), &first, &json!({}), old, &FieldSet::default());
        }
        let ignored = unreachable(kind, config, &write.subresource);
        let mut object = managers.apply(kind.ty(), &writer, old, config, &ignored, force)?;
        object["apiVersion"] = json!(kind.storage_version);
        keep_foreign_parts(kind, old, &mut object, &write.subresource);
        keep_system_metadata(old, &mut object);
        defaults::apply(kind, &mut object, self.minor);
        self.replace(kind, stored, object, managers, Vec::new(), write)
    }

    /// The managers after an ordinary write.
    fn tracked(
        &self,
        kind: &Kind,
        mut managers: Managers,
        old: &Value,
        new: &Value,
        write: &Write,
    ) -> Managers {
        let time = self.now_text();
        let writer = writer(kind, write, &time);
        let is_new = old["metadata"].is_null();
        // An object that nobody manages stays so until somebody applies it.
        if is_new && !write.manager.is_empty() || !managers.is_empty() {
            let ignored = unreachable(kind, new, &write.subresource);
            let ignored = if is_new { ignored } else { FieldSet::default() };
            managers.track(kind.ty(), &writer, old, new, &ignored);
        }
        managers
    }

    /// Puts a new object in.
    fn insert(
        &mut self,
        kind: &Arc<Kind>,
        mut object: Value,
        managers: Managers,
        mut warnings: Vec<String>,
        write: &Write,
    ) -> Result<Written, ApiError> {
        self.name_new(kind, &mut object)?;
        let key = key_of(kind, &object);
        self.admit(kind, None, &mut object, &mut warnings)?;
        self.stamp_new(kind, &mut object);
        validation::create(kind, &object)?;
        if self
            .store
            .get(&key.kind, &key.namespace, &key.name)
            .is_some()
        {
            return Err(ApiError::already_exists(
                &kind.group,
                &kind.plural,
                &key.name,
            ));
        }
        self.admit_last(kind, None, &object)?;
        webhooks::check(self, kind, webhooks::Operation::Create, &object)?;
        let stored = self.finish(key, object, managers, write.dry_run);
        Ok(Written {
            stored,
            warnings,
            created: true,
        })
    }

    /// Puts a changed object in the place of the old one.
    fn replace(
        &mut self,
        kind: &Arc<Kind>,
        stored: &Stored,
        mut object: Value,
        managers: Managers,
        mut warnings: Vec<String>,
        write: &Write,
    ) -> Result<Written, ApiError> {
        let old = &stored.object;
        let key = key_of(kind, &object);
        if write.subresource.is_empty() {
            self.admit(kind, Some(old), &mut object, &mut warnings)?;
        }
        if same(old, &object) && managers.same_sets(&stored.managers) {
            return Ok(Written {
                stored: stored.clone(),
                warnings,
                created: false,
            });
        }
        if kind.counts_generations && spec_differs(old, &object) {
            let generation = old["metadata"]["generation"].as_i64().unwrap_or(0) + 1;
            metadata_mut(&mut object).insert("generation".to_owned(), json!(generation));
        }
        if write.field_validation != FieldValidation::Trusted {
            validation::update(kind, old, &object)?;
        }
        self.admit_last(kind, Some(old), &object)?;
        if write.subresource.is_empty() {
            webhooks::check(self, kind, webhooks::Operation::Update, &object)?;
        }
        let stored = if is_gone(&object) {
            let object = Arc::new(object);
            self.remove(key, Stored { object, managers }, write.dry_run)
        } else {
            self.finish(key, object, managers, write.dry_run)
        };
        Ok(Written {
            stored,
            warnings,
            created: false,
        })
    }

    /// The kind of an object by its `apiVersion` and `kind`.
    pub(crate) fn kind_of(&self, object: &Value) -> Result<Arc<Kind>, ApiError> {
        let gk = Gk::of(object).to_string();
        let unknown = || {
            let version = object["apiVersion"].as_str().unwrap_or_default();
            let kind = object["kind"].as_str().unwrap_or_default();
            ApiError::bad_request(format!(
                "no kind \"{kind}\" is registered for version \"{version}\""
            ))
        };
        self.kinds.get(&gk).cloned().ok_or_else(unknown)
    }

    pub(crate) fn finish(
        &mut self,
        key: ObjectKey,
        object: Value,
        managers: Managers,
        dry_run: bool,
    ) -> Stored {
        if dry_run {
            let object = Arc::new(object);
            return Stored { object, managers };
        }
        let is_definition = &*key.kind == "apiextensions.k8s.io/CustomResourceDefinition";
        let written = self.commit(key, Some((object, managers)));
        let written = written.expect("what was put in is there");
        let accepted = object::condition(&written.object, "Established") == Some("True");
        if is_definition
            && accepted
            && let Some(kind) = Kind::custom(&written.object)
        {
            self.kinds.add(kind);
        }
        written
    }

    /// Stops serving a custom kind, whose objects go with its definition.
    fn retire(&mut self, definition: &Value) {
        let Some(kind) = Kind::custom(definition) else {
            return;
        };
        // Another definition may have the kind.
        let known = self.kinds.get(&kind.key);
        if known.is_none_or(|known| known.custom != kind.custom) {
            return;
        }
        for object in self.list(&kind.key) {
            self.commit(key_of(&kind, &object), None);
        }
        self.kinds.remove(&kind.key);
    }

    pub(crate) fn remove(&mut self, key: ObjectKey, last: Stored, dry_run: bool) -> Stored {
        if !dry_run {
            self.commit(key, None);
            if last.object["kind"] == "CustomResourceDefinition" {
                self.retire(&last.object);
            }
        }
        last
    }
}

/// The full name of an object.
pub(crate) fn key_of(kind: &Kind, object: &Value) -> ObjectKey {
    let namespace = if kind.namespaced {
        object::namespace(object)
    } else {
        ""
    };
    ObjectKey {
        kind: kind.key.clone(),
        namespace: namespace.to_owned(),
        name: object::name(object).to_owned(),
    }
}

/// `metadata` for writing; made when it is not there.
pub(crate) fn metadata_mut(object: &mut Value) -> &mut Map<String, Value> {
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    object["metadata"]
        .as_object_mut()
        .expect("metadata was just made an object")
}

/// Takes a top-level field away.
pub(crate) fn remove(object: &mut Value, field: &str) {
    if let Some(fields) = object.as_object_mut() {
        fields.shift_remove(field);
    }
}

pub(crate) fn writer<'a>(kind: &'a Kind, write: &'a Write, time: &'a str) -> Writer<'a> {
    Writer {
        manager: &write.manager,
        api_version: &kind.storage_version,
        subresource: &write.subresource,
        time,
    }
}

/// The fields that a write to this place cannot reach.
fn unreachable(kind: &Kind, object: &Value, subresource: &str) -> FieldSet {
    let names: Vec<&str> = match subresource {
        "status" => object
            .as_object()
            .into_iter()
            .flat_map(Map::keys)
            .map(String::as_str)
            .filter(|key| *key != "status")
            .collect(),
        _ if kind.has("status") => vec!["status"],
        _ => Vec::new(),
    };
    FieldSet::of_fields(&names)
}

/// Takes `metadata.managedFields` out of an object: they are kept beside it.
pub(crate) fn take_managers(object: &mut Value) -> Option<Value> {
    object
        .get_mut("metadata")?
        .as_object_mut()?
        .shift_remove("managedFields")
}
