//! The `ReplicaSets` of a Rollout: one per version, found by the hash of its template.

use super::{HASH, WRITER, Work, length};
use crate::controllers::{owner_reference, read};
use crate::object;
use crate::state::{EventKind, State, fingerprint};
use serde_json::{Value, json};
use std::sync::Arc;

const DEADLINE: &str = "scale-down-deadline";
const REVISION: &str = "rollout.argoproj.io/revision";

/// Ten hexadecimal digits for a template; the order of its fields is irrelevant.
pub(super) fn hash(template: &Value) -> String {
    let mut text = String::new();
    canonical(template, &mut text);
    fingerprint(&[&text])[..10].to_owned()
}

fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            for (key, value) in entries {
                out.push_str(key);
                out.push('{');
                canonical(value, out);
                out.push('}');
            }
        }
        Value::Array(items) => items.iter().for_each(|item| {
            out.push('[');
            canonical(item, out);
        }),
        scalar => out.push_str(&scalar.to_string()),
    }
}

/// All versions, oldest first.
pub(super) fn all(state: &State, rollout: &Value) -> Vec<Arc<Value>> {
    let mut sets = state.owned_by(object::uid(rollout));
    sets.retain(|set| set["kind"] == "ReplicaSet");
    sets.sort_by_key(|set| revision(set));
    sets
}

fn revision(set: &Value) -> u64 {
    object::annotation(set, REVISION)
        .and_then(|text| text.parse().ok())
        .unwrap_or_default()
}

/// The revision of the wanted version.
pub(super) fn revision_of(work: &Work<'_>) -> u64 {
    of(work.state, &work.rollout, &work.hash).map_or(0, |set| revision(&set))
}

/// The ReplicaSet of one version.
pub(super) fn of(state: &State, rollout: &Value, hash: &str) -> Option<Arc<Value>> {
    all(state, rollout)
        .into_iter()
        .find(|set| object::label(set, HASH) == Some(hash))
}

/// Makes the ReplicaSet of the wanted version, empty.
pub(super) fn ensure(work: &mut Work<'_>) {
    let sets = all(work.state, &work.rollout);
    if sets
        .iter()
        .any(|set| object::label(set, HASH) == Some(&work.hash))
    {
        return;
    }
    let next = sets
        .iter()
        .map(|set| revision(set))
        .max()
        .unwrap_or_default()
        + 1;
    let rollout = Arc::clone(&work.rollout);
    let mut template = rollout["spec"]["template"].clone();
    template["metadata"]["labels"][HASH] = json!(work.hash);
    let mut selector = rollout["spec"]["selector"].clone();
    selector["matchLabels"][HASH] = json!(work.hash);
    let name = format!("{}-{}", object::name(&rollout), work.hash);
    let set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "namespace": object::namespace(&rollout), "name": name, "labels": template["metadata"]["labels"],
            "annotations": {REVISION: next.to_string()}, "ownerReferences": [owner_reference(&rollout)],
        },
        "spec": {"replicas": 0, "minReadySeconds": rollout["spec"]["minReadySeconds"].as_u64().unwrap_or(0), "selector": selector, "template": template},
    });
    if WRITER.put(work.state, &rollout, set) {
        work.state.record(
            &rollout,
            EventKind::Normal,
            "NewReplicaSetCreated",
            &format!("Created ReplicaSet {name} (revision {next})"),
            WRITER.0,
        );
    }
}

/// How many pods a version shall have.
pub(super) fn wanted(work: &Work<'_>, hash: &str) -> u64 {
    of(work.state, &work.rollout, hash).map_or(0, |set| {
        set["spec"]["replicas"].as_u64().unwrap_or_default()
    })
}

/// How many pods of a version are available.
pub(super) fn available(work: &Work<'_>, hash: &str) -> u64 {
    of(work.state, &work.rollout, hash).map_or(0, |set| {
        set["status"]["availableReplicas"]
            .as_u64()
            .unwrap_or_default()
    })
}

/// Whether a version has exactly that many pods, all available.
pub(super) fn settled(work: &Work<'_>, hash: &str, count: u64) -> bool {
    let Some(set) = of(work.state, &work.rollout, hash) else {
        return count == 0;
    };
    let number = |pointer: &str| u64::try_from(read::count(&set, pointer)).unwrap_or_default();
    number("/spec/replicas") == count
        && number("/status/replicas") == count
        && number("/status/availableReplicas") == count
}

/// Scales a version.
pub(super) fn scale(work: &mut Work<'_>, hash: &str, count: u64) {
    let Some(set) = of(work.state, &work.rollout, hash) else {
        return;
    };
    let deadline = object::annotation(&set, DEADLINE).is_some() && count > 0;
    if set["spec"]["replicas"] == count && !deadline {
        return;
    }
    let mut changed = Value::clone(&set);
    changed["spec"]["replicas"] = json!(count);
    if let Some(annotations) = changed["metadata"]["annotations"]
        .as_object_mut()
        .filter(|_| deadline)
    {
        annotations.shift_remove(DEADLINE);
    }
    let written = work.state.update(WRITER.0, changed);
    debug_assert!(
        written.is_ok(),
        "a ReplicaSet of ours can be scaled: {written:?}"
    );
}

/// Scales all versions but `kept` to nothing; after `delay`, while traffic may still go there.
pub(super) fn retire(work: &mut Work<'_>, kept: &[&str], delay: &Value) -> bool {
    let mut gone = true;
    for set in all(work.state, &work.rollout) {
        let hash = object::label(&set, HASH).unwrap_or_default().to_owned();
        if kept.contains(&hash.as_str()) || set["spec"]["replicas"] == 0 {
            continue;
        }
        if delay.is_null() || past_deadline(work, &set, delay) {
            scale(work, &hash, 0);
        } else {
            gone = false;
        }
    }
    gone
}

/// Whether the deadline written on a ReplicaSet has passed; writes it the first time.
fn past_deadline(work: &mut Work<'_>, set: &Arc<Value>, delay: &Value) -> bool {
    if let Some(at) = object::annotation(set, DEADLINE).and_then(crate::clock::parse) {
        if at > work.state.now() {
            work.look_again(at);
        }
        return at <= work.state.now();
    }
    let Ok(at) = work.state.now().checked_add(length(delay)) else {
        return true;
    };
    let mut changed = Value::clone(set);
    changed["metadata"]["annotations"][DEADLINE] = json!(crate::clock::time(at));
    let written = work.state.update(WRITER.0, changed);
    debug_assert!(
        written.is_ok(),
        "a ReplicaSet of ours can be annotated: {written:?}"
    );
    work.look_again(at);
    false
}
