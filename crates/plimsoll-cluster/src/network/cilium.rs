//! The layer 3 and 4 subset of Cilium's policies.
//!
//! Source: Cilium 1.20 documentation, "Layer 3 Policies" and "Layer 4 Policies": endpoints,
//! entities, CIDR sets, FQDNs, ports; deny rules win; an empty rule selects and allows nothing.

use super::policy::{Direction, Flow, named_port};
use super::{Cidr, Identity, ObjectRef, Party, Protocol, read, selector};
use crate::state::State;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

const POLICY: &str = "cilium.io/CiliumNetworkPolicy";
const CLUSTER_POLICY: &str = "cilium.io/CiliumClusterwideNetworkPolicy";
const CRD: &str = "apiextensions.k8s.io/CustomResourceDefinition";
const NAMESPACE: &str = "io.kubernetes.pod.namespace";
const NAMESPACE_LABELS: &str = "io.cilium.k8s.namespace.labels.";

/// What Cilium's policies of one end say.
#[derive(Default)]
pub(crate) struct Opinion {
    pub(crate) refused: Option<ObjectRef>,
    pub(crate) allowed: Option<ObjectRef>,
    pub(crate) selecting: Vec<ObjectRef>,
}

/// Whether the cluster's network is Cilium.
pub(crate) fn installed(state: &State) -> bool {
    state
        .get(CRD, "", "ciliumnetworkpolicies.cilium.io")
        .is_some()
}

pub(crate) fn judge(state: &State, flow: &Flow<'_>, direction: Direction) -> Opinion {
    let mut opinion = Opinion::default();
    if !installed(state) {
        return opinion;
    }
    let (end, peer) = match direction {
        Direction::Ingress => (flow.to, flow.from),
        Direction::Egress => (flow.from, flow.to),
    };
    let selecting = selecting(state, end);
    let asks = Question {
        flow,
        peer,
        direction,
        learned: flow.host.is_some_and(|host| learns(&selecting, host)),
    };
    for (policy, spec) in &selecting {
        asks.ask(policy, spec, &mut opinion);
    }
    opinion
}

/// Policies with each of their specs that selects `end`.
fn selecting(state: &State, end: &Party) -> Vec<(Arc<Value>, Value)> {
    let mut policies = state.list_in(POLICY, &end.namespace);
    policies.extend(state.list(CLUSTER_POLICY));
    let mut found = Vec::new();
    for policy in policies {
        let specs = read::items(&policy, "/specs")
            .iter()
            .chain(policy.get("spec"));
        let namespace = read::namespace(&policy);
        for spec in specs.filter(|spec| {
            spec.get("endpointSelector")
                .is_some_and(|s| endpoint(s, namespace, end))
        }) {
            found.push((Arc::clone(&policy), spec.clone()));
        }
    }
    found
}

struct Question<'a> {
    flow: &'a Flow<'a>,
    peer: &'a Party,
    direction: Direction,
    /// Whether a DNS rule lets Cilium learn the addresses of the host: without one `toFQDNs` takes nothing.
    learned: bool,
}

