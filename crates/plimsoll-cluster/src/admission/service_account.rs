//! Service accounts: which one a pod has, its token and its pull secrets.

use serde_json::{Value, json};

use crate::defaults::put;
use crate::error::ApiError;
use crate::object;
use crate::state::State;

const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// The `ConfigMap` with the cluster's certificate, which the token's volume shows.
const ROOT_CA: &str = "kube-root-ca.crt";

/// Gives a pod its service account and the token that belongs to it.
pub fn admit(state: &mut State, pod: &mut Value) -> Result<(), ApiError> {
    let namespace = object::namespace(pod).to_owned();
    put(&mut pod["spec"], "serviceAccountName", "default");
    let name = pod["spec"]["serviceAccountName"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    put(&mut pod["spec"], "serviceAccount", name.clone());
    let account = state.get("ServiceAccount", &namespace, &name);
    // The default one is made by a controller, a moment after its namespace.
    if account.is_none() && name != "default" {
        let why = format!(
            "error looking up service account {namespace}/{name}: serviceaccount \"{name}\" not found"
        );
        return Err(ApiError::forbidden("", "pods", object::name(pod), &why));
    }
    let account = account.as_deref().unwrap_or(&Value::Null);
    let pull = &account["imagePullSecrets"];
    if pull.as_array().is_some_and(|all| !all.is_empty()) {
        put(&mut pod["spec"], "imagePullSecrets", pull.clone());
    }
    let wanted = pod["spec"]["automountServiceAccountToken"]
        .as_bool()
        .or(account["automountServiceAccountToken"].as_bool());
    if wanted.unwrap_or(true) && state.store.get("ConfigMap", &namespace, ROOT_CA).is_some() {
        let volume = format!("kube-api-access-{}", state.next_suffix());
        mount_token(pod, &volume);
    }
    Ok(())
}

fn mount_token(pod: &mut Value, volume: &str) {
    let mut mounted = false;
    for field in ["initContainers", "containers"] {
        for container in pod["spec"]
            .get_mut(field)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            put(container, "volumeMounts", json!([]));
            let Some(mounts) = container["volumeMounts"].as_array_mut() else {
                continue;
            };
            if mounts.iter().any(|mount| mount["mountPath"] == TOKEN_PATH) {
                continue;
            }
            mounts.push(json!({"name": volume, "readOnly": true, "mountPath": TOKEN_PATH}));
            mounted = true;
        }
    }
    if !mounted {
        return;
    }
    put(&mut pod["spec"], "volumes", json!([]));
    if let Some(volumes) = pod["spec"]["volumes"].as_array_mut() {
        volumes.push(json!({
            "name": volume,
            "projected": {
                "defaultMode": 420,
                "sources": [
                    {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                    {"configMap": {"name": ROOT_CA, "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                    {"downwardAPI": {"items": [
                        {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}},
                    ]}},
                ],
            },
        }));
    }
}
