//! What a pod's claims say about where it may go, and telling the provisioner of late-bound ones.

use serde_json::{Value, json};

use super::MANAGER;
use super::fit::node_terms_match;
use super::nodes::Node;
use crate::controllers::read;
use crate::object;
use crate::state::State;

/// Annotation by which the scheduler tells a provisioner where a claim is needed.
pub const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

/// The node selectors of all bound volumes of a pod.
pub struct Wishes {
    terms: Vec<Value>,
}

impl Wishes {
    /// Reads a pod's claims; fails with a reason that holds for all nodes.
    pub fn read(state: &State, pod: &Value) -> Result<Self, String> {
        let mut terms = Vec::new();
        for name in claims(pod) {
            let found = state.get("PersistentVolumeClaim", object::namespace(pod), &name);
            let Some(claim) = found else {
                return Err(format!("persistentvolumeclaim \"{name}\" not found"));
            };
            if object::is_terminating(&claim) {
                return Err(format!("persistentvolumeclaim \"{name}\" is being deleted"));
            }
            let volume = read::text(&claim, "/spec/volumeName");
            if read::text(&claim, "/status/phase") == "Bound" {
                if let Some(volume) = state.get("PersistentVolume", "", volume) {
                    let required = &volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"];
                    terms.extend(required.is_array().then(|| required.clone()));
                }
            } else if !binds_late(state, &claim) {
                return Err("pod has unbound immediate PersistentVolumeClaims".to_owned());
            }
        }
        Ok(Self { terms })
    }

    /// Why a node cannot reach a volume.
    pub fn refusal(&self, node: &Node) -> Option<String> {
        let object = node.object.as_deref().unwrap_or(&Value::Null);
        let reached = self
            .terms
            .iter()
            .all(|terms| node_terms_match(terms, object));
        (!reached).then(|| "node(s) had volume node affinity conflict".to_owned())
    }
}

/// Marks unbound claims of a pod with its node, so that the provisioner makes them there.
pub fn reserve(state: &mut State, pod: &Value, node: &str) {
    for name in claims(pod) {
        let Some(claim) = state.get("PersistentVolumeClaim", object::namespace(pod), &name) else {
            continue;
        };
        if read::text(&claim, "/spec/volumeName").is_empty() {
            let mut changed = Value::clone(&claim);
            if !changed["metadata"]["annotations"].is_object() {
                changed["metadata"]["annotations"] = json!({});
            }
            changed["metadata"]["annotations"][SELECTED_NODE] = json!(node);
            let written = state.update(MANAGER, changed);
            debug_assert!(
                written.is_ok(),
                "an annotation is always valid: {written:?}"
            );
        }
    }
}

/// Whether a claim waits for the first pod that uses it.
pub fn binds_late(state: &State, claim: &Value) -> bool {
    let class = read::text(claim, "/spec/storageClassName");
    let class = state.get("storage.k8s.io/StorageClass", "", class);
    class.is_some_and(|class| class["volumeBindingMode"] == "WaitForFirstConsumer")
}

/// The names of the claims that a pod mounts, those of its ephemeral volumes included.
pub fn claims(pod: &Value) -> Vec<String> {
    let volumes = read::items(pod, "/spec/volumes").iter();
    volumes
        .filter_map(|volume| {
            if volume["ephemeral"].is_object() {
                let own = volume["name"].as_str().unwrap_or_default();
                return Some(format!("{}-{own}", object::name(pod)));
            }
            volume["persistentVolumeClaim"]["claimName"]
                .as_str()
                .map(str::to_owned)
        })
        .collect()
}
