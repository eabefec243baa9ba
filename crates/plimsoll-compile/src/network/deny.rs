//! The default policy of a namespace: nothing in, nothing out but questions to DNS and what the
//! mesh needs.

use super::flow::{Flow, Peer, PodPort};
use super::policy::{self, Guarded};
use crate::cx::{Cx, Objects};
use crate::names;
use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec::app::cluster::{Cni, Distribution};
use plimsoll_spec::app::platform::MeshUse;
use plimsoll_world::{Cond, ObjectForm, Unit};

/// The default policy of a namespace.
pub fn objects(cx: &Cx, namespace: &Sourced<Str>, out: &mut Objects) {
    let name = namespace.choose("network/deny", |_| Str::from("default-deny"));
    let egress: Vec<Flow> = dns(cx).into_iter().chain(mesh(cx)).collect();
    let ingress = probes(cx);
    let pods = Guarded {
        name: &name,
        namespace,
        labels: names::labels(cx, &name, "namespace"),
        selector: &[],
        ingress: &ingress,
        egress: &egress,
        because: namespace.origin(),
    };
    let unit = Unit::Namespace(namespace.peek().clone());
    let when = Cond::known(true, namespace.origin());
    out.push(ObjectForm::new(
        unit.clone(),
        when.clone(),
        policy::portable(&pods),
    ));
    solvers(cx, namespace, &unit, out);
}

/// Kubernetes' DNS, its cache on the node (169.254.20.10), and `OpenShift`'s on 5353.
fn dns(cx: &Cx) -> Vec<Flow> {
    let cluster = &cx.app.cluster;
    let because = cluster.distribution.origin();
    let home = |namespace: &'static str| Sourced::rule("network/deny", Str::from(namespace));
    let open = |peer, port| Flow::new(peer, vec![PodPort::udp(port), PodPort::tcp(port)], because);
    let openshift = Cond::decided(&cluster.distribution, |it| *it == Distribution::OpenShift);
    let theirs = &[("dns.operator.openshift.io/daemonset-dns", "default")];
    let ours = &[("k8s-app", "kube-dns")];
    let cached = Cond::decided(&cluster.cni, |cni| *cni != Cni::Cilium);
    vec![
        open(Peer::labelled(home("openshift-dns"), theirs), 5353).when(openshift.clone()),
        open(Peer::labelled(home("kube-system"), ours), 53).when(openshift.clone().not()),
        open(Peer::fixed("169.254.20.10/32"), 53).when(openshift.not().and(cached)),
    ]
}

/// What the mesh needs from every pod.
fn mesh(cx: &Cx) -> Vec<Flow> {
    let mesh = &cx.app.platform.mesh;
    let because = mesh.use_.origin();
    let within = |namespace: &'static str, ports: &[u16]| {
        let ports = ports.iter().copied().map(PodPort::tcp).collect();
        let home = Sourced::rule("network/deny", Str::from(namespace));
        Flow::new(Peer::Namespace(home), ports, because)
    };
    match mesh.use_.peek() {
        MeshUse::None => Vec::new(),
        // HBONE, between the nodes' proxies of both pods.
        MeshUse::Istio if cx.has_ambient_mesh() => {
            vec![Flow::new(Peer::Cluster, vec![PodPort::tcp(15008)], because)]
        }
        MeshUse::Istio => vec![within("istio-system", &[15012, 15014])],
        // Identity, destination and policy of the control plane; 4143 between proxies.
        MeshUse::Linkerd => vec![
            within("linkerd", &[8080, 8086, 8090]),
            Flow::new(Peer::Cluster, vec![PodPort::tcp(4143)], because),
        ],
    }
}

/// Probes that do not come from the node: ztunnel's from 169.254.7.127, and HBONE itself.
fn probes(cx: &Cx) -> Vec<Flow> {
    let mesh = &cx.app.platform.mesh;
    let because = mesh.use_.origin();
    if cx.has_ambient_mesh() {
        return vec![
            Flow::to_all(Peer::fixed("169.254.7.127/32"), because),
            Flow::new(Peer::Cluster, vec![PodPort::tcp(15008)], because),
        ];
    }
    if *mesh.use_.peek() == MeshUse::Linkerd {
        return vec![
            Flow::new(Peer::Cluster, vec![PodPort::tcp(4143)], because),
            Flow::new(
                Peer::Namespace(Sourced::rule("network/deny", "linkerd-viz".into())),
                vec![PodPort::tcp(4190), PodPort::tcp(4191)],
                because,
            ),
        ];
    }
    Vec::new()
}

/// cert-manager's solver of HTTP challenges listens on 8089 while a certificate is asked for.
fn solvers(cx: &Cx, namespace: &Sourced<Str>, unit: &Unit, out: &mut Objects) {
    if !super::route::issuer::shows_pages(cx, namespace.peek()) {
        return;
    }
    let because: &Origin = cx.app.platform.certificates.use_.origin();
    let name = Sourced::rule("network/deny", Str::from("acme-solver"));
    let name = name.because(because);
    let solver = Sourced::rule("network/deny", Str::from("true"));
    let selector = vec![("acme.cert-manager.io/http01-solver".into(), solver)];
    let ingress = super::flows::from_gateway(cx, &[PodPort::tcp(8089)], because);
    let pods = Guarded {
        name: &name,
        namespace,
        labels: names::labels(cx, &name, "namespace"),
        selector: &selector,
        ingress: &ingress,
        egress: &[],
        because,
    };
    let when = Cond::known(true, because);
    out.push(ObjectForm::new(
        unit.clone(),
        when.clone(),
        policy::portable(&pods),
    ));
    if let Some(body) = policy::cilium(&pods).filter(|_| cx.cni() == Cni::Cilium) {
        out.push(ObjectForm::new(unit.clone(), when, body));
    }
}
