//! What of each `ResourceQuota` is used. Follows `pkg/controller/resourcequota` and `pkg/quota`, 1.37.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Controller, Key, MANAGER, Outcome, pods, read};
use crate::quantity::{self, Milli};
use crate::scheduler::{limits, requests};
use crate::state::State;
use crate::store::LogEntry;

const KIND: &str = "ResourceQuota";

/// The quota controller.
#[derive(Debug)]
pub struct Quotas;

impl Controller for Quotas {
    fn name(&self) -> &'static str {
        "resourcequota-controller"
    }

    fn interested(&mut self, entry: &LogEntry, state: &State) -> Vec<Key> {
        if &*entry.kind == KIND {
            return vec![Key::new(&entry.namespace, &entry.name)];
        }
        if !matters(entry) {
            return Vec::new();
        }
        state
            .list_in(KIND, &entry.namespace)
            .iter()
            .map(|quota| Key::of(quota))
            .collect()
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(quota) = state.get(KIND, &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        let mut changed = Value::clone(&quota);
        changed["status"] = json!({"hard": quota["spec"]["hard"], "used": used(state, &quota)});
        if changed["status"] != quota["status"] {
            let written = state.update_status(MANAGER, changed);
            debug_assert!(
                written.is_ok(),
                "a status that we counted is valid: {written:?}"
            );
        }
        Outcome::Done
    }
}

/// Whether a change can change what is used: something came, went, ended or asks for more.
fn matters(entry: &LogEntry) -> bool {
    if &*entry.kind == "Event" || entry.namespace.is_empty() {
        return false;
    }
    match (&entry.old, &entry.new) {
        (Some(old), Some(new)) => match &*entry.kind {
            "Pod" => pods::is_over(old) != pods::is_over(new) || old["spec"] != new["spec"],
            "PersistentVolumeClaim" | "Service" => old["spec"] != new["spec"],
            _ => false,
        },
        _ => true,
    }
}

/// What a quota's namespace uses of each thing that the quota limits.
pub fn used(state: &State, quota: &Value) -> Value {
    let space = crate::object::namespace(quota);
    let pods: Vec<Arc<Value>> = state
        .list_in("Pod", space)
        .into_iter()
        .filter(|pod| !pods::is_over(pod) && in_scopes(quota, pod))
        .collect();
    let mut sums: BTreeMap<String, Milli> = BTreeMap::new();
    for pod in &pods {
        add(&mut sums, "requests.", &requests(pod));
        add(&mut sums, "limits.", &limits(pod));
    }
    let mut used = Map::new();
    for name in quota["spec"]["hard"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name)
    {
        used.insert(
            name.clone(),
            json!(amount(state, space, name, &pods, &sums)),
        );
    }
    Value::Object(used)
}

fn add(sums: &mut BTreeMap<String, Milli>, prefix: &str, amounts: &BTreeMap<String, Milli>) {
    for (name, amount) in amounts {
        *sums.entry(format!("{prefix}{name}")).or_default() += amount;
    }
}

fn amount(
    state: &State,
    space: &str,
    name: &str,
    pods: &[Arc<Value>],
    sums: &BTreeMap<String, Milli>,
) -> String {
    let count = |kind: &str| state.list_in(kind, space).len().to_string();
    let services = |kind: &str| {
        let all = state.list_in("Service", space);
        all.iter()
            .filter(|one| read::text(one, "/spec/type") == kind)
            .count()
            .to_string()
    };
    match name {
        "pods" | "count/pods" => pods.len().to_string(),
        "services" => count("Service"),
        "services.loadbalancers" => services("LoadBalancer"),
        "services.nodeports" => services("NodePort"),
        "configmaps" => count("ConfigMap"),
        "secrets" => count("Secret"),
        "persistentvolumeclaims" => count("PersistentVolumeClaim"),
        "replicationcontrollers" => count("ReplicationController"),
        "resourcequotas" => count(KIND),
        "requests.storage" => quantity::binary(storage(state, space)),
        _ => match name.strip_prefix("count/") {
            Some(resource) => counted(state, space, resource),
            None => summed(name, sums),
        },
    }
}

fn counted(state: &State, space: &str, resource: &str) -> String {
    let (plural, group) = resource.split_once('.').unwrap_or((resource, ""));
    let kind = state
        .kinds()
        .iter()
        .find(|kind| kind.plural == plural && kind.group == group);
    kind.map_or(0, |kind| state.list_in(&kind.key, space).len())
        .to_string()
}

fn summed(name: &str, sums: &BTreeMap<String, Milli>) -> String {
    let full = if name.contains('.') {
        name.to_owned()
    } else {
        format!("requests.{name}")
    };
    let sum = sums.get(&full).copied().unwrap_or_default();
    if full.ends_with("memory") || full.ends_with("storage") {
        quantity::binary(sum)
    } else {
        quantity::decimal(sum)
    }
}

fn storage(state: &State, space: &str) -> Milli {
    let claims = state.list_in("PersistentVolumeClaim", space);
    claims
        .iter()
        .filter_map(|one| quantity::milli(&one["spec"]["resources"]["requests"]["storage"]))
        .sum()
}

fn in_scopes(quota: &Value, pod: &Value) -> bool {
    let terminating = read::int(pod, "/spec/activeDeadlineSeconds").is_some();
    let best_effort = crate::node::is_best_effort(pod);
    let mut scopes = read::items(quota, "/spec/scopes")
        .iter()
        .filter_map(Value::as_str);
    scopes.all(|scope| match scope {
        "Terminating" => terminating,
        "NotTerminating" => !terminating,
        "BestEffort" => best_effort,
        "NotBestEffort" => !best_effort,
        _ => true,
    })
}
