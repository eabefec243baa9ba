//! The policy of a store: its users, its scraper, and its own instances among themselves.

use super::recipe::Recipe;
use super::{on, several};
use crate::cx::{Cx, Objects};
use crate::names;
use crate::network::flow::{Flow, Peer, PodPort};
use crate::network::{self, flows};
use crate::program::Program;
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::Store;
use plimsoll_world::Cond;

/// The policy of the instances of a store.
pub fn objects(
    cx: &Cx,
    store: &Store,
    program: &Program,
    recipe: &Recipe,
    metrics: Option<u16>,
    out: &mut Objects,
) {
    let mut ingress = flows::users_of(cx, store, false);
    let mut egress = flows::out_of_program(cx, program);
    let ports = client_ports(store);
    for helper in &recipe.helpers {
        ingress.push(Flow::new(
            helper_peer(cx, store, helper),
            ports.clone(),
            &store.origin,
        ));
    }
    if recipe.peers {
        let mut all = ports;
        all.extend(recipe.inner_ports());
        let own = |when: Cond| {
            let peer = flows::store_peer(cx, store, false);
            Flow::new(peer, all.clone(), store.instances.origin()).when(when)
        };
        ingress.push(own(several(store)));
        egress.push(own(several(store)));
    }
    if let (Some(port), Some(exporter)) = (metrics, store.exporter.some()) {
        ingress.extend(flows::from_scraper(
            cx,
            PodPort::tcp(port),
            &exporter.origin,
        ));
    }
    network::guard(
        cx,
        &program.unit,
        &store.name,
        &store.namespace,
        "store",
        &on(store),
        (&ingress, &egress),
        out,
    );
}

/// The ports that clients use, as the container listens.
pub fn client_ports(store: &Store) -> Vec<PodPort> {
    store
        .ports
        .all
        .values()
        .map(|port| {
            let protocol = crate::workload::container::protocol_text(*port.protocol.peek());
            PodPort::of(port.port.clone(), protocol)
        })
        .collect()
}

/// Further pods of a store, by their name in the labels.
pub fn helper_peer(cx: &Cx, store: &Store, name: &Sourced<Str>) -> Peer {
    Peer::Pods {
        namespace: store.namespace.clone(),
        labels: names::selecting(cx, name),
    }
}
