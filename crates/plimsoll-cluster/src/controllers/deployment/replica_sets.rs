//! The `ReplicaSets` of a Deployment: which one is new, making it, sizing and removing them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::conditions::{self, Condition};
use super::super::{MANAGER, NOBODY, fingerprint, owner_reference, pods, read};
use super::{HASH_LABEL, KIND, REPLICA_SET, SOURCE, annotations, max_surge, rolling, wanted};
use crate::object;
use crate::state::{DeleteOptions, EventKind, State};

/// A Deployment's `ReplicaSets`, oldest first.
#[derive(Clone, Debug)]
pub struct Sets {
    /// The one with the Deployment's present template, if it was made.
    pub new: Option<Arc<Value>>,
    /// All others.
    pub old: Vec<Arc<Value>>,
}

impl Sets {
    /// Reads them from the state.
    pub fn find(state: &State, deployment: &Value) -> Self {
        let mut owned = state.owned_by(object::uid(deployment));
        owned.retain(|one| one["kind"] == "ReplicaSet");
        owned.sort_by(|a, b| by_age(a, b));
        let template = &deployment["spec"]["template"];
        let position = owned
            .iter()
            .position(|set| is_of_template(&set["spec"]["template"], template));
        let new = position.map(|at| owned.remove(at));
        Self { new, old: owned }
    }

    /// All, the new one last.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Value>> {
        self.old.iter().chain(&self.new)
    }

    /// The sum of the sizes asked of all.
    pub fn total(&self) -> i64 {
        self.all().map(|set| size(set)).sum()
    }

    /// Brings revision and annotations of the new one up to date, if it exists.
    pub fn refresh_new(self, state: &mut State, deployment: &Value) -> Self {
        let Some(set) = self.new.clone() else {
            return self;
        };
        let revision = self.next_revision();
        let seconds = read::count(deployment, "/spec/minReadySeconds");
        let resized = read::count(&set, "/spec/minReadySeconds") != seconds;
        if !resized && annotations::is_up_to_date(&set, deployment, revision) {
            return self;
        }
        let mut changed = (*set).clone();
        annotations::put_revision(&mut changed, deployment, revision);
        if resized {
            changed["spec"]["minReadySeconds"] = json!(seconds);
        }
        if let Ok(updated) = state.update(MANAGER, changed) {
            return Self {
                new: Some(updated),
                old: self.old,
            };
        }
        self
    }

    /// Makes the new one if there is none, and lets the Deployment carry its revision.
    pub fn ensure_new(self, state: &mut State, deployment: &Arc<Value>) -> (Arc<Value>, Self) {
        if self.new.is_some() {
            let sets = self.refresh_new(state, deployment);
            let name = sets
                .new
                .as_ref()
                .map(|set| object::name(set).to_owned())
                .unwrap_or_default();
            let found = format!("Found new replica set \"{name}\"");
            let deployment = carry_revision(
                state,
                deployment,
                &sets,
                ("FoundNewReplicaSet", &found),
                false,
            );
            return (deployment, sets);
        }
        match self.create(state, deployment) {
            Ok(new) => {
                let made = format!("Created new replica set \"{}\"", object::name(&new));
                let sets = Self {
                    new: Some(new),
                    old: self.old,
                };
                let why = ("NewReplicaSetCreated", made.as_str());
                let deployment = carry_revision(state, deployment, &sets, why, true);
                (deployment, sets)
            }
            Err(message) => {
                let mut status = deployment["status"].clone();
                let failed = Condition {
                    kind: "Progressing",
                    status: "False",
                    reason: "ReplicaSetCreateError",
                    message: &message,
                };
                conditions::set_with(&mut status, failed, state.now(), &["lastUpdateTime"]);
                let updated = state
                    .set_status(MANAGER, deployment, status)
                    .unwrap_or_else(|_| deployment.clone());
                (updated, self)
            }
        }
    }

    fn next_revision(&self) -> i64 {
        self.old
            .iter()
            .map(|set| annotations::revision(set))
            .max()
            .unwrap_or_default()
            + 1
    }

    fn create(&self, state: &mut State, deployment: &Value) -> Result<Arc<Value>, String> {
        let template = &deployment["spec"]["template"];
        let mut collisions = read::count(deployment, "/status/collisionCount");
        let namespace = object::namespace(deployment);
        let (hash, name) = loop {
            let hash = fingerprint::of(template, collisions);
            let name = format!("{}-{hash}", object::name(deployment));
            if state.get(REPLICA_SET, namespace, &name).is_none() {
                break (hash, name);
            }
            collisions += 1;
        };
        let set = self.written(deployment, &name, &hash);
        state
            .create(NOBODY, set)
            .map_err(|error| error.to_string())
            .inspect(|set| {
                let to = size(set);
                if to > 0 {
                    announce(state, deployment, &name, 0, to);
                }
            })
    }

    fn written(&self, deployment: &Value, name: &str, hash: &str) -> Value {
        let mut template = deployment["spec"]["template"].clone();
        template["metadata"]["labels"][HASH_LABEL] = json!(hash);
        let mut selector = deployment["spec"]["selector"].clone();
        selector["matchLabels"][HASH_LABEL] = json!(hash);
        let mut set = json!({
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": name,
                "namespace": deployment["metadata"]["namespace"],
                "labels": template["metadata"]["labels"],
                "ownerReferences": [owner_reference(deployment)],
            },
            "spec": {
                "replicas": rolling::new_size(deployment, 0, self.total()),
                "selector": selector,
                "template": template,
            },
        });
        let seconds = read::count(deployment, "/spec/minReadySeconds");
        if seconds > 0 {
            set["spec"]["minReadySeconds"] = json!(seconds);
        }
        annotations::put_revision(&mut set, deployment, self.next_revision());
        annotations::put_sizes(
            &mut set,
            wanted(deployment),
            wanted(deployment) + max_surge(deployment),
        );
        set
    }
}

