//! Where a gateway's traffic comes from, so that policies on its way can be judged.
//!
//! Sources: Envoy Gateway 1.9, Cilium 1.20, Istio 1.30, Traefik 3.7, NGINX Gateway Fabric 2.6,
//! ingress-nginx 1.13: labels of the pods that their charts or controllers make.

use super::{Party, read};
use crate::state::State;
use serde_json::Value;
use std::collections::BTreeMap;

/// What moves the requests of a gateway or ingress class.
#[derive(Clone, Debug)]
pub struct DataPlane {
    /// The controller's name as classes write it.
    pub controller: &'static str,
    /// Words for people.
    pub name: &'static str,
    place: Place,
    labels: &'static [(&'static str, &'static str)],
    /// Label keys that hold the Gateway's name and namespace.
    owner: Option<(&'static str, Option<&'static str>)>,
    /// Port of the proxy's container for a listener's port.
    pub(crate) listens: fn(u16) -> u16,
    /// Whether it answers plain HTTP with a redirect where an Ingress has TLS.
    pub(crate) redirects_to_tls: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Pods in the controller's namespace; the name is that of its chart's documentation.
    Namespace(&'static str),
    /// Pods beside the Gateway object.
    OfGateway,
    /// Inside the nodes.
    Nodes,
}

const ISTIO: &str = "istio.io/gateway-controller";
const MANAGED: &str = "app.kubernetes.io/managed-by";
const NAME: &str = "app.kubernetes.io/name";
const COMPONENT: &str = "app.kubernetes.io/component";
const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";

const KNOWN: &[DataPlane] = &[
    DataPlane {
        controller: "gateway.envoyproxy.io/gatewayclass-controller",
        name: "Envoy Gateway",
        place: Place::Namespace("envoy-gateway-system"),
        labels: &[
            (MANAGED, "envoy-gateway"),
            (NAME, "envoy"),
            (COMPONENT, "proxy"),
        ],
        owner: Some((
            "gateway.envoyproxy.io/owning-gateway-name",
            Some("gateway.envoyproxy.io/owning-gateway-namespace"),
        )),
        listens: unprivileged,
        redirects_to_tls: false,
    },
    DataPlane {
        controller: "io.cilium/gateway-controller",
        name: "Cilium",
        place: Place::Nodes,
        labels: &[],
        owner: None,
        listens: same,
        redirects_to_tls: false,
    },
    DataPlane {
        controller: ISTIO,
        name: "Istio",
        place: Place::OfGateway,
        labels: &[],
        owner: Some((GATEWAY_NAME, None)),
        listens: same,
        redirects_to_tls: false,
    },
    DataPlane {
        controller: "traefik.io/gateway-controller",
        name: "Traefik",
        place: Place::Namespace("traefik"),
        labels: &[(NAME, "traefik")],
        owner: None,
        listens: web_ports,
        redirects_to_tls: false,
    },
    DataPlane {
        controller: "gateway.nginx.org/nginx-gateway-controller",
        name: "NGINX Gateway Fabric",
        place: Place::OfGateway,
        labels: &[(MANAGED, "ngf-nginx")],
        owner: Some((GATEWAY_NAME, None)),
        listens: same,
        redirects_to_tls: false,
    },
    DataPlane {
        controller: "k8s.io/ingress-nginx",
        name: "ingress-nginx",
        place: Place::Namespace("ingress-nginx"),
        labels: &[(NAME, "ingress-nginx"), (COMPONENT, "controller")],
        owner: None,
        listens: same,
        redirects_to_tls: true,
    },
    DataPlane {
        controller: "nginx.org/ingress-controller",
        name: "NGINX Ingress Controller",
        place: Place::Namespace("nginx-ingress"),
        labels: &[(NAME, "nginx-ingress")],
        owner: None,
        listens: same,
        redirects_to_tls: true,
    },
    DataPlane {
        controller: "traefik.io/ingress-controller",
        name: "Traefik",
        place: Place::Namespace("traefik"),
        labels: &[(NAME, "traefik")],
        owner: None,
        listens: web_ports,
        redirects_to_tls: false,
    },
    DataPlane {
        controller: "cilium.io/ingress-controller",
        name: "Cilium",
        place: Place::Nodes,
        labels: &[],
        owner: None,
        listens: same,
        redirects_to_tls: false,
    },
];

fn same(port: u16) -> u16 {
    port
}

/// Envoy Gateway moves privileged ports up by ten thousand.
fn unprivileged(port: u16) -> u16 {
    if port < 1024 { port + 10_000 } else { port }
}

/// Traefik's chart listens on 8000 (`web`) and 8443 (`websecure`).
fn web_ports(port: u16) -> u16 {
    match port {
        80 => 8000,
        443 => 8443,
        other => other,
    }
}

/// The data plane behind a controller's name, if it is one that is modelled.
pub fn data_plane(controller: &str) -> Option<&'static DataPlane> {
    KNOWN.iter().find(|known| known.controller == controller)
}

impl DataPlane {
    /// The party that opens connections to backends. `entrance` is the Gateway or Ingress, `class`
    /// its class: the label [`NAMESPACE_LABEL`] there says where the controller really runs.
    pub fn party(&self, state: &State, class: &Value, entrance: &Value) -> Party {
        let namespace = match self.place {
            Place::Nodes => return Party::node_ingress(),
            Place::OfGateway => read::namespace(entrance),
            Place::Namespace(usual) => read::entries(class, "/metadata/labels")
                .and_then(|labels| labels.get(NAMESPACE_LABEL)?.as_str())
                .unwrap_or(usual),
        };
        let mut labels: BTreeMap<_, _> = self
            .labels
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        if let Some((name, owner_namespace)) = self.owner {
            labels.insert(name.to_owned(), read::name(entrance).to_owned());
            if let Some(key) = owner_namespace {
                labels.insert(key.to_owned(), read::namespace(entrance).to_owned());
            }
        }
        let mut party = Party::workload(state, namespace, labels);
        if self.controller == ISTIO {
            // Istio 1.30 names what it makes for a Gateway after it and its class.
            party.service_account = Some(format!("{}-{}", read::name(entrance), read::name(class)));
        }
        party.name = format!("the {} proxy in {namespace}", self.name);
        party
    }

    /// Namespace that the controller's documentation uses, where its proxies do not stand beside the Gateway.
    pub(crate) fn usual_namespace(&self) -> Option<&'static str> {
        match self.place {
            Place::Namespace(name) => Some(name),
            Place::OfGateway | Place::Nodes => None,
        }
    }
}

/// Label on a class that names the namespace of its controller, where that is not the usual one.
pub const NAMESPACE_LABEL: &str = "cluster.embedded/controller-namespace";
