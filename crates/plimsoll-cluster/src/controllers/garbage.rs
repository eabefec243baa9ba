//! The garbage collector: what nobody owns any longer goes; what an owner waits for goes first.
//! Follows `pkg/controller/garbagecollector`, Kubernetes 1.37.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Controller, Key, MANAGER, Outcome};
use crate::key::Gk;
use crate::object;
use crate::state::{DeleteOptions, Propagation, State};
use crate::store::LogEntry;

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// The garbage collector; its keys are uids of owners and of owned objects.
#[derive(Debug)]
pub struct Garbage;

impl Controller for Garbage {
    fn name(&self) -> &'static str {
        "garbage-collector-controller"
    }

    fn interested(&mut self, entry: &LogEntry, _: &State) -> Vec<Key> {
        let uid = |object: &Value| Key::new("", object::uid(object));
        let Some(new) = entry.new.as_deref() else {
            // An owner may be gone, and an owner may have waited for this one.
            let object = entry.object();
            let owners = object::owners(object)
                .iter()
                .filter_map(|owner| owner["uid"].as_str());
            return owners
                .map(|owner| Key::new("", owner))
                .chain([uid(object)])
                .collect();
        };
        let marked = object::is_terminating(new)
            && object::finalizers(new).any(|one| one == FOREGROUND || one == ORPHAN);
        let fresh = entry
            .old
            .as_deref()
            .is_none_or(|old| object::owners(old) != object::owners(new));
        let orphaned = fresh && !object::owners(new).is_empty();
        if marked || orphaned {
            vec![uid(new)]
        } else {
            Vec::new()
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        match state.by_uid(&key.name) {
            None => {
                for dependent in state.dependents(&key.name) {
                    collect(state, &dependent);
                }
            }
            Some(object) => {
                collect(state, &object);
                if object::is_terminating(&object) {
                    answer_finalizers(state, &object);
                }
            }
        }
        Outcome::Done
    }
}

/// Deletes an object if all its owners are gone, or lets go of those that are.
fn collect(state: &mut State, object: &Value) {
    let owners = object::owners(object);
    if owners.is_empty() || object::is_terminating(object) {
        return;
    }
    let lives = |owner: &&Value| {
        owner["uid"]
            .as_str()
            .is_some_and(|uid| state.by_uid(uid).is_some())
    };
    let solid: Vec<Value> = owners.iter().filter(lives).cloned().collect();
    if solid.is_empty() {
        delete(state, object, None);
    } else if solid.len() < owners.len() {
        let mut changed = object.clone();
        changed["metadata"]["ownerReferences"] = Value::Array(solid);
        // Refused only if the object changed meanwhile; then we are called again.
        drop(state.update(MANAGER, changed));
    }
}

fn answer_finalizers(state: &mut State, object: &Value) {
    let held = |name: &str| object::finalizers(object).any(|one| one == name);
    let dependents = state.dependents(object::uid(object));
    if held(ORPHAN) {
        for dependent in &dependents {
            let_go(state, dependent, object::uid(object));
        }
        drop_finalizer(state, object, ORPHAN);
    } else if held(FOREGROUND) {
        let blocking = dependents
            .iter()
            .filter(|one| blocks(one, object::uid(object)));
        if blocking.count() == 0 {
            drop_finalizer(state, object, FOREGROUND);
            return;
        }
        for dependent in dependents.iter().filter(|one| !object::is_terminating(one)) {
            delete(state, dependent, Some(Propagation::Foreground));
        }
    }
}

fn blocks(dependent: &Arc<Value>, owner: &str) -> bool {
    let found = object::owners(dependent)
        .iter()
        .find(|one| one["uid"] == owner);
    found.is_some_and(|one| one["blockOwnerDeletion"] == true)
}

fn let_go(state: &mut State, dependent: &Value, owner: &str) {
    let mut changed = dependent.clone();
    let rest: Vec<&Value> = object::owners(dependent)
        .iter()
        .filter(|one| one["uid"] != owner)
        .collect();
    changed["metadata"]["ownerReferences"] = json!(rest);
    if rest.is_empty()
        && let Some(fields) = changed["metadata"].as_object_mut()
    {
        fields.shift_remove("ownerReferences");
    }
    let written = state.update(MANAGER, changed);
    debug_assert!(written.is_ok(), "an owner can be taken away: {written:?}");
}

fn drop_finalizer(state: &mut State, object: &Value, name: &str) {
    let mut changed = object.clone();
    let rest: Vec<&str> = object::finalizers(object)
        .filter(|one| *one != name)
        .collect();
    changed["metadata"]["finalizers"] = json!(rest);
    let written = state.update(MANAGER, changed);
    debug_assert!(
        written.is_ok(),
        "a finalizer can be taken away: {written:?}"
    );
}

fn delete(state: &mut State, object: &Value, propagation: Option<Propagation>) {
    let options = DeleteOptions {
        propagation: Some(propagation.unwrap_or(Propagation::Background)),
        uid: Some(object::uid(object).to_owned()),
        ..DeleteOptions::default()
    };
    let kind = Gk::of(object).to_string();
    // Refused only if another object has that name by now.
    drop(state.delete(
        &kind,
        object::namespace(object),
        object::name(object),
        &options,
    ));
}