impl Question<'_> {
    fn ask(&self, policy: &Value, spec: &Value, opinion: &mut Opinion) {
        let (allow, deny, flag) = match self.direction {
            Direction::Ingress => ("/ingress", "/ingressDeny", "/enableDefaultDeny/ingress"),
            Direction::Egress => ("/egress", "/egressDeny", "/enableDefaultDeny/egress"),
        };
        let (allow, deny) = (read::items(spec, allow), read::items(spec, deny));
        let takes = |rule: &&Value| self.takes(rule, read::namespace(policy));
        if deny.iter().any(|rule| takes(&rule)) {
            opinion.refused.get_or_insert_with(|| ObjectRef::of(policy));
        }
        if allow.iter().any(|rule| takes(&rule)) {
            opinion.allowed.get_or_insert_with(|| ObjectRef::of(policy));
        }
        let enforced = spec.pointer(flag).and_then(Value::as_bool);
        if enforced.unwrap_or(!allow.is_empty() || !deny.is_empty()) {
            opinion.selecting.push(ObjectRef::of(policy));
        }
    }

    fn takes(&self, rule: &Value, namespace: &str) -> bool {
        let Some(rule) = rule.as_object().filter(|rule| !rule.is_empty()) else {
            return false;
        };
        let prefix = if self.direction == Direction::Ingress {
            "from"
        } else {
            "to"
        };
        let peers: Vec<_> = rule
            .iter()
            .filter(|(key, _)| key.starts_with(prefix) && *key != "toPorts")
            .collect();
        let by_peer = peers.is_empty()
            || peers
                .iter()
                .any(|(key, value)| self.is_peer(&key[prefix.len()..], value, namespace));
        by_peer && self.is_port(rule)
    }

    fn is_peer(&self, kind: &str, value: &Value, namespace: &str) -> bool {
        let any = |test: &dyn Fn(&Value) -> bool| {
            value.as_array().is_some_and(|list| list.iter().any(test))
        };
        match kind {
            "Endpoints" => any(&|s| endpoint(s, namespace, self.peer)),
            "Entities" => any(&|e| e.as_str().is_some_and(|word| entity(word, self.peer))),
            "CIDR" => any(&|range| in_range(range.as_str().unwrap_or_default(), &[], self.peer)),
            "CIDRSet" => any(&|set| {
                in_range(
                    read::text(set, "/cidr"),
                    read::items(set, "/except"),
                    self.peer,
                )
            }),
            "FQDNs" => {
                self.learned
                    && self
                        .flow
                        .host
                        .is_some_and(|host| any(&|name| fqdn(name, host)))
            }
            _ => false,
        }
    }

    fn is_port(&self, rule: &Map<String, Value>) -> bool {
        let Some(groups) = rule.get("toPorts").and_then(Value::as_array) else {
            return true;
        };
        groups.iter().any(|group| {
            let ports = read::items(group, "/ports");
            ports.is_empty() || ports.iter().any(|port| self.is_one_port(port))
        })
    }

    fn is_one_port(&self, port: &Value) -> bool {
        let protocol = read::text(port, "/protocol");
        if !matches!(protocol, "" | "ANY") && Protocol::parse(protocol) != self.flow.protocol {
            return false;
        }
        let word = read::text(port, "/port");
        match word.parse::<u16>() {
            Ok(0) => true,
            Ok(first) => {
                let last = port["endPort"]
                    .as_u64()
                    .filter(|last| *last > 0)
                    .unwrap_or_else(|| first.into());
                (u64::from(first)..=last).contains(&u64::from(self.flow.port))
            }
            Err(_) => named_port(self.flow.to, word, self.flow.protocol) == Some(self.flow.port),
        }
    }
}

fn in_range(range: &str, except: &[Value], peer: &Party) -> bool {
    let Some(address) = peer.address.filter(|_| peer.identity == Identity::World) else {
        return false;
    };
    let holds = |range: &str| Cidr::parse(range).is_some_and(|cidr| cidr.contains(address));
    holds(range) && !except.iter().filter_map(Value::as_str).any(holds)
}

fn entity(word: &str, peer: &Party) -> bool {
    match word {
        "all" => true,
        "world" => peer.identity == Identity::World,
        "world-ipv4" => {
            peer.identity == Identity::World && peer.address.is_some_and(|a| a.is_ipv4())
        }
        "world-ipv6" => {
            peer.identity == Identity::World && peer.address.is_some_and(|a| a.is_ipv6())
        }
        "cluster" => peer.identity != Identity::World,
        "host" | "remote-node" => peer.identity == Identity::Node,
        "kube-apiserver" => peer.identity == Identity::ApiServer,
        "ingress" => peer.identity == Identity::Ingress,
        _ => false,
    }
}

