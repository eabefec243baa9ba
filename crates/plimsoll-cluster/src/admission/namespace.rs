//! Namespace lifecycle: nothing is created where there is no namespace, or in one that is going away.

use serde_json::Value;

use crate::error::{ApiError, Cause};
use crate::kinds::Kind;
use crate::object;
use crate::state::State;

/// Refuses a new object whose namespace cannot take it.
pub fn check(state: &State, kind: &Kind, object: &Value) -> Result<(), ApiError> {
    if !kind.namespaced {
        return Ok(());
    }
    let name = object::namespace(object);
    let Some(namespace) = state.store.get("Namespace", "", name) else {
        return Err(ApiError::not_found("", "namespaces", name));
    };
    if !object::is_terminating(namespace) {
        return Ok(());
    }
    let why =
        format!("unable to create new content in namespace {name} because it is being terminated");
    let mut error = ApiError::forbidden(&kind.group, &kind.plural, object::name(object), &why);
    let message = format!("namespace {name} is being terminated");
    error.details.causes = vec![Cause {
        reason: "NamespaceTerminating",
        message,
        field: "metadata.namespace".to_owned(),
    }];
    Err(error)
}
