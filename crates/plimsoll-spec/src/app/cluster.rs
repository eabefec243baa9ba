//! What we run on.

use indexmap::IndexMap;
use plimsoll_source::{Sourced, Str};
use plimsoll_spec_derive::Spec;

use crate::types::{Bytes, Count, Cpu, Percent, Range};

/// What we run on.
#[derive(Clone, Debug, Spec)]
pub struct Cluster {
    /// Context of the kubeconfig. The current one is never used.
    pub context: Option<Sourced<Str>>,
    /// Version of Kubernetes; decides fields and API versions.
    #[spec(default = "1.36")]
    pub version: Sourced<Str>,
    /// Who made it: identities, storage classes, facts of load balancers.
    #[spec(default = "vanilla")]
    pub distribution: Sourced<Distribution>,
    /// Dialect of network policy, DNS and probe exceptions.
    #[spec(default = "generic")]
    pub cni: Sourced<Cni>,
    /// Zones that nodes are in.
    #[spec(default = "1")]
    pub zones: Sourced<u32>,
    /// Nodes.
    pub nodes: Nodes,
    /// Control-plane nodes.
    #[spec(default = "3")]
    pub control: Sourced<u32>,
    /// Part that is kept free; also emitted for the node autoscaler.
    #[spec(default = "20%")]
    pub headroom: Sourced<Percent>,
    /// Prices, for the estimate of cost.
    pub prices: Option<Prices>,
}

/// Who made a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum Distribution {
    /// Plain Kubernetes.
    Vanilla,
    /// Azure.
    Aks,
    /// Amazon.
    Eks,
    /// Google.
    Gke,
    /// Red Hat.
    #[spec(word = "openshift")]
    OpenShift,
    /// k3s.
    #[spec(word = "k3s")]
    K3s,
}

/// Network plugins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum Cni {
    /// Any that enforces network policies.
    Generic,
    /// Cilium.
    Cilium,
    /// Calico.
    Calico,
    /// Amazon VPC.
    Aws,
    /// OVN-Kubernetes.
    Ovn,
}

/// Nodes of a cluster.
#[derive(Clone, Debug, Spec)]
pub struct Nodes {
    /// How many; a range where they come and go.
    pub count: Option<Sourced<Range>>,
    /// Cpu of one.
    pub cpu: Option<Sourced<Cpu>>,
    /// Memory of one.
    pub memory: Option<Sourced<Bytes>>,
    /// Most pods on one.
    #[spec(default = "110")]
    pub pods: Sourced<u32>,
    /// Whether they may be taken away at any time.
    #[spec(default = "false")]
    pub spot: Sourced<bool>,
    /// Labels that they have.
    pub labels: IndexMap<Str, Sourced<Str>>,
}

/// Prices, for the estimate of cost.
#[derive(Clone, Debug, Spec)]
pub struct Prices {
    /// Currency.
    #[spec(default = "USD")]
    pub currency: Sourced<Str>,
    /// A node for an hour.
    pub node: Option<Sourced<Count>>,
    /// A spot node for an hour.
    pub spot: Option<Sourced<Count>>,
    /// A gibibyte of disk for a month.
    pub storage: Option<Sourced<Count>>,
    /// A load balancer for an hour.
    pub balancer: Option<Sourced<Count>>,
}
