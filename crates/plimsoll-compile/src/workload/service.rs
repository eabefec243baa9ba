//! The Service of a program with ports, and the headless one that names its pods.

use crate::cx::{Cx, Objects};
use crate::names;
use crate::program::Program;
use crate::workload::container::protocol_text;
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::port::Speaks;
use plimsoll_spec::app::{Port, Service};
use plimsoll_world::{Cond, Form, ObjectForm, Scope, SeqBuilder, Unit, form};

/// What a Service stands for.
pub struct Front<'a> {
    /// The block.
    pub unit: Unit,
    /// Name of the Service.
    pub name: Sourced<Str>,
    /// Name in the labels of the pods.
    pub pods: &'a Sourced<Str>,
    /// Namespace.
    pub namespace: &'a Sourced<Str>,
    /// Role in the labels.
    pub component: &'static str,
    /// Its ports.
    pub ports: Vec<(&'a Str, &'a Port)>,
    /// What lets it exist.
    pub when: Cond,
    /// Whether it names each pod, ready or not, instead of balancing.
    pub headless: bool,
    /// Further labels that select the pods.
    pub also: Vec<(&'static str, Sourced<Str>)>,
}

/// The Services of a service.
pub fn objects(cx: &Cx, service: &Service, program: &Program, out: &mut Objects) {
    let offered = service.offered();
    let ports: Vec<(&Str, &Port)> = offered.all.iter().collect();
    if ports.is_empty() {
        return;
    }
    let front = |name: Sourced<Str>, headless| Front {
        unit: program.unit.clone(),
        name,
        pods: &program.name,
        namespace: program.namespace,
        component: program.component,
        ports: ports.clone(),
        when: program.on(),
        headless,
        also: Vec::new(),
    };
    out.push(form_of(cx, &front(program.name.clone(), false)));
    if names_pods(cx, service) {
        out.push(form_of(
            cx,
            &front(program.name.map(|name| format!("{name}-pods").into()), true),
        ));
    }
}

/// A further Service of the same pods, to which Argo Rollouts gives those of one version.
pub fn another(
    cx: &Cx,
    service: &Service,
    program: &Program,
    name: Sourced<Str>,
) -> Option<ObjectForm> {
    let offered = service.offered();
    let front = Front {
        unit: program.unit.clone(),
        name,
        pods: &program.name,
        namespace: program.namespace,
        component: program.component,
        ports: offered.all.iter().collect(),
        when: program.on(),
        headless: false,
        also: Vec::new(),
    };
    (!front.ports.is_empty()).then(|| form_of(cx, &front))
}

/// Whether the headless Service is wanted: a statefulset always has it, others where `.pods` asks.
fn names_pods(cx: &Cx, service: &Service) -> bool {
    use plimsoll_spec::app::service::Kind;
    *service.kind.peek() == Kind::StatefulSet || cx.edges.by_pod(service.name.peek())
}

/// A Service as an object.
pub fn form_of(cx: &Cx, front: &Front) -> ObjectForm {
    let s = &Scope::new("workload/service");
    let mut ports = SeqBuilder::new(s);
    for (name, port) in &front.ports {
        let origin = port.port.origin();
        let s = &s.because(origin);
        ports.push(
            s,
            form!(s; {
                name: s.text((*name).clone()),
                port: &port.at,
                targetPort: s.text((*name).clone()),
                protocol: port.protocol.map(|protocol| protocol_text(*protocol)),
                appProtocol: port.speaks.map(|speaks| app_protocol(*speaks)),
            }),
        );
    }
    let body = form!(s; {
        apiVersion: "v1",
        kind: "Service",
        metadata: {
            name: &front.name,
            namespace: front.namespace,
            labels: names::labels(cx, front.pods, front.component),
        },
        spec: {
            type: "ClusterIP",
            when (Cond::known(front.headless, front.name.origin())) clusterIP: "None",
            when (Cond::known(front.headless, front.name.origin())) publishNotReadyAddresses: true,
            selector: selector(cx, front),
            ports: ports.build(),
        },
    });
    ObjectForm::new(front.unit.clone(), front.when.clone(), body)
}

fn selector(cx: &Cx, front: &Front) -> Form {
    let s = &Scope::new("workload/service");
    let mut map = plimsoll_world::MapBuilder::new(s);
    map.splice(s, names::selector(cx, front.pods));
    for (key, value) in &front.also {
        map.put(s, *key, value);
    }
    map.build()
}

/// `kubernetes.io/h2c` is HTTP/2 without TLS, which is what gRPC inside a cluster speaks.
fn app_protocol(speaks: Speaks) -> &'static str {
    match speaks {
        Speaks::Http => "http",
        Speaks::Grpc => "kubernetes.io/h2c",
        Speaks::Tcp => "tcp",
    }
}
