//! Policies that gateways attach to other objects: Envoy Gateway 1.9.0 and NGINX Gateway Fabric 2.6.
//!
//! Each tells one condition per target: `Accepted`, or that the target is not there.

use super::writing::{Writer, condition, says};
use crate::controllers::{Controller, Key, Outcome, read};
use crate::object;
use crate::state::State;
use crate::store::LogEntry;
use serde_json::{Value, json};

const WRITER: Writer = Writer("gateway-controller");
const ENVOY: &str = "gateway.envoyproxy.io/gatewayclass-controller";
const NGINX: &str = "gateway.nginx.org/nginx-gateway-controller";

/// Kinds that are attached by `targetRefs`, and who attends to them.
pub(super) const ATTACHED: [(&str, &str); 7] = [
    ("gateway.envoyproxy.io/BackendTrafficPolicy", ENVOY),
    ("gateway.envoyproxy.io/ClientTrafficPolicy", ENVOY),
    ("gateway.envoyproxy.io/EnvoyExtensionPolicy", ENVOY),
    ("gateway.envoyproxy.io/SecurityPolicy", ENVOY),
    ("gateway.nginx.org/ClientSettingsPolicy", NGINX),
    ("gateway.nginx.org/RateLimitPolicy", NGINX),
    ("gateway.nginx.org/UpstreamSettingsPolicy", NGINX),
];

/// Attaches policies of one kind.
#[derive(Debug)]
pub(super) struct Policies {
    kind: &'static str,
    controller: &'static str,
}

impl Policies {
    pub(super) fn of(kind: &'static str, controller: &'static str) -> Self {
        Self { kind, controller }
    }

    fn ancestor(&self, state: &State, policy: &Value, target: &Value) -> Value {
        let before = read::items(policy, "/status/ancestors")
            .iter()
            .find(|one| one["ancestorRef"] == *target);
        let fresh = || json!({"ancestorRef": target, "controllerName": self.controller});
        let mut status = before.cloned().unwrap_or_else(fresh);
        let (group, kind) = (read::text(target, "/group"), read::text(target, "/kind"));
        let full = if group.is_empty() {
            kind.to_owned()
        } else {
            format!("{group}/{kind}")
        };
        let name = read::text(target, "/name");
        let found = state.get(&full, object::namespace(policy), name).is_some();
        let missing = format!("{kind} {name} not found");
        let want = if found {
            says("Accepted", true, "Accepted", "Policy has been accepted.")
        } else {
            says("Accepted", false, "TargetNotFound", &missing)
        };
        condition(&mut status, policy, want, state.now());
        status
    }
}

impl Controller for Policies {
    fn name(&self) -> &'static str {
        "gateway-policies"
    }

    fn interested(&mut self, entry: &LogEntry, state: &State) -> Vec<Key> {
        if *entry.kind == *self.kind {
            return vec![Key::new(&entry.namespace, &entry.name)];
        }
        let came_or_went = entry.old.is_none() || entry.new.is_none();
        let target =
            entry.kind.starts_with("gateway.networking.k8s.io/") || *entry.kind == *"Service";
        if !(came_or_went && target) {
            return Vec::new();
        }
        let policies = state.list_in(self.kind, &entry.namespace);
        policies.iter().map(|one| Key::of(one)).collect()
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(policy) = state.get(self.kind, &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        let single = policy["spec"].get("targetRef").into_iter();
        let targets = single.chain(read::items(&policy, "/spec/targetRefs"));
        let ancestors: Vec<_> = targets
            .map(|target| self.ancestor(state, &policy, target))
            .collect();
        if !ancestors.is_empty() {
            WRITER.status(state, &policy, json!({"ancestors": ancestors}));
        }
        Outcome::Done
    }
}
