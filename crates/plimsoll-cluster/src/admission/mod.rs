//! Admission: what the built-in plugins change and refuse.

mod namespace;

use serde_json::Value;

use crate::error::ApiError;
use crate::kinds::Kind;
use crate::state::State;

impl State {
    /// The plugins that change an object, or refuse it before it is complete.
    pub(crate) fn admit(
        &self,
        kind: &Kind,
        old: Option<&Value>,
        object: &mut Value,
        _warnings: &mut Vec<String>,
    ) -> Result<(), ApiError> {
        if old.is_none() {
            namespace::check(self, kind, object)?;
        }
        Ok(())
    }

    /// The plugins that look at the complete object.
    pub(crate) fn admit_last(&mut self, _kind: &Kind, _old: Option<&Value>, _object: &Value) -> Result<(), ApiError> {
        Ok(())
    }
}