/// The size asked of a ReplicaSet.
pub fn size(set: &Value) -> i64 {
    read::int(set, "/spec/replicas").unwrap_or(1)
}

/// How many of its pods are available.
pub fn available(set: &Value) -> i64 {
    read::count(set, "/status/availableReplicas")
}

/// Oldest first, then by name.
pub fn by_age(a: &Value, b: &Value) -> std::cmp::Ordering {
    pods::created(a)
        .cmp(&pods::created(b))
        .then_with(|| object::name(a).cmp(object::name(b)))
}

/// Gives a ReplicaSet a size, with the annotations that proportional scaling needs.
pub fn scale(state: &mut State, deployment: &Value, set: &Value, to: i64) -> bool {
    let from = size(set);
    let (desired, max) = (
        wanted(deployment),
        wanted(deployment) + max_surge(deployment),
    );
    let noted = annotations::desired(set) == Some(desired) && annotations::max(set) == Some(max);
    if from == to && noted {
        return false;
    }
    let mut changed = set.clone();
    annotations::put_sizes(&mut changed, desired, max);
    changed["spec"]["replicas"] = json!(to);
    if state.update(MANAGER, changed).is_err() {
        return false;
    }
    if from != to {
        announce(state, deployment, object::name(set), from, to);
    }
    from != to
}

/// Removes the oldest empty `ReplicaSets` above `revisionHistoryLimit`; returns whether there were any.
pub fn clean_up(state: &mut State, deployment: &Value, sets: &Sets) -> bool {
    let Some(limit) = read::int(deployment, "/spec/revisionHistoryLimit") else {
        return false;
    };
    let mut old: Vec<_> = sets
        .old
        .iter()
        .filter(|set| !object::is_terminating(set))
        .collect();
    let surplus = old
        .len()
        .saturating_sub(usize::try_from(limit).unwrap_or_default());
    old.sort_by_key(|set| annotations::revision(set));
    let mut any = false;
    for set in old.into_iter().take(surplus) {
        let busy = read::count(set, "/status/replicas") != 0
            || size(set) != 0
            || read::count(set, "/metadata/generation")
                > read::count(set, "/status/observedGeneration");
        if !busy {
            let (namespace, name) = (object::namespace(set), object::name(set));
            let gone = state.delete(REPLICA_SET, namespace, name, &DeleteOptions::default());
            debug_assert!(gone.is_ok(), "an owned ReplicaSet can be deleted");
            any = true;
        }
    }
    any
}

fn announce(state: &mut State, deployment: &Value, name: &str, from: i64, to: i64) {
    let direction = if to > from { "up" } else { "down" };
    let message = format!("Scaled {direction} replica set {name} from {from} to {to}");
    state.record(
        deployment,
        EventKind::Normal,
        "ScalingReplicaSet",
        &message,
        SOURCE,
    );
}

/// Writes the new ReplicaSet's revision to the Deployment, and how it came to be.
fn carry_revision(
    state: &mut State,
    deployment: &Arc<Value>,
    sets: &Sets,
    (reason, message): (&str, &str),
    created: bool,
) -> Arc<Value> {
    let Some(new) = &sets.new else {
        return deployment.clone();
    };
    let mut current = deployment.clone();
    let revision = annotations::revision(new).to_string();
    if object::annotation(deployment, annotations::REVISION) != Some(&revision) {
        let mut changed = Value::clone(deployment);
        annotations::put(&mut changed, annotations::REVISION, &revision);
        current = state.update(MANAGER, changed).unwrap_or(current);
    }
    let known = conditions::find(&current["status"], "Progressing").is_some();
    if has_deadline(deployment) && (created || !known) {
        let mut status = current["status"].clone();
        let progressing = Condition {
            kind: "Progressing",
            status: "True",
            reason,
            message,
        };
        let now = state.now();
        conditions::set_with(&mut status, progressing, now, &["lastUpdateTime"]);
        current = state
            .set_status(MANAGER, &current, status)
            .unwrap_or(current);
    }
    debug_assert!(
        state
            .get(
                KIND,
                object::namespace(deployment),
                object::name(deployment)
            )
            .is_some()
    );
    current
}

/// Whether the Deployment gives up waiting at some time.
pub fn has_deadline(deployment: &Value) -> bool {
    let seconds = read::int(deployment, "/spec/progressDeadlineSeconds");
    seconds.is_some_and(|seconds| seconds != i64::from(i32::MAX))
}

/// Whether a ReplicaSet's template is the Deployment's, but for the label that marks its pods.
fn is_of_template(set: &Value, template: &Value) -> bool {
    let (one, other) = (&set["metadata"], &template["metadata"]);
    same_but(set, template, "metadata")
        && same_but(one, other, "labels")
        && same_but(&one["labels"], &other["labels"], HASH_LABEL)
}

/// Whether two maps are equal, one key aside.
fn same_but(a: &Value, b: &Value, key: &str) -> bool {
    let entries = |value: &Value| {
        let map = value.as_object();
        map.map_or(0, |map| map.keys().filter(|known| *known != key).count())
    };
    let known = |name: &String, value: &Value| name == key || b.get(name) == Some(value);
    entries(a) == entries(b)
        && a.as_object()
            .is_none_or(|map| map.iter().all(|(name, value)| known(name, value)))
}
