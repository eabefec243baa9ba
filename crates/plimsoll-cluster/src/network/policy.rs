//! What network policies say about one connection.
//!
//! Semantics of Kubernetes 1.37 `networking/v1` NetworkPolicy: a pod that no policy selects is
//! open; one that is selected gets the union of all rules. Cilium's own policies join that union.
//! Judged after address translation: pod address and pod port.

use super::{Cidr, Identity, ObjectRef, Party, Protocol, cilium, read, selector};
use crate::state::State;
use serde_json::Value;

/// One connection as policies see it.
#[derive(Clone, Copy, Debug)]
pub struct Flow<'a> {
    /// Who opens it.
    pub from: &'a Party,
    /// Who is called.
    pub to: &'a Party,
    /// Port at the callee.
    pub port: u16,
    /// Transport.
    pub protocol: Protocol,
    /// The name by which the caller found an address outside the cluster.
    pub host: Option<&'a str>,
}

/// What the policies of one end say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No policy selects this end.
    Free,
    /// This policy lets it pass.
    Allowed(ObjectRef),
    /// These policies select this end and none lets it pass, or the one named refuses it.
    Denied(Vec<ObjectRef>),
}

/// The end of a connection whose policies are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Ingress,
    Egress,
}

impl Direction {
    /// Word as in `policyTypes`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ingress => "Ingress",
            Self::Egress => "Egress",
        }
    }
}

/// Whether the callee's policies let `flow` in.
pub fn ingress(state: &State, flow: &Flow<'_>) -> Verdict {
    // "Traffic to and from the node where a Pod is running is always allowed" (Kubernetes docs):
    // without this no probe of the kubelet would ever arrive.
    if flow.from.identity == Identity::Node {
        return Verdict::Free;
    }
    judge(state, flow, Direction::Ingress)
}

/// Whether the caller's policies let `flow` out.
pub fn egress(state: &State, flow: &Flow<'_>) -> Verdict {
    if flow.to.identity == Identity::Node {
        return Verdict::Free;
    }
    judge(state, flow, Direction::Egress)
}

fn judge(state: &State, flow: &Flow<'_>, direction: Direction) -> Verdict {
    let (end, peer) = match direction {
        Direction::Ingress => (flow.to, flow.from),
        Direction::Egress => (flow.from, flow.to),
    };
    if end.identity != Identity::Pod {
        return Verdict::Free;
    }
    let dialect = cilium::judge(state, flow, direction);
    if let Some(refusing) = dialect.refused {
        return Verdict::Denied(vec![refusing]);
    }
    let mut selecting = Vec::new();
    for policy in state.list_in("networking.k8s.io/NetworkPolicy", &end.namespace) {
        if !selects(&policy, end, direction) {
            continue;
        }
        let rules = read::items(
            &policy,
            if direction == Direction::Ingress {
                "/spec/ingress"
            } else {
                "/spec/egress"
            },
        );
        let scope = Scope {
            policy_namespace: &end.namespace,
            ranges_hold_pods: !cilium::installed(state),
        };
        if rules
            .iter()
            .any(|rule| scope.allows(rule, flow, peer, direction))
        {
            return Verdict::Allowed(ObjectRef::of(&policy));
        }
        selecting.push(ObjectRef::of(&policy));
    }
    if let Some(allowing) = dialect.allowed {
        return Verdict::Allowed(allowing);
    }
    selecting.extend(dialect.selecting);
    if selecting.is_empty() {
        Verdict::Free
    } else {
        Verdict::Denied(selecting)
    }
}

fn selects(policy: &Value, end: &Party, direction: Direction) -> bool {
    let types = read::items(policy, "/spec/policyTypes");
    let covers = if types.is_empty() {
        direction == Direction::Ingress || !read::items(policy, "/spec/egress").is_empty()
    } else {
        types.iter().any(|word| word == direction.word())
    };
    covers && selector::matches(&policy["spec"]["podSelector"], &end.labels)
}

struct Scope<'a> {
    policy_namespace: &'a str,
    /// Cilium never lets an address range stand for pods, nodes or the API server; others do.
    ranges_hold_pods: bool,
}

impl Scope<'_> {
    fn allows(&self, rule: &Value, flow: &Flow<'_>, peer: &Party, direction: Direction) -> bool {
        let peers = read::items(
            rule,
            if direction == Direction::Ingress {
                "/from"
            } else {
                "/to"
            },
        );
        let ports = read::items(rule, "/ports");
        (peers.is_empty() || peers.iter().any(|p| self.is_peer(p, peer)))
            && (ports.is_empty() || ports.iter().any(|port| is_port(port, flow)))
    }

    fn is_peer(&self, rule: &Value, peer: &Party) -> bool {
        if let Some(block) = rule.get("ipBlock") {
            return (peer.identity == Identity::World || self.ranges_hold_pods)
                && in_block(block, peer);
        }
        if peer.identity != Identity::Pod {
            return false;
        }
        let namespace = rule
            .get("namespaceSelector")
            .map_or(peer.namespace == self.policy_namespace, |namespaces| {
                selector::matches(namespaces, &peer.namespace_labels)
            });
        namespace
            && rule
                .get("podSelector")
                .is_none_or(|pods| selector::matches(pods, &peer.labels))
    }
}

fn in_block(block: &Value, peer: &Party) -> bool {
    let Some(address) = peer.address else {
        return false;
    };
    let holds = |range: &str| Cidr::parse(range).is_some_and(|cidr| cidr.contains(address));
    let excepted = read::items(block, "/except")
        .iter()
        .filter_map(Value::as_str)
        .any(holds);
    holds(read::text(block, "/cidr")) && !excepted
}

fn is_port(rule: &Value, flow: &Flow<'_>) -> bool {
    if Protocol::parse(read::text(rule, "/protocol")) != flow.protocol {
        return false;
    }
    match &rule["port"] {
        Value::Null => true,
        Value::String(name) => named_port(flow.to, name, flow.protocol) == Some(flow.port),
        number => {
            let first = number.as_u64().unwrap_or(0);
            let last = rule["endPort"].as_u64().unwrap_or(first);
            (first..=last).contains(&u64::from(flow.port))
        }
    }
}

/// Number of a named container port of a pod.
pub(crate) fn named_port(party: &Party, name: &str, protocol: Protocol) -> Option<u16> {
    let pod = party.pod.as_deref()?;
    let port = container_ports(pod).find(|port| {
        port["name"] == name && Protocol::parse(read::text(port, "/protocol")) == protocol
    })?;
    u16::try_from(port["containerPort"].as_u64()?).ok()
}

/// Declared ports of a pod, sidecars included.
pub(crate) fn container_ports(pod: &Value) -> impl Iterator<Item = &Value> {
    let sidecars = read::items(pod, "/spec/initContainers")
        .iter()
        .filter(|c| c["restartPolicy"] == "Always");
    read::items(pod, "/spec/containers")
        .iter()
        .chain(sidecars)
        .flat_map(|c| read::items(c, "/ports"))
}
