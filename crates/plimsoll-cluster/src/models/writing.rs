//! How models write: statuses, objects that they make, and the time that the real ones take.

use crate::controllers::conditions::{self, Condition};
use crate::controllers::{Outcome, owner_reference};
use crate::key::Gk;
use crate::object;
use crate::state::{EventKind, State};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// A model's identity towards the API server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writer(pub(super) &'static str);

impl Writer {
    /// Writes the status of `owner`. A refusal (the object went away) is no failure: the next change retries.
    pub(super) fn status(self, state: &mut State, object: &Value, status: Value) {
        if object["status"] == status {
            return;
        }
        let mut changed = object.clone();
        changed["status"] = status;
        if let Some(metadata) = changed["metadata"].as_object_mut() {
            metadata.shift_remove("resourceVersion");
        }
        // Without a status subresource the status is a part of the object like any other.
        let kind = Gk::of(object).to_string();
        let outcome = if state
            .kinds()
            .get(&kind)
            .is_some_and(|kind| kind.has("status"))
        {
            state.update_status(self.0, changed)
        } else {
            state.update(self.0, changed)
        };
        self.tell(state, object, outcome.err().map(|error| error.to_string()));
    }

    /// Creates `wanted` for `owner`, or brings the fields that it holds up to date. Returns whether it is there.
    pub(super) fn put(self, state: &mut State, owner: &Value, wanted: Value) -> bool {
        let kind = Gk::of(&wanted).to_string();
        let outcome = match state.get(&kind, object::namespace(&wanted), object::name(&wanted)) {
            None => state.create(self.0, wanted),
            Some(known) if covers(&known, &wanted) => return true,
            Some(known) => {
                let mut changed = Value::clone(&known);
                overlay(&mut changed, &wanted);
                if let Some(metadata) = changed["metadata"].as_object_mut() {
                    metadata.shift_remove("resourceVersion");
                }
                state.update(self.0, changed)
            }
        };
        let error = outcome.err().map(|error| error.to_string());
        let written = error.is_none();
        self.tell(state, owner, error);
        written
    }

    fn tell(self, state: &mut State, about: &Value, error: Option<String>) {
        if let Some(error) = error {
            state.record(about, EventKind::Warning, "UpdateFailed", &error, self.0);
        }
    }
}

/// Whether `known` says all that `wanted` does; the API server may have added more.
fn covers(known: &Value, wanted: &Value) -> bool {
    match (known, wanted) {
        (Value::Object(known), Value::Object(wanted)) => {
            wanted.iter().all(|(key, value)| match known.get(key) {
                Some(same) if key == "data" => same == value,
                Some(same) => covers(same, value),
                None => false,
            })
        }
        (Value::Array(known), Value::Array(wanted)) => {
            known.len() == wanted.len()
                && known
                    .iter()
                    .zip(wanted)
                    .all(|(known, wanted)| covers(known, wanted))
        }
        (known, wanted) => known == wanted,
    }
}

/// Lays `wanted` over `known`: maps are merged, all else is replaced. Data of a Secret or ConfigMap is replaced whole.
fn overlay(known: &mut Value, wanted: &Value) {
    match (known, wanted) {
        (Value::Object(known), Value::Object(wanted)) => {
            for (key, value) in wanted {
                if key == "data" {
                    known.insert(key.clone(), value.clone());
                } else {
                    overlay(known.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (known, wanted) => *known = wanted.clone(),
    }
}

/// Makes `owner` the controller of `object`.
pub(super) fn owned(mut object: Value, owner: &Value) -> Value {
    object["metadata"]["ownerReferences"] = json!([owner_reference(owner)]);
    object
}

/// Sets a condition of a status, with the generation that it was made for.
pub(super) fn condition(status: &mut Value, object: &Value, want: Condition<'_>, now: Timestamp) {
    conditions::set(status, want, now);
    let list = status["conditions"].as_array_mut().into_iter().flatten();
    for one in list.filter(|one| one["type"] == want.kind) {
        one["observedGeneration"] = object["metadata"]["generation"].clone();
    }
}

/// A condition's words.
pub(super) fn says<'a>(
    kind: &'a str,
    status: bool,
    reason: &'a str,
    message: &'a str,
) -> Condition<'a> {
    Condition {
        kind,
        status: if status { "True" } else { "False" },
        reason,
        message,
    }
}

/// The status as it is, for changing.
pub(super) fn status_of(object: &Value) -> Value {
    object
        .get("status")
        .filter(|status| status.is_object())
        .cloned()
        .unwrap_or_else(|| json!({}))
}

/// Waits until `object` is `seconds` old, as long as its controller usually needs.
pub(super) fn too_young(state: &State, object: &Value, seconds: i64) -> Option<Outcome> {
    let created: Timestamp = object["metadata"]["creationTimestamp"]
        .as_str()?
        .parse()
        .ok()?;
    let at = created
        .checked_add(SignedDuration::from_secs(seconds))
        .ok()?;
    (at > state.now()).then(|| Outcome::at(state, at))
}
