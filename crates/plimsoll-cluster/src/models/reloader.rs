//! Stakater Reloader 1.4: restarts workloads when a Secret or ConfigMap that they name changes.
//!
//! Its default strategy: a variable in the first container's environment holds a hash of the data.

use super::writing::Writer;
use crate::controllers::{Controller, Key, Outcome, read};
use crate::object;
use crate::state::{EventKind, State, fingerprint};
use crate::store::LogEntry;
use serde_json::{Value, json};

const WORKLOADS: [&str; 3] = ["apps/DaemonSet", "apps/Deployment", "apps/StatefulSet"];
const WRITER: Writer = Writer("reloader");

/// Reloader, for changes of one kind of source.
#[derive(Debug)]
pub(super) struct Reloader(Source);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Secret,
    ConfigMap,
}

impl Reloader {
    pub(super) fn of_secrets() -> Self {
        Self(Source::Secret)
    }

    pub(super) fn of_config_maps() -> Self {
        Self(Source::ConfigMap)
    }
}

impl Source {
    fn kind(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
        }
    }
}

impl Controller for Reloader {
    fn name(&self) -> &'static str {
        "reloader"
    }

    fn interested(&mut self, entry: &LogEntry, state: &State) -> Vec<Key> {
        let changed = match (&entry.old, &entry.new) {
            (Some(old), Some(new)) => old["data"] != new["data"],
            _ => false,
        };
        let ours = changed && *entry.kind == *self.0.kind() && installed(state);
        if ours {
            vec![Key::new(&entry.namespace, &entry.name)]
        } else {
            Vec::new()
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let kind = self.0.kind();
        let Some(source) = state.get(kind, &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        let hash = fingerprint(&[&source["data"].to_string()]);
        let workloads: Vec<_> = WORKLOADS
            .iter()
            .flat_map(|workload| state.list_in(workload, &key.namespace))
            .collect();
        for workload in workloads
            .iter()
            .filter(|workload| wants(workload, kind, &key.name))
        {
            let mut changed = Value::clone(workload);
            set_variable(&mut changed, &variable(kind, &key.name), &hash);
            if WRITER.put(state, workload, changed) {
                let message = format!(
                    "Changes detected in '{}' of type '{}' in namespace '{}'",
                    key.name,
                    kind.to_uppercase(),
                    key.namespace
                );
                state.record(workload, EventKind::Normal, "Reloaded", &message, WRITER.0);
            }
        }
        Outcome::Done
    }
}

/// Reloader defines no kinds: its namespace, as the platform makes it, tells that it is there.
fn installed(state: &State) -> bool {
    let label = super::platform::component_label("reloader");
    state
        .list("Namespace")
        .iter()
        .any(|namespace| object::label(namespace, &label).is_some())
}

fn wants(workload: &Value, kind: &str, name: &str) -> bool {
    let template = &workload["spec"]["template"];
    let word = kind.to_lowercase();
    let annotation =
        |key: &str| object::annotation(workload, key).or_else(|| object::annotation(template, key));
    let flag = |key: &str| annotation(key) == Some("true");
    let automatic =
        flag("reloader.stakater.com/auto") || flag(&format!("{word}.reloader.stakater.com/auto"));
    let listed = annotation(&format!("{word}.reloader.stakater.com/reload"));
    listed.is_some_and(|names| names.split(',').any(|one| one.trim() == name))
        || automatic && names(template, kind, name)
}

/// Whether a pod template names the source in its environment or volumes.
fn names(template: &Value, kind: &str, name: &str) -> bool {
    let (from, key, volume) = match kind {
        "Secret" => (
            "/secretRef/name",
            "/valueFrom/secretKeyRef/name",
            "/secret/secretName",
        ),
        _ => (
            "/configMapRef/name",
            "/valueFrom/configMapKeyRef/name",
            "/configMap/name",
        ),
    };
    let containers = read::items(template, "/spec/containers")
        .iter()
        .chain(read::items(template, "/spec/initContainers"));
    let in_environment = containers.into_iter().any(|container| {
        read::items(container, "/envFrom")
            .iter()
            .any(|one| read::text(one, from) == name)
            || read::items(container, "/env")
                .iter()
                .any(|one| read::text(one, key) == name)
    });
    in_environment
        || read::items(template, "/spec/volumes")
            .iter()
            .any(|one| read::text(one, volume) == name)
}

/// `STAKATER_API_SECRETS_SECRET` for the Secret `api-secrets`.
fn variable(kind: &str, name: &str) -> String {
    let word: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect();
    format!("STAKATER_{word}_{}", kind.to_uppercase())
}

fn set_variable(workload: &mut Value, name: &str, value: &str) {
    let container = &mut workload["spec"]["template"]["spec"]["containers"][0];
    if !container["env"].is_array() {
        container["env"] = json!([]);
    }
    let Some(variables) = container["env"].as_array_mut() else {
        return;
    };
    match variables.iter_mut().find(|one| one["name"] == name) {
        Some(known) => known["value"] = json!(value),
        None => variables.push(json!({"name": name, "value": value})),
    }
}
