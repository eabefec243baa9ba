//! The flows of each set of pods, both ends of every edge: what it uses, who uses it, routes,
//! scrapers, the API server.

use super::flow::{Flow, Peer, PodPort};
use crate::cx::Cx;
use crate::names;
use crate::platform::slots;
use crate::program::Program;
use crate::workload::env::available;
use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec::app::platform::GatewayUse;
use plimsoll_spec::app::store::Run;
use plimsoll_spec::app::{Port, Ports, Service, Store, Use};
use plimsoll_spec::types::{Caller, PortRef, RouteTarget, Target};
use plimsoll_world::Cond;

/// The pods of a thing as a peer.
fn pods(cx: &Cx, name: &Sourced<Str>, namespace: &Sourced<Str>) -> Peer {
    Peer::Pods {
        namespace: namespace.clone(),
        labels: names::selecting(cx, name),
    }
}

fn pod_port(port: &Port) -> PodPort {
    let protocol = crate::workload::container::protocol_text(*port.protocol.peek());
    PodPort::of(port.port.clone(), protocol)
}

/// The ports that an edge opens: those it names, by name or number of the Service, else the main
/// one, else (of stores and buckets) all.
fn opened(ports: &Ports, asked: Option<&[Sourced<PortRef>]>, all: bool) -> Vec<PodPort> {
    let chosen = |asked: &Sourced<PortRef>| {
        let found = find(ports, asked.peek())?;
        let number = match asked.peek() {
            // A number that no port of the Service has is the pod's own.
            PortRef::Number(number) if !ports.all.values().any(|port| port.at.peek() == number) => {
                asked.map(|_| *number)
            }
            _ => found.number.because(asked.origin()),
        };
        Some(PodPort::of(number, found.protocol))
    };
    match asked {
        Some(asked) => asked.iter().filter_map(chosen).collect(),
        None if all => ports.all.values().map(pod_port).collect(),
        None => ports
            .main()
            .map(|(_, port)| pod_port(port))
            .into_iter()
            .collect(),
    }
}

/// The ports of a service's pods that an edge opens, those of its sidecars among them. None: nothing
/// listens.
pub fn of_service(service: &Service, asked: Option<&[Sourced<PortRef>]>) -> Vec<PodPort> {
    opened(&service.offered(), asked, false)
}

/// What says which ports an edge opens.
fn asked_ports(asked: Option<&Vec<Sourced<PortRef>>>) -> Origin {
    Origin::all(
        asked
            .into_iter()
            .flatten()
            .map(|port| port.origin().clone()),
    )
}

fn find(ports: &Ports, wanted: &PortRef) -> Option<PodPort> {
    match wanted {
        PortRef::Main => ports.main().map(|(_, port)| pod_port(port)),
        PortRef::Named(name) => ports.all.get(name).map(pod_port),
        PortRef::Number(number) => {
            let at = ports.all.values().find(|port| port.at.peek() == number);
            Some(at.map_or_else(|| PodPort::tcp(*number), pod_port))
        }
    }
}

/// What may come to a program: its callers, routes and scrapers.
pub fn into_program(cx: &Cx, program: &Program) -> Vec<Flow> {
    let plimsoll_world::Unit::Service(name) = &program.unit else {
        return Vec::new();
    };
    let Some(service) = cx.app.services.get(name) else {
        return Vec::new();
    };
    let mut flows = Vec::new();
    for (user, uses) in cx.edges.users_of_service(name) {
        let peer = pods(cx, &user.name, user.namespace);
        let ports = of_service(service, uses.ports.as_deref());
        flows.push(Flow::new(peer, ports, &uses.origin).when(user.on()));
    }
    for caller in service.callers.values() {
        let ports = of_service(service, caller.ports.as_deref());
        let said = |text: &Str| caller.caller.map(|_| text.clone());
        let peer = match caller.caller.peek() {
            Caller::Namespace(namespace) => Peer::Namespace(said(namespace)),
            Caller::Pods { namespace, name } => Peer::Pods {
                namespace: said(namespace),
                labels: vec![(names::NAME.into(), said(name))],
            },
            Caller::Cidr(cidr) => Peer::Addresses(vec![said(&cidr.to_string().into())]),
        };
        let because = caller
            .caller
            .origin()
            .because(&asked_ports(caller.ports.as_ref()));
        flows.push(Flow::new(peer, ports, &because));
    }
    flows.extend(routed(cx, name, &service.offered()));
    if let Some(metrics) = &service.metrics
        && let Some((port, _)) = program.port(metrics.port.peek())
    {
        let because = metrics.origin.because(metrics.port.origin());
        let port = match metrics.port.peek() {
            PortRef::Number(number) => metrics.port.map(|_| *number),
            _ => port.because(metrics.port.origin()),
        };
        flows.extend(from_scraper(cx, PodPort::of(port, "TCP"), &because));
    }
    flows
}

