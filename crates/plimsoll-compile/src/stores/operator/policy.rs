//! Policies of what the operator makes: its own labels select the pods.

use super::super::on;
use crate::cx::{Cx, Objects};
use crate::names;
use crate::network::flow::{Flow, Peer, PodPort};
use crate::network::flows;
use crate::network::policy::{self, Guarded};
use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec::app::Store;
use plimsoll_spec::app::cluster::Cni;
use plimsoll_world::{ObjectForm, Unit};

/// Where the operator's chart puts it.
const HOME: &str = "cnpg-system";
/// Where an instance says how it is.
const STATUS: u16 = 8000;
const POSTGRES: u16 = 5432;

/// The policies of instances and poolers.
pub fn objects(cx: &Cx, store: &Store, out: &mut Objects) {
    let because = store.run.origin();
    let own = flows::store_peer(cx, store, false);
    let between = vec![PodPort::tcp(POSTGRES), PodPort::tcp(STATUS)];
    let mut ingress = flows::users_of(cx, store, false);
    ingress.push(Flow::new(own.clone(), between.clone(), because));
    ingress.push(Flow::new(operator(), between.clone(), because));
    if let Some(exporter) = store.exporter.some() {
        ingress.extend(flows::from_scraper(
            cx,
            PodPort::tcp(9187),
            &exporter.origin,
        ));
    }
    let mut egress = vec![
        Flow::new(own.clone(), between, because),
        api_server(because),
    ];
    egress.extend(super::backup::outside(cx, store));
    if let Some(pooler) = store.pooler.some() {
        let peer = flows::store_peer(cx, store, true);
        ingress.push(Flow::new(
            peer.clone(),
            vec![PodPort::tcp(POSTGRES)],
            &pooler.origin,
        ));
        let in_pooler = flows::users_of(cx, store, true);
        let out_of_pooler = [
            Flow::new(own.clone(), vec![PodPort::tcp(POSTGRES)], &pooler.origin),
            api_server(because),
        ];
        let name = store.name.map(|name| Str::from(format!("{name}-pooler")));
        guard(cx, store, &name, &peer, (&in_pooler, &out_of_pooler), out);
    }
    guard(cx, store, &store.name, &own, (&ingress, &egress), out);
}

fn operator() -> Peer {
    let home = Sourced::rule("stores/operator", Str::from(HOME));
    Peer::labelled(home, &[(names::NAME, "cloudnative-pg")])
}

/// Instances ask it who they are.
fn api_server(because: &Origin) -> Flow {
    let ports = vec![PodPort::tcp(443), PodPort::tcp(6443)];
    Flow::new(Peer::ApiServer, ports, because)
}

fn guard(
    cx: &Cx,
    store: &Store,
    name: &Sourced<Str>,
    of: &Peer,
    (ingress, egress): (&[Flow], &[Flow]),
    out: &mut Objects,
) {
    let Peer::Pods { labels, .. } = of else {
        return;
    };
    let pods = Guarded {
        name,
        namespace: &store.namespace,
        labels: names::labels(cx, &store.name, "store"),
        selector: labels,
        ingress,
        egress,
        because: store.run.origin(),
    };
    let unit = Unit::Store(store.name.peek().clone());
    out.push(ObjectForm::new(
        unit.clone(),
        on(store),
        policy::portable(&pods),
    ));
    if cx.cni() == Cni::Cilium
        && let Some(body) = policy::cilium(&pods)
    {
        out.push(ObjectForm::new(unit, on(store), body));
    }
}
