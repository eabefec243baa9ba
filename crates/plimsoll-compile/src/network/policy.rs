//! Network policies: a default deny for each namespace, and for each set of pods exactly the holes
//! that its flows need.

use super::flow::{Flow, Peer, PodPort};
use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_world::{Form, Fragment, Lit, MapBuilder, Scope, SeqPart, form};

/// A set of pods with what may come in and go out.
pub struct Guarded<'a> {
    /// Name of the policy.
    pub name: &'a Sourced<Str>,
    /// Namespace of the pods.
    pub namespace: &'a Sourced<Str>,
    /// Labels of the policy itself.
    pub labels: Form,
    /// Labels that select the pods; empty: all.
    pub selector: &'a [(Str, Sourced<Str>)],
    /// Who may come.
    pub ingress: &'a [Flow],
    /// Where to.
    pub egress: &'a [Flow],
    /// What it is all for.
    pub because: &'a Origin,
}

/// The portable policy. Flows that only a dialect can say are in [`cilium`].
pub fn portable(pods: &Guarded) -> Form {
    let s = &Scope::new("network/policy").because(pods.because);
    form!(s; {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: {
            name: pods.name,
            namespace: pods.namespace,
            labels: pods.labels.clone(),
        },
        spec: spec(s, pods),
    })
}

/// Lists with nothing in them are left out: the server drops them, so whoever applies the object a second
/// time would seem to change it.
fn spec(s: &Scope, pods: &Guarded) -> Form {
    let mut spec = MapBuilder::new(s);
    spec.put(s, "podSelector", selector(s, pods.selector));
    spec.put(s, "policyTypes", form!(s; ["Ingress", "Egress"]));
    for (key, list) in [
        ("ingress", rules(pods.ingress, "from")),
        ("egress", rules(pods.egress, "to")),
    ] {
        if is_never_empty(&list) {
            spec.put(s, key, list);
        } else {
            spec.put(s, key, Fragment(list));
        }
    }
    spec.build()
}

fn is_never_empty(list: &Form) -> bool {
    match list {
        Form::Plain(node) => !node.items().is_empty(),
        Form::Seq(_, parts) => parts
            .iter()
            .any(|part| matches!(part, SeqPart::Item { when: None, .. })),
        _ => false,
    }
}

fn selector(s: &Scope, labels: &[(Str, Sourced<Str>)]) -> Form {
    if labels.is_empty() {
        return form!(s; {});
    }
    form!(s; { matchLabels: match_labels(s, labels) })
}

fn match_labels(s: &Scope, labels: &[(Str, Sourced<Str>)]) -> Form {
    let mut map = MapBuilder::new(s);
    for (key, value) in labels {
        map.put(s, key.clone(), value);
    }
    map.build()
}

fn rules(flows: &[Flow], side: &'static str) -> Form {
    let s = &Scope::new("network/policy");
    let mut list = plimsoll_world::SeqBuilder::new(s);
    for flow in flows.iter().filter(|flow| flow.opens()) {
        let s = &s.because(&flow.because);
        let Some(peers) = peers(s, &flow.peer) else {
            continue;
        };
        list.push_when(s, flow.when.clone(), || {
            form!(s; {
                (side): peers,
                ports: flow.ports().map(|open| ports(s, open)),
            })
        });
    }
    list.build()
}

/// The peers as the portable kind knows them, none of them for whoever comes; `None` where only a
/// dialect can say it.
fn peers(s: &Scope, peer: &Peer) -> Option<Option<Form>> {
    Some(Some(match peer {
        Peer::Pods { namespace, labels } => form!(s; [{
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
            podSelector: selector(s, labels),
        }]),
        Peer::Namespace(namespace) => form!(s; [{
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
        }]),
        Peer::Cluster => form!(s; [{ namespaceSelector: {} }]),
        Peer::Addresses(cidrs) => {
            form!(s; [for cidr in cidrs => { ipBlock: { cidr: cidr } }])
        }
        Peer::Public => public(s),
        Peer::ApiServer => {
            form!(s; [{ ipBlock: { cidr: "0.0.0.0/0" } }, { ipBlock: { cidr: "::/0" } }])
        }
        Peer::Anyone => return Some(None),
        Peer::CiliumIngress => return None,
    }))
}

/// Every address but private, shared, link-local (the cloud's metadata service) and loopback ones.
/// Ranges: RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291.
fn public(s: &Scope) -> Form {
    form!(s; [
        { ipBlock: {
            cidr: "0.0.0.0/0",
            except: ["10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"],
        } },
        { ipBlock: { cidr: "::/0", except: ["fc00::/7", "fe80::/10"] } },
    ])
}

fn ports(s: &Scope, ports: &[PodPort]) -> Form {
    form!(s; [for port in ports => {
        port: &port.number,
        protocol: Lit(port.protocol),
    }])
}

/// What only Cilium can say of these pods: the API server and the gateway as entities, and names
/// outside of the cluster. `None` where there is nothing of that kind.
pub fn cilium(pods: &Guarded) -> Option<Form> {
    let s = &Scope::new("network/policy").because(pods.because);
    let said =
        |flow: &&Flow| flow.opens() && matches!(flow.peer, Peer::CiliumIngress | Peer::ApiServer);
    let ingress: Vec<&Flow> = pods.ingress.iter().filter(said).collect();
    let egress: Vec<&Flow> = pods.egress.iter().filter(said).collect();
    if ingress.is_empty() && egress.is_empty() {
        return None;
    }
    Some(form!(s; {
        apiVersion: "cilium.io/v2",
        kind: "CiliumNetworkPolicy",
        metadata: {
            name: pods.name,
            namespace: pods.namespace,
            labels: pods.labels.clone(),
        },
        spec: {
            endpointSelector: selector(s, pods.selector),
            ingress: (!ingress.is_empty()).then(|| entity_rules(&ingress, Side::From)),
            egress: (!egress.is_empty()).then(|| entity_rules(&egress, Side::To)),
        },
    }))
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    From,
    To,
}

fn entity_rules(flows: &[&Flow], side: Side) -> Form {
    let s = &Scope::new("network/policy");
    let mut list = plimsoll_world::SeqBuilder::new(s);
    for flow in flows {
        let s = &s.because(&flow.because);
        let key = if side == Side::From {
            "fromEntities"
        } else {
            "toEntities"
        };
        let entity = if flow.peer == Peer::CiliumIngress {
            "ingress"
        } else {
            "kube-apiserver"
        };
        list.push_when(s, flow.when.clone(), || {
            let mut rule = MapBuilder::new(s);
            rule.put(s, key, form!(s; [Lit(entity)]));
            // The API server listens on 6443 behind its Service, and providers differ: the entity
            // alone is exact.
            let named = flow.ports().filter(|_| flow.peer != Peer::ApiServer);
            if let Some(ports) = named {
                rule.put(
                    s,
                    "toPorts",
                    form!(s; [{ ports: [for port in ports => {
                    port: port.number.map(|number| Str::from(number.to_string())),
                    protocol: Lit(port.protocol),
                }] }]),
                );
            }
            rule.build()
        });
    }
    list.build()
}