/// What routes bring from the gateway.
fn routed(cx: &Cx, name: &Str, ports: &Ports) -> Vec<Flow> {
    let mut flows = Vec::new();
    for (route, path) in cx.edges.routes_to(name) {
        let RouteTarget::Backend { port, .. } = path.to.peek() else {
            continue;
        };
        let Some(port) = find(ports, &route_port(port.as_ref())) else {
            continue;
        };
        let from = from_gateway(cx, &[port], &path.origin);
        flows.extend(
            from.into_iter()
                .map(|flow| flow.when(Cond::on(&route.enabled))),
        );
    }
    flows
}

fn route_port(port: Option<&Str>) -> PortRef {
    match port {
        None => PortRef::Main,
        Some(port) => match port.parse() {
            Ok(number) => PortRef::Number(number),
            Err(_) => PortRef::Named(port.clone()),
        },
    }
}

/// The data plane of the gateway as the other side. Labels are those of the components' own
/// documents: Envoy Gateway 1.9, Istio 1.30, Traefik 3.7, NGINX Gateway Fabric 2.6,
/// ingress-nginx 1.15.
pub fn from_gateway(cx: &Cx, ports: &[PodPort], because: &Origin) -> Vec<Flow> {
    let component = &cx.app.platform.gateway.component;
    let home = |default: &'static str| {
        let namespace = component.namespace.clone();
        namespace.unwrap_or_else(|| Sourced::rule("network/flows", Str::from(default)))
    };
    let owned = || Peer::Pods {
        namespace: cx.main_namespace().clone(),
        labels: vec![("gateway.networking.k8s.io/gateway-name".into(), cx.name())],
    };
    let labelled = Peer::labelled;
    let peer = match cx.gateway() {
        GatewayUse::None => return Vec::new(),
        GatewayUse::Cilium => Peer::CiliumIngress,
        GatewayUse::Envoy => labelled(
            home("envoy-gateway-system"),
            &[
                ("app.kubernetes.io/managed-by", "envoy-gateway"),
                ("app.kubernetes.io/component", "proxy"),
            ],
        ),
        GatewayUse::Istio | GatewayUse::NginxFabric => owned(),
        GatewayUse::Traefik => labelled(home("traefik"), &[(names::NAME, "traefik")]),
        GatewayUse::IngressNginx => {
            labelled(home("ingress-nginx"), &[(names::NAME, "ingress-nginx")])
        }
    };
    let chosen = &cx.app.platform.gateway.use_;
    vec![Flow::new(
        peer,
        ports.to_vec(),
        &because.because(chosen.origin()),
    )]
}

/// Where a gateway that runs beside us sends requests: the backends of every route.
pub fn out_of_gateway(cx: &Cx) -> Vec<Flow> {
    let mut flows = Vec::new();
    for route in cx.app.routes.values() {
        for path in route.paths.values() {
            let RouteTarget::Backend { target, port } = path.to.peek() else {
                continue;
            };
            let flow = match target {
                Target::Service(name) => {
                    let Some(service) = cx.app.services.get(name) else {
                        continue;
                    };
                    let wanted = route_port(port.as_ref());
                    let Some(port) = find(&service.offered(), &wanted) else {
                        continue;
                    };
                    let peer = pods(cx, service.name.fixed(), &service.namespace);
                    Flow::new(peer, vec![port], &path.origin)
                }
                Target::Slot(slot) => {
                    let Some(facts) = slots::facts(cx, slot) else {
                        continue;
                    };
                    let ports = facts
                        .ports
                        .iter()
                        .map(|port| PodPort::tcp(port.pod))
                        .collect();
                    Flow::new(slot_peer(&facts), ports, &path.origin)
                }
                Target::Store { .. } | Target::External(_) => continue,
            };
            flows.push(
                flow.when(available(cx, target))
                    .when(Cond::on(&route.enabled)),
            );
        }
    }
    flows
}

/// The scraper of the platform as the other side.
pub fn from_scraper(cx: &Cx, port: PodPort, because: &Origin) -> Option<Flow> {
    let facts = slots::facts(cx, "metrics")?;
    Some(Flow::new(slot_peer(&facts), vec![port], because))
}

fn slot_peer(facts: &slots::SlotFacts) -> Peer {
    Peer::labelled(facts.namespace.clone(), &[facts.label])
}

