//! Who talks: a pod, the outside world, a node, the API server, or a gateway inside the nodes.

use super::read;
use crate::state::State;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// Transport of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// TCP, the default wherever a protocol may be left out.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl Protocol {
    /// Reads the word of an API field; an absent one is TCP.
    pub fn parse(word: &str) -> Self {
        match word {
            "UDP" => Self::Udp,
            "SCTP" => Self::Sctp,
            _ => Self::Tcp,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
        })
    }
}

/// What policies see of one end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// A pod, or a data plane that runs as pods.
    Pod,
    /// An address outside the cluster.
    World,
    /// A node, and so the kubelet.
    Node,
    /// The API server: its address is no pod's.
    ApiServer,
    /// A gateway that runs inside the nodes, as Cilium's does.
    Ingress,
}

/// One end of a connection.
#[derive(Clone, Debug)]
pub struct Party {
    /// What it is.
    pub identity: Identity,
    /// Namespace of a pod, else empty.
    pub namespace: String,
    /// Name of a pod, or words for what is none.
    pub name: String,
    /// Labels of a pod.
    pub labels: BTreeMap<String, String>,
    /// Labels of the pod's namespace.
    pub namespace_labels: BTreeMap<String, String>,
    /// Address, where known.
    pub address: Option<IpAddr>,
    /// ServiceAccount of a pod, where known.
    pub service_account: Option<String>,
    /// The pod itself, where there is one.
    pub pod: Option<Arc<Value>>,
}

impl Party {
    /// The pod as one end.
    pub fn pod(state: &State, pod: &Arc<Value>) -> Self {
        let namespace = read::namespace(pod);
        let mut party = Self::workload(state, namespace, read::labels(pod, "/metadata/labels"));
        read::name(pod).clone_into(&mut party.name);
        party.address = read::text(pod, "/status/podIP").parse().ok();
        let account = read::text(pod, "/spec/serviceAccountName");
        party.service_account = Some(
            if account.is_empty() {
                "default"
            } else {
                account
            }
            .to_owned(),
        );
        party.pod = Some(Arc::clone(pod));
        party
    }

    /// Pods of which only namespace and labels are known.
    pub fn workload(state: &State, namespace: &str, labels: BTreeMap<String, String>) -> Self {
        Self {
            identity: Identity::Pod,
            namespace: namespace.to_owned(),
            name: format!("pods of {namespace}"),
            labels,
            namespace_labels: namespace_labels(state, namespace),
            address: None,
            service_account: None,
            pod: None,
        }
    }

    /// An address outside the cluster.
    pub fn world(address: IpAddr) -> Self {
        Self {
            address: Some(address),
            ..Self::bare(Identity::World, &address.to_string())
        }
    }

    /// The node that a pod runs on.
    pub fn node() -> Self {
        Self::bare(Identity::Node, "the node")
    }

    /// The API server, at the address that its Service resolves to.
    pub fn api_server(address: Option<IpAddr>) -> Self {
        Self {
            address,
            ..Self::bare(Identity::ApiServer, "the API server")
        }
    }

    /// A gateway inside the nodes.
    pub fn node_ingress() -> Self {
        Self::bare(Identity::Ingress, "the gateway of the nodes")
    }

    fn bare(identity: Identity, name: &str) -> Self {
        Self {
            identity,
            namespace: String::new(),
            name: name.to_owned(),
            labels: BTreeMap::new(),
            namespace_labels: BTreeMap::new(),
            address: None,
            service_account: None,
            pod: None,
        }
    }

    /// Whether Istio carries this pod's traffic, by its node proxy or by a sidecar.
    pub fn is_meshed(&self) -> bool {
        let label = |key: &str| {
            self.labels
                .get(key)
                .or_else(|| self.namespace_labels.get(key))
        };
        let injected = self
            .labels
            .get("sidecar.istio.io/inject")
            .map(String::as_str);
        let namespace = self
            .namespace_labels
            .get("istio-injection")
            .map(String::as_str);
        let sidecar = injected == Some("true")
            || (injected != Some("false")
                && (namespace == Some("enabled") || label("istio.io/rev").is_some()));
        self.identity == Identity::Pod && (sidecar || self.is_ambient())
    }

    /// Its name in certificates of the mesh.
    pub fn principal(&self) -> Option<String> {
        let account = self.service_account.as_ref()?;
        Some(format!("cluster.local/ns/{}/sa/{account}", self.namespace))
    }

    /// Whether Istio's node proxy (ambient mode) takes this pod's traffic.
    ///
    /// Source: Istio 1.30, label `istio.io/dataplane-mode` on the namespace, or on the pod, which wins.
    pub fn is_ambient(&self) -> bool {
        const MODE: &str = "istio.io/dataplane-mode";
        let mode = self
            .labels
            .get(MODE)
            .or_else(|| self.namespace_labels.get(MODE));
        self.identity == Identity::Pod && mode.is_some_and(|mode| mode == "ambient")
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.identity, &self.pod) {
            (Identity::Pod, Some(_)) => write!(f, "pod {}/{}", self.namespace, self.name),
            _ => f.write_str(&self.name),
        }
    }
}

/// Labels of a namespace, with the one that every API server since 1.21 sets.
fn namespace_labels(state: &State, namespace: &str) -> BTreeMap<String, String> {
    let object = state.get("Namespace", "", namespace);
    let mut labels = object
        .map(|o| read::labels(&o, "/metadata/labels"))
        .unwrap_or_default();
    labels.insert(
        "kubernetes.io/metadata.name".to_owned(),
        namespace.to_owned(),
    );
    labels
}
