//! The nodes of a cluster as API objects.

use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::quantity;
use crate::state::State;

/// How many nodes of which size, over how many zones.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Machines {
    /// Number of nodes.
    pub count: usize,
    /// Number of zones, over which the nodes are dealt in turn.
    pub zones: usize,
    /// Name of the region.
    pub region: String,
    /// CPU of each node, such as `8`.
    pub cpu: String,
    /// Memory of each node, such as `32Gi`.
    pub memory: String,
    /// Pods per node.
    pub pods: u32,
    /// `amd64` or `arm64`.
    pub arch: String,
    /// Labels besides those that every node has.
    pub labels: BTreeMap<String, String>,
}

impl Default for Machines {
    /// Six nodes of 8 cores and 32 GiB over three zones: a small production cluster.
    fn default() -> Self {
        Self {
            count: 6,
            zones: 3,
            region: "region-1".to_owned(),
            cpu: "8".to_owned(),
            memory: "32Gi".to_owned(),
            pods: 110,
            arch: "amd64".to_owned(),
            labels: BTreeMap::new(),
        }
    }
}

impl Machines {
    /// Puts the nodes that are missing into the cluster.
    pub fn install(&self, state: &mut State) {
        for index in 0..self.count {
            let node = self.node(state, index);
            let name = crate::object::name(&node);
            if state.get("Node", "", name).is_none() {
                let made = state.create(super::SOURCE, node);
                debug_assert!(made.is_ok(), "a node that we describe is valid: {made:?}");
            }
        }
    }

    fn node(&self, state: &State, index: usize) -> Value {
        let name = format!("node-{}", index + 1);
        let zone = format!("{}-{}", self.region, letter(index % self.zones.max(1)));
        let range = format!("10.{}.{}.0/24", 128 + index / 256, index % 256);
        let amounts = json!({
            "cpu": self.cpu,
            "memory": self.memory,
            "pods": self.pods.to_string(),
            "ephemeral-storage": quantity::binary(100 * 1024 * 1024 * 1024 * 1000),
        });
        let mut labels = json!({
            "kubernetes.io/hostname": name,
            "kubernetes.io/os": "linux",
            "kubernetes.io/arch": self.arch,
            "beta.kubernetes.io/os": "linux",
            "beta.kubernetes.io/arch": self.arch,
            "topology.kubernetes.io/region": self.region,
            "topology.kubernetes.io/zone": zone,
            "node.kubernetes.io/instance-type": "embedded",
        });
        for (label, value) in &self.labels {
            labels[label] = json!(value);
        }
        json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": labels},
            "spec": {"podCIDR": range, "podCIDRs": [range]},
            "status": {
                "capacity": amounts,
                "allocatable": amounts,
                "addresses": [
                    {"type": "InternalIP", "address": address(index)},
                    {"type": "Hostname", "address": name},
                ],
                "conditions": [{
                    "type": "Ready",
                    "status": "True",
                    "reason": "KubeletReady",
                    "message": "kubelet is posting ready status",
                    "lastHeartbeatTime": state.now_text(),
                    "lastTransitionTime": state.now_text(),
                }],
                "nodeInfo": {
                    "architecture": self.arch,
                    "operatingSystem": "linux",
                    "kubeletVersion": format!("v1.{}.0", state.minor()),
                    "containerRuntimeVersion": "embedded://1",
                    "kernelVersion": "6.12.0",
                    "osImage": "embedded",
                    "bootID": "", "machineID": "", "systemUUID": "", "kubeProxyVersion": "",
                },
            },
        })
    }
}

fn letter(index: usize) -> char {
    u8::try_from(index % 26).map_or('a', |index| char::from(b'a' + index))
}

fn address(index: usize) -> String {
    format!("10.0.{}.{}", index / 250, index % 250 + 10)
}
