//! What Prometheus reads: a `PodMonitor` for each service with `metrics` and each store with an
//! exporter.
//!
//! Pods and not Services are asked: a pod that stands in three Services is read once. What was read
//! has the label `service`, and of a release that Argo Rollouts does, which version it comes from.

use super::engines;
use crate::cx::{Cx, Objects};
use crate::names;
use crate::program::Program;
use crate::stores::on;
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::pod::Metrics;
use plimsoll_spec::app::store::Run;
use plimsoll_spec::app::{Service, Store};
use plimsoll_spec::types::{Duration, PortRef};
use plimsoll_world::{Form, ObjectForm, Scope, Unit, form};

/// The monitors of services and stores.
pub fn objects(cx: &Cx, out: &mut Objects) {
    for service in cx.app.services.values() {
        let program = Program::service(service);
        if let Some(metrics) = &service.metrics
            && let Some(body) = of_service(cx, service, &program, metrics)
        {
            out.push(ObjectForm::new(program.unit.clone(), program.on(), body));
        }
    }
    for store in super::stores(cx) {
        if let Some(body) = of_store(cx, store) {
            let unit = Unit::Store(store.name.peek().clone());
            out.push(ObjectForm::new(unit, on(store), body));
        }
    }
}

/// What is asked for: by which pods, at which port.
struct Asked<'a> {
    name: &'a Sourced<Str>,
    namespace: &'a Sourced<Str>,
    component: &'static str,
    selector: Form,
    endpoint: Form,
    released: bool,
}

fn monitor(cx: &Cx, asked: Asked) -> Form {
    let s = &Scope::new("observe/monitors");
    let version = |label: &'static str| plimsoll_world::Lit(label);
    form!(s; {
        apiVersion: "monitoring.coreos.com/v1",
        kind: "PodMonitor",
        metadata: super::metadata(cx, asked.name, asked.namespace, asked.component),
        spec: {
            selector: { matchLabels: asked.selector },
            podTargetLabels: asked.released.then(|| form!(s; [version("rollouts-pod-template-hash")])),
            podMetricsEndpoints: [asked.endpoint],
        },
    })
}

fn of_service(cx: &Cx, service: &Service, program: &Program, metrics: &Metrics) -> Option<Form> {
    let s = &Scope::new("observe/monitors").because(&metrics.origin);
    let port = port_name(service, metrics)?;
    let endpoint = form!(s; {
        port: &port,
        path: &metrics.path,
        interval: metrics.every.map(Duration::prometheus),
        relabelings: [{ action: "replace", targetLabel: "service", replacement: &program.name }],
    });
    Some(monitor(
        cx,
        Asked {
            name: &program.name,
            namespace: program.namespace,
            component: program.component,
            selector: names::selector(cx, &program.name),
            endpoint,
            released: true,
        },
    ))
}

fn of_store(cx: &Cx, store: &Store) -> Option<Form> {
    let exporter = store.exporter.some()?;
    if !engines::says_how_it_is(store) {
        return None;
    }
    let s = &Scope::new("observe/monitors").because(&exporter.origin);
    let endpoint = form!(s; {
        port: "metrics",
        interval: "30s",
        relabelings: [{ action: "replace", targetLabel: "service", replacement: &store.name }],
    });
    let selector = if *store.run.peek() == Run::Operator {
        let s = &s.because(store.run.origin());
        form!(s; { "cnpg.io/cluster": &store.name })
    } else {
        names::selector(cx, &store.name)
    };
    Some(monitor(
        cx,
        Asked {
            name: &store.name,
            namespace: &store.namespace,
            component: "store",
            selector,
            endpoint,
            released: false,
        },
    ))
}

/// Name of the container's port that metrics are read from.
fn port_name(service: &Service, metrics: &Metrics) -> Option<Sourced<Str>> {
    let asked = &metrics.port;
    let name = match asked.peek() {
        PortRef::Main => service.ports.main()?.0.clone(),
        PortRef::Named(name) => name.clone(),
        PortRef::Number(number) => name_of(service, *number),
    };
    // Where nothing is said it is the main port, which the ports decide.
    let name = asked.choose("observe/monitors", |_| name);
    Some(name.because(&service.ports.origin))
}

/// Name of a port that a container declares by that number; else the one that is declared for
/// metrics alone.
fn name_of(service: &Service, number: u16) -> Str {
    match declared(service, number) {
        Some(name) => name.clone(),
        None => extra_name(service, number),
    }
}

fn declared(service: &Service, number: u16) -> Option<&Str> {
    let sidecars = service
        .sidecars
        .values()
        .flat_map(|sidecar| &sidecar.ports.all);
    let mut all = service.ports.all.iter().chain(sidecars);
    all.find(|(_, port)| *port.port.peek() == number)
        .map(|(name, _)| name)
}

fn extra_name(service: &Service, number: u16) -> Str {
    if service.ports.all.contains_key("metrics") {
        format!("metrics-{number}").into()
    } else {
        "metrics".into()
    }
}

/// The port that a service's container declares for metrics alone: a number that none of its
/// `ports` has.
pub fn extra_port(service: &Service) -> Option<(Sourced<Str>, Sourced<u16>)> {
    let metrics = service.metrics.as_ref()?;
    let PortRef::Number(number) = *metrics.port.peek() else {
        return None;
    };
    if declared(service, number).is_some() {
        return None;
    }
    let name = metrics
        .port
        .choose("observe/monitors", |_| extra_name(service, number));
    Some((name, metrics.port.map(|_| number)))
}
