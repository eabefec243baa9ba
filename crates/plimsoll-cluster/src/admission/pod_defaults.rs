//! What admission adds to every pod: priority and the usual tolerations.

use serde_json::{Value, json};

use crate::defaults::put;
use crate::error::ApiError;
use crate::object;
use crate::state::State;

/// Classes that every cluster has, and their values.
const SYSTEM_CLASSES: &[(&str, i64)] = &[
    ("system-cluster-critical", 2_000_000_000),
    ("system-node-critical", 2_000_001_000),
];

/// Resolves the priority class and adds tolerations.
pub fn admit(state: &State, pod: &mut Value) -> Result<(), ApiError> {
    priority(state, pod)?;
    tolerations(pod);
    Ok(())
}

fn priority(state: &State, pod: &mut Value) -> Result<(), ApiError> {
    let wanted = pod["spec"]["priorityClassName"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let mut classes = state.store.list("scheduling.k8s.io/PriorityClass");
    let class = if wanted.is_empty() {
        classes.find(|class| class["globalDefault"] == true)
    } else {
        classes.find(|class| object::name(class) == wanted)
    };
    let system = SYSTEM_CLASSES.iter().find(|(name, _)| *name == wanted);
    let (value, policy) = match (class, system) {
        (Some(class), _) => (
            class["value"].clone(),
            class["preemptionPolicy"]
                .as_str()
                .unwrap_or("PreemptLowerPriority"),
        ),
        (None, Some((_, value))) => (json!(value), "PreemptLowerPriority"),
        (None, None) if wanted.is_empty() => (json!(0), "PreemptLowerPriority"),
        (None, None) => {
            let why = format!("no PriorityClass with name {wanted} was found");
            return Err(ApiError::forbidden("", "pods", object::name(pod), &why));
        }
    };
    if let Some(class) = class {
        put(&mut pod["spec"], "priorityClassName", object::name(class));
    }
    pod["spec"]["priority"] = value;
    put(&mut pod["spec"], "preemptionPolicy", policy);
    Ok(())
}

/// Pods outlive a node's trouble for five minutes.
fn tolerations(pod: &mut Value) {
    put(&mut pod["spec"], "tolerations", json!([]));
    let Some(all) = pod["spec"]["tolerations"].as_array_mut() else {
        return;
    };
    for key in [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    ] {
        let covers = |one: &Value| {
            (one["key"] == key || one["key"].is_null())
                && (one["effect"] == "NoExecute" || one["effect"].is_null())
        };
        if !all.iter().any(covers) {
            all.push(json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}));
        }
    }
}
