//! Namespaces: what every one holds, and the removal of what is in one that goes.
//! Follows `pkg/controller/namespace` and `pkg/controller/serviceaccount`, Kubernetes 1.37.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::conditions::{self, Condition};
use super::{Controller, Key, MANAGER, Outcome};
use crate::key::Gk;
use crate::kinds::Kind;
use crate::object;
use crate::state::{DeleteOptions, Propagation, State};
use crate::store::LogEntry;
use crate::write::Write;

/// Name of the ConfigMap by which pods know the API server.
const ROOT_CA: &str = "kube-root-ca.crt";

/// The controller of namespaces.
#[derive(Debug)]
pub struct Namespaces;

impl Controller for Namespaces {
    fn name(&self) -> &'static str {
        "namespace-controller"
    }

    fn interested(&mut self, entry: &LogEntry, state: &State) -> Vec<Key> {
        if &*entry.kind == "Namespace" {
            return vec![Key::new("", &entry.name)];
        }
        let standing = matches!(&*entry.kind, "ServiceAccount" | "ConfigMap")
            && (entry.name == "default" || entry.name == ROOT_CA);
        if entry.namespace.is_empty() || entry.new.is_some() && !standing {
            return Vec::new();
        }
        let home = state.get("Namespace", "", &entry.namespace);
        let going = home.is_some_and(|home| object::is_terminating(&home) || standing);
        if going {
            vec![Key::new("", &entry.namespace)]
        } else {
            Vec::new()
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        match state.get("Namespace", "", &key.name) {
            None => {
                empty(state, &key.name);
            }
            Some(home) if object::is_terminating(&home) => {
                let left = empty(state, &key.name);
                if left.is_empty() {
                    finalize(state, &home);
                } else {
                    tell_what_is_left(state, &home, &left);
                }
            }
            Some(_) => furnish(state, &key.name),
        }
        Outcome::Done
    }
}

/// Gives a namespace its default account and the root certificate.
fn furnish(state: &mut State, name: &str) {
    let account = json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "default", "namespace": name},
    });
    let root = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": ROOT_CA,
            "namespace": name,
            "annotations": {
                "kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver.",
            },
        },
        "data": {"ca.crt": "embedded cluster: no certificate is needed inside the process\n"},
    });
    for wanted in [account, root] {
        let kind = Gk::of(&wanted).to_string();
        if state.get(&kind, name, object::name(&wanted)).is_none() {
            let made = state.create(MANAGER, wanted);
            debug_assert!(made.is_ok(), "a namespace can be furnished: {made:?}");
        }
    }
}

/// What of a namespace cannot go yet: objects of each resource, and those that each finalizer holds.
#[derive(Debug, Default)]
struct Left {
    resources: BTreeMap<String, usize>,
    finalizers: BTreeMap<String, usize>,
}

impl Left {
    fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    fn add(&mut self, resource: &str, object: &Value) {
        *self.resources.entry(resource.to_owned()).or_default() += 1;
        for finalizer in object::finalizers(object) {
            *self.finalizers.entry(finalizer.to_owned()).or_default() += 1;
        }
    }
}

/// Deletes what is in a namespace; returns what is left.
fn empty(state: &mut State, name: &str) -> Left {
    let kinds: Vec<(String, String)> = state
        .kinds()
        .iter()
        .filter(|kind| kind.namespaced)
        .map(|kind| (kind.key.to_string(), resource(kind)))
        .collect();
    let mut left = Left::default();
    for (kind, resource) in kinds {
        for object in state.list_in(&kind, name) {
            let options = DeleteOptions {
                propagation: Some(Propagation::Background),
                ..DeleteOptions::default()
            };
            if !object::is_terminating(&object) {
                // What cannot be deleted now is found again below.
                drop(state.delete(&kind, name, object::name(&object), &options));
            }
            if let Some(object) = state.get(&kind, name, object::name(&object)) {
                left.add(&resource, &object);
            }
        }
    }
    left
}

/// `configmaps.`, `deployments.apps`: upstream leaves the dot before the core group.
fn resource(kind: &Kind) -> String {
    format!("{}.{}", kind.plural, kind.group)
}

/// Notes in the conditions of a namespace why it is still there.
fn tell_what_is_left(state: &mut State, home: &Value, left: &Left) {
    let told = |counts: &BTreeMap<String, usize>, joint: &str| {
        let parts = counts
            .iter()
            .map(|(name, count)| format!("{name} {joint} {count} resource instances"));
        parts.collect::<Vec<_>>().join(", ")
    };
    let remaining = format!(
        "Some resources are remaining: {}",
        told(&left.resources, "has")
    );
    let held = format!(
        "Some content in the namespace has finalizers remaining: {}",
        told(&left.finalizers, "in")
    );
    let is_held = !left.finalizers.is_empty();
    let conditions = [
        (
            "NamespaceDeletionDiscoveryFailure",
            "False",
            "ResourcesDiscovered",
            "All resources successfully discovered",
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            "False",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        (
            "NamespaceDeletionContentFailure",
            "False",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
        (
            "NamespaceContentRemaining",
            "True",
            "SomeResourcesRemain",
            &remaining,
        ),
        if is_held {
            (
                "NamespaceFinalizersRemaining",
                "True",
                "SomeFinalizersRemain",
                &held,
            )
        } else {
            (
                "NamespaceFinalizersRemaining",
                "False",
                "ContentHasNoFinalizers",
                "All content-preserving finalizers finished",
            )
        },
    ];
    let mut status = home["status"].clone();
    let now = state.now();
    for (kind, word, reason, message) in conditions {
        let condition = Condition {
            kind,
            status: word,
            reason,
            message,
        };
        conditions::set(&mut status, condition, now);
    }
    // Refused only if the namespace changed meanwhile; then we are called again.
    drop(state.set_status(MANAGER, home, status));
}

fn finalize(state: &mut State, home: &Value) {
    let mut changed = home.clone();
    let rest: Vec<&Value> = home["spec"]["finalizers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|one| *one != "kubernetes")
        .collect();
    changed["spec"]["finalizers"] = json!(rest);
    let written = state.update_with(changed, &Write::by(MANAGER).on("finalize"));
    debug_assert!(written.is_ok(), "an empty namespace can be finalized");
}
