//! Admission: what the built-in plugins change and refuse.

mod addresses;
mod limit_range;
mod namespace;
mod pod_defaults;
mod pod_security;
pub(crate) mod quota;
mod service_account;
pub(crate) mod webhooks;

use serde_json::{Value, json};

use crate::defaults::put;
use crate::error::ApiError;
use crate::kinds::Kind;
use crate::object;
use crate::state::State;

impl State {
    /// The plugins that change an object, or refuse it before it is complete.
    pub(crate) fn admit(
        &mut self,
        kind: &Kind,
        old: Option<&Value>,
        object: &mut Value,
        warnings: &mut Vec<String>,
    ) -> Result<(), ApiError> {
        if old.is_none() {
            namespace::check(self, kind, object)?;
            match kind.key.as_ref() {
                "Pod" => {
                    service_account::admit(self, object)?;
                    pod_defaults::admit(self, object)?;
                    limit_range::fill(self, object);
                }
                "PersistentVolumeClaim" => self.default_storage_class(object),
                _ => {}
            }
        }
        pod_security::warn(self, kind, old, object, warnings);
        Ok(())
    }

    /// The plugins that look at the complete object.
    pub(crate) fn admit_last(
        &self,
        kind: &Kind,
        old: Option<&Value>,
        object: &Value,
    ) -> Result<(), ApiError> {
        if old.is_none() {
            addresses::check(self, kind, object)?;
            limit_range::check(self, kind, object)?;
            pod_security::enforce(self, kind, object)?;
        }
        quota::check(self, kind, old, object)
    }

    /// A claim that names no class gets the newest default one.
    fn default_storage_class(&self, claim: &mut Value) {
        if !claim["spec"]["storageClassName"].is_null() {
            return;
        }
        let marked = |class: &&std::sync::Arc<Value>| {
            object::annotation(class, "storageclass.kubernetes.io/is-default-class") == Some("true")
        };
        let classes = self
            .store
            .list("storage.k8s.io/StorageClass")
            .filter(marked);
        let newest = classes.max_by_key(|class| {
            class["metadata"]["creationTimestamp"]
                .as_str()
                .map(str::to_owned)
        });
        if let Some(class) = newest {
            put(
                &mut claim["spec"],
                "storageClassName",
                json!(object::name(class)),
            );
        }
    }
}
