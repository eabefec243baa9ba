//! Who may talk to whom inside of Istio: an `AuthorizationPolicy` for each set of pods, made of the same
//! flows as its network policy. Between pods of the mesh the network sees one encrypted port alone.
//!
//! Source: Istio 1.30, `security.istio.io/v1`. What is not of the mesh has no identity there: it is let
//! to its ports, and the network policy says who it is. A namespace is one of the mesh: who is let in by its
//! name comes with an identity.

use super::flow::{Flow, Peer, PodPort};
use super::policy::Guarded;
use crate::cx::Cx;
use crate::names;
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::platform::MeshUse;
use plimsoll_world::{Form, Scope, SeqBuilder, form};

/// Whether the mesh asks who may talk to whom.
pub fn asks(cx: &Cx) -> bool {
    *cx.app.platform.mesh.use_.peek() == MeshUse::Istio
}

/// The policy of a set of pods. Without any rule nobody of the mesh may come.
pub fn policy(cx: &Cx, pods: &Guarded) -> Form {
    let s = &Scope::new("network/mesh").because(cx.app.platform.mesh.use_.origin());
    let mut labels = plimsoll_world::MapBuilder::new(s);
    for (key, value) in pods.selector {
        labels.put(s, key.clone(), value);
    }
    let mut rules = SeqBuilder::new(s);
    for flow in pods.ingress.iter().filter(|flow| flow.opens()) {
        let s = &s.because(&flow.because);
        rules.push_when(s, flow.when.clone(), || rule(cx, s, flow));
    }
    form!(s; {
        apiVersion: "security.istio.io/v1",
        kind: "AuthorizationPolicy",
        metadata: {
            name: pods.name,
            namespace: pods.namespace,
            labels: pods.labels.clone(),
        },
        spec: {
            selector: { matchLabels: labels.build() },
            action: "ALLOW",
            rules: rules.build(),
        },
    })
}

fn rule(cx: &Cx, s: &Scope, flow: &Flow) -> Form {
    let source = source(cx, s, &flow.peer);
    let ports = flow.ports().map(|open| ports(s, open));
    form!(s; {
        from: source.map(|source| form!(s; [{ source: source }])),
        to: ports.map(|ports| form!(s; [{ operation: { ports: ports } }])),
    })
}

fn ports(s: &Scope, ports: &[PodPort]) -> Form {
    form!(s; [for port in ports => port.number.map(|port| Str::from(port.to_string()))])
}

/// The other side as the mesh knows it; `None` where it may be without identity.
fn source(cx: &Cx, s: &Scope, peer: &Peer) -> Option<Form> {
    match peer {
        Peer::Pods { namespace, labels } => {
            let name = account(cx, labels)?;
            let principal = namespace.zip(&name, |namespace, name| {
                Str::from(format!("cluster.local/ns/{namespace}/sa/{name}"))
            });
            Some(form!(s; { principals: [principal] }))
        }
        Peer::Addresses(ranges) => Some(form!(s; { ipBlocks: [for range in ranges => range] })),
        Peer::Namespace(namespace) => Some(form!(s; { namespaces: [namespace] })),
        Peer::Cluster | Peer::Public | Peer::ApiServer | Peer::CiliumIngress | Peer::Anyone => None,
    }
}

/// The service account of pods of ours, and of the Gateway that Istio runs for us.
fn account(cx: &Cx, labels: &[(Str, Sourced<Str>)]) -> Option<Sourced<Str>> {
    let label = |wanted: &str| {
        labels
            .iter()
            .find(|(key, _)| key == wanted)
            .map(|(_, name)| name)
    };
    if let Some(gateway) = label("gateway.networking.k8s.io/gateway-name") {
        return Some(gateway.map(|name| Str::from(format!("{name}-istio"))));
    }
    if let Some(cluster) = label("cnpg.io/cluster").or_else(|| label("cnpg.io/poolerName")) {
        return Some(cluster.clone());
    }
    label(names::INSTANCE)?;
    let name = label(names::NAME)?;
    if cx
        .edges
        .programs()
        .iter()
        .any(|program| program.name == *name)
    {
        return Some(name.clone());
    }
    // What helps a store runs under the store's account.
    let helped = |store: &&plimsoll_spec::app::Store| {
        name.peek().starts_with(&format!("{}-", store.name.peek()))
    };
    let store = cx.app.stores.values().find(helped)?;
    Some(name.choose("network/mesh", |_| store.name.peek().clone()))
}
