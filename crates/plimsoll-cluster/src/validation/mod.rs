//! Validation: strict fields by the schema, and the rules of each kind.

mod definitions;
mod duplicates;
mod leases;
mod names;
mod rules;
mod strict;
mod volumes;

use serde_json::Value;

use crate::error::{ApiError, Cause};
use crate::kinds::Kind;
use crate::object;

pub use strict::{declared, strict};

/// Refuses a new object that breaks rules of its kind.
pub fn create(kind: &Kind, object: &Value) -> Result<(), ApiError> {
    let mut causes = names::check(kind, object);
    causes.extend(rules::check(kind, object));
    refuse(kind, object, causes)
}

/// Refuses a change that breaks rules of the kind or touches what may not change.
pub fn update(kind: &Kind, old: &Value, new: &Value) -> Result<(), ApiError> {
    let mut causes = names::check_metadata(new);
    causes.extend(late_finalizers(old, new));
    causes.extend(rules::check(kind, new));
    causes.extend(rules::check_change(kind, old, new));
    refuse(kind, new, causes)
}

/// Nothing may hold an object once it is being deleted that did not hold it before.
fn late_finalizers(old: &Value, new: &Value) -> Option<Cause> {
    if !object::is_terminating(old) {
        return None;
    }
    let before: Vec<&str> = object::finalizers(old).collect();
    let late: Vec<&str> = object::finalizers(new)
        .filter(|one| !before.contains(one))
        .collect();
    let detail = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        late.iter()
            .map(|one| format!("\"{one}\""))
            .collect::<Vec<_>>()
            .join(", ")
    );
    (!late.is_empty()).then(|| Cause::forbidden("metadata.finalizers", &detail))
}

fn refuse(kind: &Kind, object: &Value, causes: Vec<Cause>) -> Result<(), ApiError> {
    if causes.is_empty() {
        return Ok(());
    }
    Err(ApiError::invalid(
        &kind.group,
        &kind.kind,
        object::name(object),
        causes,
    ))
}
