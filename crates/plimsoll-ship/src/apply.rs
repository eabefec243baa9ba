//! Server-side apply of one object, and what its answer means.

use std::time::Duration;

use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::{Map, Value};
use tokio::time::sleep;

use crate::error::code;
use crate::release::{MANAGER, RELEASE_LABEL};
use crate::retry::retrying;

/// Why an object was not taken.
#[derive(Debug)]
pub enum Refusal {
    /// Others own fields that this release sets otherwise: `field: owner`.
    Conflict(Vec<String>),
    /// The server, an admission rule or a quota said no.
    Refused(String),
    /// No answer.
    Unreachable(kube::Error),
}

/// How an object is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Manner {
    /// Fields of other managers are taken. Without it they are a conflict.
    pub force: bool,
    /// The server only says what would be.
    pub dry_run: bool,
}

/// Applies `body` and returns the object as it is then.
pub async fn apply(
    api: &Api<DynamicObject>,
    name: &str,
    body: &Value,
    manner: Manner,
) -> Result<DynamicObject, Refusal> {
    let mut params = PatchParams::apply(MANAGER).validation_strict();
    params.force = manner.force;
    params.dry_run = manner.dry_run;
    let patch = Patch::Apply(body);
    for _ in 0..CONFLICTS {
        match retrying(|| api.patch(name, &params, &patch)).await {
            // Someone else wrote at the same moment; who owns what was not even looked at.
            Err(error) if code(&error) == 409 && conflicts(&error).is_empty() => sleep(PAUSE).await,
            answer => return answer.map_err(refusal),
        }
    }
    let last = retrying(|| api.patch(name, &params, &patch)).await;
    last.map_err(refusal)
}

/// How often an object may be written by someone else at the same moment.
const CONFLICTS: usize = 5;
const PAUSE: Duration = Duration::from_millis(100);

/// The content that is sent: as desired, with the label of the release.
pub fn body(desired: &Value, release: &str) -> Value {
    let mut body = desired.clone();
    let entry = |value: &mut Value, key: &str| -> Option<()> {
        let map = value.as_object_mut()?;
        map.entry(key).or_insert_with(|| Value::Object(Map::new()));
        Some(())
    };
    entry(&mut body, "metadata");
    entry(&mut body["metadata"], "labels");
    body["metadata"]["labels"][RELEASE_LABEL] = Value::from(release);
    body
}

/// Reads the answer to an apply that was not taken. A login that is no longer valid says nothing
/// about the object.
pub fn refusal(error: kube::Error) -> Refusal {
    let kube::Error::Api(status) = &error else {
        return Refusal::Unreachable(error);
    };
    let conflicts = conflicts(&error);
    if code(&error) == 409 && !conflicts.is_empty() {
        return Refusal::Conflict(conflicts);
    }
    if matches!(code(&error), 400..500) && code(&error) != 401 {
        return Refusal::Refused(status.message.clone());
    }
    Refusal::Unreachable(error)
}

/// The fields that others own, as `field: manager`.
fn conflicts(error: &kube::Error) -> Vec<String> {
    let kube::Error::Api(status) = error else {
        return Vec::new();
    };
    let causes = status.details.as_ref().map(|details| &details.causes);
    let conflicts = causes.into_iter().flatten();
    conflicts
        .filter(|cause| cause.reason == "FieldManagerConflict")
        .map(|cause| format!("{}: {}", cause.field, manager_of(&cause.message)))
        .collect()
}

/// `conflict with "kubectl" using apps/v1` names the manager in quotes.
fn manager_of(message: &str) -> &str {
    message.split('"').nth(1).unwrap_or(message)
}

/// Whether everything that `desired` says is so in `live`. What the server adds counts for
/// nothing; what it writes in another form counts as different, which costs one request.
pub fn holds(live: &Value, desired: &Value) -> bool {
    match (live, desired) {
        (Value::Object(live), Value::Object(desired)) => desired.iter().all(|(key, desired)| {
            live.get(key)
                .map_or_else(|| is_empty(desired), |live| holds(live, desired))
        }),
        (Value::Array(live), Value::Array(desired)) => {
            live.len() == desired.len() && live.iter().zip(desired).all(|(l, d)| holds(l, d))
        }
        (Value::Number(live), Value::Number(desired)) => live.as_f64() == desired.as_f64(),
        _ => live == desired,
    }
}

/// The server drops what is empty.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_server_adds_is_no_change_and_what_it_holds_otherwise_is() {
        let live = json!({ "spec": { "a": 1, "added": true, "list": [{ "n": "x", "d": 2 }] } });
        assert!(holds(
            &live,
            &json!({ "spec": { "a": 1, "list": [{ "n": "x" }], "none": [] } })
        ));
        assert!(!holds(&live, &json!({ "spec": { "a": 2 } })));
        assert!(!holds(&live, &json!({ "spec": { "list": [] } })));
        assert!(!holds(&live, &json!({ "spec": { "new": "text" } })));
    }

    #[test]
    fn a_conflict_names_field_and_manager() {
        let status: Status = serde_json::from_value(json!({
            "status": "Failure", "code": 409, "reason": "Conflict", "message": "Apply failed",
            "details": { "causes": [{
                "reason": "FieldManagerConflict", "field": ".spec.replicas",
                "message": "conflict with \"kubectl-edit\" using apps/v1",
            }] },
        }))
        .expect("a status");
        match refusal(kube::Error::Api(Box::new(status))) {
            Refusal::Conflict(fields) => assert_eq!(fields, [".spec.replicas: kubectl-edit"]),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_label_of_the_release_joins_those_that_are_there() {
        let body = body(
            &json!({ "metadata": { "labels": { "a": "b" } } }),
            "shop-dev",
        );
        assert_eq!(
            body["metadata"]["labels"],
            json!({ "a": "b", "plimsoll.dev/release": "shop-dev" })
        );
    }
}
