//! `ControllerRevisions`: the templates that `StatefulSets` and `DaemonSets` had.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{MANAGER, NOBODY, fingerprint, owner_reference, read};
use crate::object;
use crate::state::{DeleteOptions, State};

const KIND: &str = "apps/ControllerRevision";
/// Label of a pod that names its revision.
pub const HASH_LABEL: &str = "controller-revision-hash";

/// The revisions of an owner, oldest first.
pub fn of(state: &State, owner: &Value) -> Vec<Arc<Value>> {
    let mut found = state.owned_by(object::uid(owner));
    found.retain(|one| one["kind"] == "ControllerRevision");
    found.sort_by_key(|one| read::count(one, "/revision"));
    found
}

/// The revision of an owner's present template: found, renumbered as newest, or made.
pub fn current(state: &mut State, owner: &Value) -> Option<Arc<Value>> {
    let known = of(state, owner);
    let data = json!({"spec": {"template": owner["spec"]["template"]}});
    let newest = known.last().map_or(0, |one| read::count(one, "/revision"));
    if let Some(same) = known.iter().find(|one| one["data"] == data) {
        if read::count(same, "/revision") == newest {
            return Some(same.clone());
        }
        let mut changed = Value::clone(same);
        changed["revision"] = json!(newest + 1);
        return state.update(MANAGER, changed).ok();
    }
    let hash = fingerprint::of(&owner["spec"]["template"], 0);
    let mut labels = owner["spec"]["template"]["metadata"]["labels"].clone();
    if !labels.is_object() {
        labels = json!({});
    }
    labels["controller.kubernetes.io/hash"] = json!(hash);
    let made = json!({
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": format!("{}-{hash}", object::name(owner)),
            "namespace": owner["metadata"]["namespace"],
            "labels": labels,
            "ownerReferences": [owner_reference(owner)],
        },
        "data": data,
        "revision": newest + 1,
    });
    state.create(NOBODY, made).ok()
}

/// The template that a revision keeps.
pub fn template(revision: &Value) -> &Value {
    &revision["data"]["spec"]["template"]
}

/// Removes the oldest revisions above the owner's limit that are not in use.
pub fn trim(state: &mut State, owner: &Value, in_use: &dyn Fn(&str) -> bool) {
    let limit = read::int(owner, "/spec/revisionHistoryLimit").unwrap_or(10);
    let unused: Vec<_> = of(state, owner)
        .into_iter()
        .filter(|one| !in_use(object::name(one)))
        .collect();
    let surplus = unused
        .len()
        .saturating_sub(usize::try_from(limit).unwrap_or_default());
    for one in unused.iter().take(surplus) {
        let gone = state.delete(
            KIND,
            object::namespace(one),
            object::name(one),
            &DeleteOptions::default(),
        );
        debug_assert!(gone.is_ok(), "a revision can be deleted");
    }
}