/// Where a program may go: what it uses, and the API server if it may ask it anything.
pub fn out_of_program(cx: &Cx, program: &Program) -> Vec<Flow> {
    let mut flows: Vec<Flow> = program
        .uses
        .values()
        .filter_map(|uses| toward(cx, uses, program))
        .collect();
    if let Some(first) = program.can.first() {
        let ports = vec![PodPort::tcp(443), PodPort::tcp(6443)];
        flows.push(Flow::new(Peer::ApiServer, ports, first.origin()));
    }
    flows
}

fn toward(cx: &Cx, uses: &Use, program: &Program) -> Option<Flow> {
    let flow = match &uses.target {
        Target::Service(name) => {
            let service = cx.app.services.get(name)?;
            let peer = pods(cx, service.name.fixed(), &service.namespace);
            Flow::new(
                peer,
                of_service(service, uses.ports.as_deref()),
                &uses.origin,
            )
        }
        Target::Store { store, .. } => to_store(cx, uses, program, cx.app.stores.get(store)?),
        Target::External(name) => {
            let external = cx.app.externals.get(name)?;
            let ports = opened(&external.ports, uses.ports.as_deref(), true);
            Flow::new(addresses(&external.cidr), ports, &uses.origin)
        }
        Target::Slot(slot) => {
            let facts = slots::facts(cx, slot)?;
            let ports = facts
                .ports
                .iter()
                .map(|port| PodPort::tcp(port.pod))
                .collect();
            Flow::new(slot_peer(&facts), ports, &uses.origin)
        }
    };
    Some(flow.when(available(cx, &uses.target)))
}

/// The ranges that are named, else everything public.
fn addresses(ranges: &[Sourced<plimsoll_spec::types::Cidr>]) -> Peer {
    if ranges.is_empty() {
        return Peer::Public;
    }
    let text =
        |range: &Sourced<plimsoll_spec::types::Cidr>| range.map(|r| Str::from(r.to_string()));
    Peer::Addresses(ranges.iter().map(text).collect())
}

fn to_store(cx: &Cx, uses: &Use, program: &Program, store: &Store) -> Flow {
    let ports = opened(&store.offered(), uses.ports.as_deref(), true);
    if *store.run.peek() == Run::External {
        return Flow::new(addresses(&store.cidr), ports, &uses.origin);
    }
    let (pooled, because) = through_pooler(uses, program, store);
    let peer = store_peer(cx, store, pooled);
    Flow::new(peer, ports, &uses.origin.because(&because))
}

/// Whether an edge goes through the pooler of a store, and what says so. Migrations never do.
fn through_pooler(uses: &Use, program: &Program, store: &Store) -> (bool, Origin) {
    let pooled = store.pooler.some().is_some()
        && *uses.pooler.peek()
        && !*uses.read.peek()
        && program.component != "migration";
    let said = [uses.pooler.origin(), uses.read.origin()].map(Origin::clone);
    let all = said.into_iter().chain([crate::address::pooler(store)]);
    (pooled, Origin::all(all))
}

/// The pods of a store, or of its pooler.
pub fn store_peer(cx: &Cx, store: &Store, pooled: bool) -> Peer {
    let name = if pooled {
        store.name.map(|name| Str::from(format!("{name}-pooler")))
    } else {
        store.name.clone()
    };
    if *store.run.peek() != Run::Operator {
        return pods(cx, &name, &store.namespace);
    }
    let label = if pooled {
        "cnpg.io/poolerName"
    } else {
        "cnpg.io/cluster"
    };
    Peer::Pods {
        namespace: store.namespace.clone(),
        labels: vec![(label.into(), name.because(store.run.origin()))],
    }
}

/// Who uses a store: the pods on the other end of each edge, with what lets the edge exist.
pub fn users_of(cx: &Cx, store: &Store, pooled: bool) -> Vec<Flow> {
    let mut flows = Vec::new();
    for (user, uses) in cx.edges.users_of_store(store.name.peek()) {
        let (through, because) = through_pooler(uses, user, store);
        let peer = pods(cx, &user.name, user.namespace);
        let ports = opened(&store.offered(), uses.ports.as_deref(), true);
        let flow = Flow::new(peer, ports, &uses.origin.because(&because));
        let flow = flow
            .when(Cond::known(through == pooled, &because))
            .when(user.on());
        let known = |other: &Flow| {
            other.peer == flow.peer && other.open == flow.open && other.when.may_hold()
        };
        if !flows.iter().any(known) {
            flows.push(flow);
        }
    }
    flows
}