/// Whether a Cilium endpoint selector takes `party`. In a namespaced policy a selector that names no
/// namespace means the policy's own.
fn endpoint(selector: &Value, namespace: &str, party: &Party) -> bool {
    let labels = cilium_labels(party);
    let selector = without_sources(selector);
    let names_namespace =
        keys(&selector).any(|key| key == NAMESPACE || key.starts_with(NAMESPACE_LABELS));
    let reserved = keys(&selector).any(|key| key.starts_with("reserved:"));
    if !reserved && party.identity != Identity::Pod {
        return false;
    }
    let own = namespace.is_empty() || names_namespace || reserved || party.namespace == namespace;
    own && selector::matches(&selector, &labels)
}

fn cilium_labels(party: &Party) -> BTreeMap<String, String> {
    let reserved = match party.identity {
        Identity::Pod => {
            let mut labels = party.labels.clone();
            labels.insert(NAMESPACE.to_owned(), party.namespace.clone());
            labels.extend(
                party
                    .namespace_labels
                    .iter()
                    .map(|(k, v)| (format!("{NAMESPACE_LABELS}{k}"), v.clone())),
            );
            return labels;
        }
        Identity::World => "reserved:world",
        Identity::Node => "reserved:host",
        Identity::ApiServer => "reserved:kube-apiserver",
        Identity::Ingress => "reserved:ingress",
    };
    BTreeMap::from([(reserved.to_owned(), String::new())])
}

/// Drops the sources `k8s:` and `any:` in front of label keys.
fn without_sources(selector: &Value) -> Value {
    let bare = |key: &str| {
        key.trim_start_matches("k8s:")
            .trim_start_matches("any:")
            .to_owned()
    };
    let mut out = selector.clone();
    if let Some(labels) = read::entries(selector, "/matchLabels") {
        out["matchLabels"] = labels
            .iter()
            .map(|(key, value)| (bare(key), value.clone()))
            .collect::<Map<_, _>>()
            .into();
    }
    for expression in out["matchExpressions"].as_array_mut().into_iter().flatten() {
        expression["key"] = bare(read::text(expression, "/key")).into();
    }
    out
}

fn keys(selector: &Value) -> impl Iterator<Item = &str> {
    let labels = read::entries(selector, "/matchLabels")
        .into_iter()
        .flatten()
        .map(|(key, _)| key.as_str());
    labels.chain(
        read::items(selector, "/matchExpressions")
            .iter()
            .map(|e| read::text(e, "/key")),
    )
}

/// Whether a DNS rule of these policies covers `host`.
fn learns(selecting: &[(Arc<Value>, Value)], host: &str) -> bool {
    let groups = selecting
        .iter()
        .flat_map(|(_, spec)| read::items(spec, "/egress"))
        .flat_map(|r| read::items(r, "/toPorts"));
    groups
        .flat_map(|group| read::items(group, "/rules/dns"))
        .any(|name| fqdn(name, host))
}

fn fqdn(rule: &Value, host: &str) -> bool {
    let exact = read::text(rule, "/matchName");
    if !exact.is_empty() {
        return exact.trim_end_matches('.').eq_ignore_ascii_case(host);
    }
    let pattern = read::text(rule, "/matchPattern");
    !pattern.is_empty() && glob(pattern, host)
}

/// `*` alone or `**.` in front takes any depth; else `*` takes characters of one DNS label.
fn glob(pattern: &str, host: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    if let Some(rest) = pattern.strip_prefix("**.") {
        return host.len() > rest.len() + 1 && host.ends_with(&format!(".{rest}"));
    }
    match pattern.split_once('*') {
        None => pattern.eq_ignore_ascii_case(host),
        Some((head, rest)) => host.strip_prefix(head).is_some_and(|tail| {
            let label = tail.find('.').unwrap_or(tail.len());
            (0..=label).any(|cut| glob(rest, &tail[cut..]))
        }),
    }
}
