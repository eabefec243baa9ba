//! Sealed Secrets 0.36.6: each `SealedSecret` makes the Secret of its name.
//!
//! Nothing is decrypted: every sealed value counts as sealed with the right key, and each key gets a stand-in.

use super::secret_values::{encode, is_base64, shaped};
use super::template;
use super::writing::{Writer, owned, says, status_of, too_young};
use crate::controllers::{Controller, Key, Outcome, conditions, own_or_owned, read};
use crate::object;
use crate::state::{EventKind, State};
use crate::store::LogEntry;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const KIND: &str = "bitnami.com/SealedSecret";
const WRITER: Writer = Writer("sealed-secrets");
const SECONDS: i64 = 1;

/// The controller of Sealed Secrets.
#[derive(Debug)]
pub(super) struct SealedSecrets;

impl Controller for SealedSecrets {
    fn name(&self) -> &'static str {
        "sealed-secrets"
    }

    fn interested(&mut self, entry: &LogEntry, _: &State) -> Vec<Key> {
        own_or_owned(entry, KIND, &["Secret"])
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(sealed) = state
            .get(KIND, &key.namespace, &key.name)
            .filter(|s| !object::is_terminating(s))
        else {
            return Outcome::Done;
        };
        if let Some(wait) = too_young(state, &sealed, SECONDS) {
            return wait;
        }
        let outcome = unseal(state, &sealed);
        let mut status = status_of(&sealed);
        let why = outcome.as_ref().err().cloned().unwrap_or_default();
        conditions::set(
            &mut status,
            says("Synced", outcome.is_ok(), "", &why),
            state.now(),
        );
        status["observedGeneration"] = sealed["metadata"]["generation"].clone();
        WRITER.status(state, &sealed, status);
        if outcome.is_err() {
            state.record(
                &sealed,
                EventKind::Warning,
                "ErrUnsealFailed",
                &format!("Failed to unseal: {why}"),
                WRITER.0,
            );
        }
        Outcome::Done
    }
}

fn unseal(state: &mut State, sealed: &Value) -> Result<(), String> {
    let (namespace, name) = (object::namespace(sealed), object::name(sealed));
    if let Some(known) = state.get("Secret", namespace, name) {
        let ours = object::controller_of(&known)
            .is_some_and(|owner| owner["uid"] == sealed["metadata"]["uid"]);
        if !ours {
            return Err(format!(
                "failed update: Resource {name:?} already exists and is not managed by SealedSecret"
            ));
        }
    }
    let template = &sealed["spec"]["template"];
    let secret_type = template["type"].as_str().unwrap_or("Opaque");
    let mut values = BTreeMap::new();
    for (key, sealed_value) in sealed["spec"]["encryptedData"]
        .as_object()
        .into_iter()
        .flatten()
    {
        if !sealed_value.as_str().is_some_and(is_base64) {
            return Err(format!("illegal base64 data in key {key}"));
        }
        values.insert(
            key.clone(),
            shaped(state, secret_type, key, &["sealed", namespace, name, key]),
        );
    }
    let mut data = values.clone();
    for (key, text) in template["data"].as_object().into_iter().flatten() {
        data.insert(
            key.clone(),
            template::fill(text.as_str().unwrap_or_default(), &values)?,
        );
    }
    let data: Map<String, Value> = data
        .iter()
        .map(|(key, value)| (key.clone(), json!(encode(value))))
        .collect();
    let map = |field: &str| {
        template["metadata"][field]
            .as_object()
            .cloned()
            .unwrap_or_default()
    };
    let mut secret = json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"namespace": namespace, "name": name, "labels": map("labels"), "annotations": map("annotations")},
        "type": secret_type, "data": data,
    });
    if read::flag(sealed, "/spec/template/immutable") {
        secret["immutable"] = json!(true);
    }
    if WRITER.put(state, sealed, owned(secret, sealed)) {
        Ok(())
    } else {
        Err(format!("could not write the Secret {name}"))
    }
}
