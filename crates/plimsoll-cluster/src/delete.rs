//! Deletion: preconditions, grace periods, finalizers and what becomes of dependents.

use std::time::Duration;

use serde_json::{Value, json};

use crate::admission::webhooks;
use crate::clock;
use crate::error::ApiError;
use crate::kinds::Kind;
use crate::metadata::is_gone;
use crate::object;
use crate::state::{DeleteOptions, Propagation, State};
use crate::store::Stored;
use crate::write::{key_of, metadata_mut};

/// Holds an object until its dependents are gone.
const FOREGROUND: &str = "foregroundDeletion";
/// Holds an object until its dependents are let go.
const ORPHAN: &str = "orphan";

/// Namespaces that belong to the cluster.
const STANDING: [&str; 3] = ["default", "kube-public", "kube-system"];

/// What a deletion came to.
#[derive(Clone, Debug)]
pub enum Deleted {
    /// The object is gone; as it was last.
    Gone(Stored),
    /// The object is marked and goes later.
    Marked(Stored),
}

impl State {
    /// Deletes an object, and says whether it is gone or only marked.
    pub fn delete_with(
        &mut self,
        kind: &str,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<Deleted, ApiError> {
        let kind = self
            .kinds
            .get(kind)
            .cloned()
            .ok_or_else(ApiError::unknown_path)?;
        let missing = || ApiError::not_found(&kind.group, &kind.plural, name);
        let stored = self.store.stored(&kind.key, namespace, name).cloned();
        let stored = stored.ok_or_else(missing)?;
        let old = &stored.object;
        if &*kind.key == "Namespace" && STANDING.contains(&name) {
            let why = "this namespace may not be deleted";
            return Err(ApiError::forbidden("", "namespaces", name, why));
        }
        check_preconditions(&kind, old, options)?;
        webhooks::check(self, &kind, webhooks::Operation::Delete, old)?;
        let grace = grace_seconds(&kind, old, options);
        let mut object = Value::clone(old);
        set_propagation(&kind, &mut object, options.propagation);
        mark(&mut object, grace, self.now());
        if kind.key.as_ref() == "Namespace" {
            object["status"]["phase"] = json!("Terminating");
        }
        let key = key_of(&kind, &object);
        if is_gone(&object) {
            return Ok(Deleted::Gone(self.remove(key, stored, options.dry_run)));
        }
        if object == **old {
            return Ok(Deleted::Marked(stored));
        }
        let managers = stored.managers;
        let marked = self.finish(key, object, managers, options.dry_run);
        Ok(Deleted::Marked(marked))
    }
}

/// Refuses a deletion that means another object, or another version of it.
pub(crate) fn check_preconditions(
    kind: &Kind,
    old: &Value,
    options: &DeleteOptions,
) -> Result<(), ApiError> {
    let refuse = |why: String| {
        Err(ApiError::conflict(
            &kind.group,
            &kind.kind,
            object::name(old),
            &why,
        ))
    };
    let uid = object::uid(old);
    if let Some(wanted) = options.uid.as_deref().filter(|wanted| *wanted != uid) {
        return refuse(format!(
            "the UID in the precondition ({wanted}) does not match the UID in record ({uid}). The object might have been deleted and then recreated"
        ));
    }
    let version = old["metadata"]["resourceVersion"]
        .as_str()
        .unwrap_or_default();
    if let Some(wanted) = options
        .resource_version
        .as_deref()
        .filter(|wanted| *wanted != version)
    {
        return refuse(format!(
            "the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in record ({version}). The object might have been modified"
        ));
    }
    Ok(())
}

/// Only pods that run somewhere are given time.
fn grace_seconds(kind: &Kind, object: &Value, options: &DeleteOptions) -> i64 {
    if kind.key.as_ref() != "Pod" {
        return 0;
    }
    let finished = matches!(
        object["status"]["phase"].as_str(),
        Some("Succeeded" | "Failed")
    );
    let scheduled = object["spec"]["nodeName"]
        .as_str()
        .is_some_and(|node| !node.is_empty());
    if finished || !scheduled {
        return 0;
    }
    let own = object["spec"]["terminationGracePeriodSeconds"]
        .as_i64()
        .unwrap_or(30);
    options.grace_period_seconds.unwrap_or(own).max(0)
}

/// Sets the finalizers that the garbage collector answers.
fn set_propagation(kind: &Kind, object: &mut Value, wanted: Option<Propagation>) {
    let held = |name: &str| object::finalizers(object).any(|one| one == name);
    let default = if matches!(kind.key.as_ref(), "batch/Job" | "ReplicationController") {
        Propagation::Orphan
    } else {
        Propagation::Background
    };
    let chosen = match wanted {
        Some(wanted) => wanted,
        None if held(ORPHAN) => Propagation::Orphan,
        None if held(FOREGROUND) => Propagation::Foreground,
        None => default,
    };
    let add = match chosen {
        Propagation::Background => None,
        Propagation::Foreground => Some(FOREGROUND),
        Propagation::Orphan => Some(ORPHAN),
    };
    let before: Vec<&str> = object::finalizers(object).collect();
    let mut after: Vec<String> = before
        .iter()
        .filter(|one| **one != FOREGROUND && **one != ORPHAN)
        .map(|one| (*one).to_owned())
        .collect();
    after.extend(add.map(str::to_owned));
    if before == after {
        return;
    }
    let metadata = metadata_mut(object);
    if after.is_empty() {
        metadata.shift_remove("finalizers");
    } else {
        metadata.insert("finalizers".to_owned(), json!(after));
    }
}

/// Sets the deletion timestamp, or brings it nearer.
fn mark(object: &mut Value, grace: i64, now: jiff::Timestamp) {
    let before = object["metadata"]["deletionGracePeriodSeconds"].as_i64();
    let marked = object::is_terminating(object);
    if marked && before.unwrap_or(0) <= grace {
        return;
    }
    let length = Duration::from_secs(u64::try_from(grace).unwrap_or(0));
    let metadata = metadata_mut(object);
    metadata.insert(
        "deletionTimestamp".to_owned(),
        json!(clock::time(clock::after(now, length))),
    );
    metadata.insert("deletionGracePeriodSeconds".to_owned(), json!(grace));
    if let (false, Some(generation)) = (marked, metadata.get("generation").and_then(Value::as_i64))
    {
        metadata.insert("generation".to_owned(), json!(generation + 1));
    }
}
