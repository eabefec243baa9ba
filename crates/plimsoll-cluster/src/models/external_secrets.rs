//! External Secrets 2.9.0 (`external-secrets.io/v1`): stores become ready, each `ExternalSecret` makes its Secret.
//!
//! Every remote key exists; what `dataFrom` would bring is unknown, so it gives one key, named as the last
//! part of the remote path.

use super::secret_values::{encode, shaped};
use super::template;
use super::writing::{Writer, condition, owned, says, status_of, too_young};
use crate::controllers::{Controller, Key, Outcome, read};
use crate::state::{EventKind, State};
use crate::store::LogEntry;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const SECRET: &str = "external-secrets.io/ExternalSecret";
const STORE: &str = "external-secrets.io/SecretStore";
const CLUSTER_STORE: &str = "external-secrets.io/ClusterSecretStore";
const WRITER: Writer = Writer("external-secrets");
/// How long the real controller takes from seeing an object to having asked its provider, roughly.
const SECONDS: i64 = 1;

/// Makes stores of one kind ready.
#[derive(Debug)]
pub(super) struct Stores(&'static str);

impl Stores {
    pub(super) fn namespaced() -> Self {
        Self(STORE)
    }

    pub(super) fn cluster() -> Self {
        Self(CLUSTER_STORE)
    }
}

impl Controller for Stores {
    fn name(&self) -> &'static str {
        "external-secrets-store"
    }

    fn interested(&mut self, entry: &LogEntry, _: &State) -> Vec<Key> {
        own(entry, self.0)
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(store) = state.get(self.0, &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        let mut status = status_of(&store);
        let provider = store["spec"]["provider"]
            .as_object()
            .is_some_and(|provider| provider.len() == 1);
        let ready = if provider {
            says("Ready", true, "Valid", "store validated")
        } else {
            says(
                "Ready",
                false,
                "InvalidProviderConfig",
                "exactly one provider is wanted",
            )
        };
        crate::controllers::conditions::set(&mut status, ready, state.now());
        status["capabilities"] = json!("ReadWrite");
        WRITER.status(state, &store, status);
        Outcome::Done
    }
}

/// Keys for changes of one kind.
fn own(entry: &LogEntry, kind: &str) -> Vec<Key> {
    if *entry.kind == *kind {
        vec![Key::new(&entry.namespace, &entry.name)]
    } else {
        Vec::new()
    }
}

/// Makes the Secret of each `ExternalSecret`.
#[derive(Debug)]
pub(super) struct ExternalSecrets;

impl Controller for ExternalSecrets {
    fn name(&self) -> &'static str {
        "external-secrets"
    }

    fn interested(&mut self, entry: &LogEntry, state: &State) -> Vec<Key> {
        match &*entry.kind {
            SECRET => own(entry, SECRET),
            // A store that becomes ready, and a Secret that somebody deletes or changes.
            STORE | CLUSTER_STORE => state.list(SECRET).iter().map(|one| Key::of(one)).collect(),
            "Secret" => crate::controllers::owner_key(entry, "ExternalSecret")
                .into_iter()
                .collect(),
            _ => Vec::new(),
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(external) = state.get(SECRET, &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        if crate::object::is_terminating(&external) {
            return Outcome::Done;
        }
        if let Some(wait) = too_young(state, &external, SECONDS) {
            return wait;
        }
        match sync(state, &external) {
            Ok(version) => tell_synced(state, &external, &version),
            Err(why) => tell_failed(state, &external, &why),
        }
        Outcome::Done
    }
}

/// Makes the Secret and returns its version.
fn sync(state: &mut State, external: &Value) -> Result<String, String> {
    let values = fetched(state, external)?;
    let name = target_name(external).to_owned();
    let namespace = crate::object::namespace(external).to_owned();
    let policy = external
        .pointer("/spec/target/creationPolicy")
        .and_then(Value::as_str)
        .unwrap_or("Owner");
    let data = composed(external, &values)?;
    let known = state.get("Secret", &namespace, &name);
    if policy == "Merge" && known.is_none() {
        return Err(format!(
            "secrets \"{name}\" not found, and the creation policy is Merge"
        ));
    }
    let mut secret = target(external, &name, &data);
    if policy == "Owner" {
        secret = owned(secret, external);
    }
    if policy != "None" && !WRITER.put(state, external, secret) {
        return Err(format!("could not write the Secret {name}"));
    }
    let written = state.get("Secret", &namespace, &name);
    Ok(written
        .map(|secret| read::text(&secret, "/metadata/resourceVersion").to_owned())
        .unwrap_or_default())
}

fn target_name(external: &Value) -> &str {
    let named = read::text(external, "/spec/target/name");
    if named.is_empty() {
        crate::object::name(external)
    } else {
        named
    }
}

/// Values by key, as the provider gives them.
fn fetched(state: &State, external: &Value) -> Result<BTreeMap<String, String>, String> {
    let secret_type = read::text(external, "/spec/target/template/type");
    let mut values = BTreeMap::new();
    for entry in read::items(external, "/spec/data") {
        let own_store = entry
            .pointer("/sourceRef/storeRef")
            .unwrap_or(&external["spec"]["secretStoreRef"]);
        let store = ready_store(state, external, own_store)?;
        let (remote, property) = (
            read::text(entry, "/remoteRef/key"),
            read::text(entry, "/remoteRef/property"),
        );
        let key = read::text(entry, "/secretKey");
        values.insert(
            key.to_owned(),
            shaped(
                state,
                secret_type,
                key,
                &["external", &store, remote, property],
            ),
        );
    }
    for entry in read::items(external, "/spec/dataFrom") {
        if let Some(generator) = entry.pointer("/sourceRef/generatorRef") {
            let place = [
                "generator",
                crate::object::namespace(external),
                read::text(generator, "/name"),
            ];
            values.insert(
                read::text(generator, "/kind").to_lowercase(),
                shaped(state, secret_type, "", &place),
            );
            continue;
        }
        let own_store = entry
            .pointer("/sourceRef/storeRef")
            .unwrap_or(&external["spec"]["secretStoreRef"]);
        let store = ready_store(state, external, own_store)?;
        let remote = read::text(entry, "/extract/key");
        let key = remote.rsplit('/').next().unwrap_or(remote);
        values.insert(
            key.to_owned(),
            shaped(state, secret_type, key, &["external", &store, remote, ""]),
        );
    }
    Ok(values)
}

/// Name of a store that exists and is ready.
fn ready_store(state: &State, external: &Value, reference: &Value) -> Result<String, String> {
    let kind = reference["kind"].as_str().unwrap_or("SecretStore");
    let name = read::text(reference, "/name");
    let (full, namespace) = match kind {
        "ClusterSecretStore" => (CLUSTER_STORE, ""),
        _ => (STORE, crate::object::namespace(external)),
    };
    let Some(store) = state.get(full, namespace, name) else {
        return Err(format!(
            "could not get {kind} {name:?}, {kind}.external-secrets.io {name:?} not found"
        ));
    };
    if crate::object::condition(&store, "Ready") != Some("True") {
        return Err(format!("{kind} {name:?} is not ready"));
    }
    Ok(name.to_owned())
}

/// The Secret's data: the values themselves, or what the template makes of them.
fn composed(
    external: &Value,
    values: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, String> {
    let Some(wanted) = external
        .pointer("/spec/target/template/data")
        .and_then(Value::as_object)
    else {
        return Ok(values.clone());
    };
    let merge = external["spec"]["target"]["template"]["mergePolicy"] == "Merge";
    let mut data = if merge {
        values.clone()
    } else {
        BTreeMap::new()
    };
    for (key, text) in wanted {
        let text = text.as_str().unwrap_or_default();
        let filled = template::fill(text, values).map_err(|why| {
            format!("could not apply template: unable to execute template at key {key}: {why}")
        })?;
        data.insert(key.clone(), filled);
    }
    Ok(data)
}

fn target(external: &Value, name: &str, data: &BTreeMap<String, String>) -> Value {
    let template = &external["spec"]["target"]["template"];
    let metadata = if template["metadata"].is_object() {
        &template["metadata"]
    } else {
        &external["metadata"]
    };
    let map = |field: &str| metadata[field].as_object().cloned().unwrap_or_default();
    let mut labels = map("labels");
    labels.insert(
        "reconcile.external-secrets.io/managed".to_owned(),
        json!("true"),
    );
    let mut annotations = map("annotations");
    annotations.retain(|key, _| !key.starts_with("kubectl.kubernetes.io/"));
    let encoded: Map<String, Value> = data
        .iter()
        .map(|(key, value)| (key.clone(), json!(encode(value))))
        .collect();
    let mut secret = json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"namespace": external["metadata"]["namespace"], "name": name, "labels": labels, "annotations": annotations},
        "type": template["type"].as_str().unwrap_or("Opaque"),
        "data": encoded,
    });
    if external["spec"]["target"]["immutable"] == true {
        secret["immutable"] = json!(true);
    }
    secret
}

fn tell_synced(state: &mut State, external: &Value, version: &str) {
    let mut status = status_of(external);
    condition(
        &mut status,
        external,
        says("Ready", true, "SecretSynced", "secret synced"),
        state.now(),
    );
    if status["syncedResourceVersion"] != version {
        status["refreshTime"] = json!(state.now_text());
        status["syncedResourceVersion"] = json!(version);
    }
    status["binding"] = json!({"name": target_name(external)});
    WRITER.status(state, external, status);
}

fn tell_failed(state: &mut State, external: &Value, why: &str) {
    let mut status = status_of(external);
    condition(
        &mut status,
        external,
        says("Ready", false, "SecretSyncedError", why),
        state.now(),
    );
    WRITER.status(state, external, status);
    state.record(external, EventKind::Warning, "UpdateFailed", why, WRITER.0);
}
