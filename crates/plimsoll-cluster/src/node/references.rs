//! What a pod needs from other objects: Secrets, `ConfigMaps`, claims and accounts, and their keys.

use serde_json::Value;

use crate::controllers::read;
use crate::object;
use crate::state::State;

/// Why a volume cannot be mounted, in the kubelet's words.
pub fn missing_volume(state: &State, pod: &Value) -> Option<String> {
    let space = object::namespace(pod);
    if let Some(reason) = missing_account(state, pod) {
        return Some(reason);
    }
    read::items(pod, "/spec/volumes").iter().find_map(|volume| {
        let name = volume["name"].as_str().unwrap_or_default();
        let reason = volume_reason(state, space, pod, volume)?;
        Some(format!(
            "MountVolume.SetUp failed for volume \"{name}\" : {reason}"
        ))
    })
}

fn missing_account(state: &State, pod: &Value) -> Option<String> {
    let name = read::text(pod, "/spec/serviceAccountName");
    if name.is_empty() || name == "default" {
        return None;
    }
    let found = state
        .get("ServiceAccount", object::namespace(pod), name)
        .is_some();
    (!found).then(|| format!("serviceaccount \"{name}\" not found"))
}

fn volume_reason(state: &State, space: &str, pod: &Value, volume: &Value) -> Option<String> {
    if volume["secret"].is_object() {
        return source_reason(state, space, "Secret", &volume["secret"], "secretName");
    }
    if volume["configMap"].is_object() {
        return source_reason(state, space, "ConfigMap", &volume["configMap"], "name");
    }
    if let Some(claim) = volume["persistentVolumeClaim"]["claimName"].as_str() {
        return claim_reason(state, space, claim);
    }
    if volume["ephemeral"].is_object() {
        let own = volume["name"].as_str().unwrap_or_default();
        return claim_reason(state, space, &format!("{}-{own}", object::name(pod)));
    }
    read::items(volume, "/projected/sources")
        .iter()
        .find_map(|source| {
            if source["secret"].is_object() {
                return source_reason(state, space, "Secret", &source["secret"], "name");
            }
            if source["configMap"].is_object() {
                return source_reason(state, space, "ConfigMap", &source["configMap"], "name");
            }
            None
        })
}

fn claim_reason(state: &State, space: &str, name: &str) -> Option<String> {
    let Some(claim) = state.get("PersistentVolumeClaim", space, name) else {
        return Some(format!("persistentvolumeclaim \"{name}\" not found"));
    };
    let bound = claim["status"]["phase"] == "Bound";
    (!bound).then(|| format!("PVC {space}/{name} is not bound"))
}

fn source_reason(
    state: &State,
    space: &str,
    kind: &str,
    source: &Value,
    field: &str,
) -> Option<String> {
    let name = source[field].as_str().unwrap_or_default();
    let optional = read::flag(source, "/optional");
    let Some(found) = state.get(kind, space, name) else {
        return (!optional).then(|| not_found(kind, name));
    };
    let word = if kind == "Secret" { "secret" } else { "config" };
    read::items(source, "/items").iter().find_map(|item| {
        let key = item["key"].as_str().unwrap_or_default();
        let missing = !optional && !has_key(&found, key);
        missing.then(|| format!("references non-existent {word} key: {key}"))
    })
}

/// Why a container's environment cannot be made, in the kubelet's words.
pub fn missing_environment(state: &State, pod: &Value, container: &Value) -> Option<String> {
    let space = object::namespace(pod);
    let whole = read::items(container, "/envFrom")
        .iter()
        .find_map(|source| {
            let secret = whole_reason(state, space, "Secret", &source["secretRef"]);
            secret.or_else(|| whole_reason(state, space, "ConfigMap", &source["configMapRef"]))
        });
    whole.or_else(|| {
        read::items(container, "/env").iter().find_map(|variable| {
            let from = &variable["valueFrom"];
            let secret = key_reason(state, space, "Secret", &from["secretKeyRef"]);
            secret.or_else(|| key_reason(state, space, "ConfigMap", &from["configMapKeyRef"]))
        })
    })
}

fn whole_reason(state: &State, space: &str, kind: &str, reference: &Value) -> Option<String> {
    let name = reference["name"].as_str()?;
    let missing = state.get(kind, space, name).is_none() && !read::flag(reference, "/optional");
    missing.then(|| not_found(kind, name))
}

fn key_reason(state: &State, space: &str, kind: &str, reference: &Value) -> Option<String> {
    let name = reference["name"].as_str()?;
    let key = reference["key"].as_str().unwrap_or_default();
    if read::flag(reference, "/optional") {
        return None;
    }
    let Some(found) = state.get(kind, space, name) else {
        return Some(not_found(kind, name));
    };
    (!has_key(&found, key)).then(|| format!("couldn't find key {key} in {kind} {space}/{name}"))
}

fn not_found(kind: &str, name: &str) -> String {
    format!("{} \"{name}\" not found", kind.to_lowercase())
}

fn has_key(object: &Value, key: &str) -> bool {
    ["data", "stringData", "binaryData"]
        .iter()
        .any(|part| object[*part].get(key).is_some())
}
