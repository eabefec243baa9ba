//! Statuses as the parts of the cluster write them, tens of thousands in a large release.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::defaults;
use crate::error::ApiError;
use crate::metadata::check_version;
use crate::state::State;
use crate::write::{Write, key_of, writer};

impl State {
    /// Replaces the status of an object of which `known` is the newest version; does nothing when
    /// nothing differs. The same as an update of the status, for those who are part of the cluster:
    /// nothing else is copied, compared or checked.
    pub fn set_status(
        &mut self,
        manager: &str,
        known: &Value,
        mut status: Value,
    ) -> Result<Arc<Value>, ApiError> {
        let kind = self.kind_of(known)?;
        let key = key_of(&kind, known);
        let missing = || ApiError::not_found(&kind.group, &kind.plural, &key.name);
        let old = self
            .store
            .stored(&key.kind, &key.namespace, &key.name)
            .cloned()
            .ok_or_else(missing)?;
        check_version(&kind, &old.object, known)?;
        defaults::drop_nulls(&mut status);
        if old.object.get("status") == Some(&status) {
            return Ok(old.object);
        }
        let mut managers = old.managers;
        if !managers.is_empty() {
            let write = Write::by(manager).on("status");
            let time = self.now_text();
            let writer = writer(&kind, &write, &time);
            let before = old.object.get("status");
            managers.track_field(kind.ty(), &writer, "status", before, Some(&status));
        }
        let object = with_status(&old.object, status);
        let written = self.commit(key, Some((object, managers)));
        Ok(written.map(|stored| stored.object).unwrap_or_default())
    }
}

/// A copy of an object with another status.
fn with_status(old: &Value, status: Value) -> Value {
    let fields = old.as_object().into_iter().flatten();
    let others = fields.filter(|(name, _)| *name != "status");
    let mut object: Map<String, Value> = others
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    object.insert("status".to_owned(), status);
    Value::Object(object)
}
