//! Namespaces: what every one holds, and the removal of what is in one that goes.
//! Follows `pkg/controller/namespace` and `pkg/controller/serviceaccount`, Kubernetes 1.37.

use serde_json::{Value, json};

use super::{Controller, Key, MANAGER, Outcome};
use crate::key::Gk;
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
                if empty(state, &key.name) {
                    finalize(state, &home);
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

/// Deletes what is in a namespace; returns whether nothing is left.
fn empty(state: &mut State, name: &str) -> bool {
    let kinds: Vec<String> = state
        .kinds()
        .iter()
        .filter(|kind| kind.namespaced)
        .map(|kind| kind.key.to_string())
        .collect();
    let mut empty = true;
    for kind in kinds {
        for object in state.list_in(&kind, name) {
            let options = DeleteOptions {
                propagation: Some(Propagation::Background),
                ..DeleteOptions::default()
            };
            if !object::is_terminating(&object) {
                // What cannot be deleted now is found again below.
                drop(state.delete(&kind, name, object::name(&object), &options));
            }
            empty &= state.get(&kind, name, object::name(&object)).is_none();
        }
    }
    empty
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
