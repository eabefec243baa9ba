//! What a fresh control plane holds: nodes in three zones, a default storage class, and volumes.
//!
//! Nothing provisions volumes here, so a number of static ones wait for claims to bind to them.

use serde_json::{Value, json};

const VOLUMES: usize = 60;
const ZONES: usize = 3;

/// All of them as one list.
pub fn list(nodes: usize) -> Value {
    let mut items = vec![storage_class()];
    items.extend((0..VOLUMES).map(volume));
    items.extend((0..nodes).map(node));
    json!({ "apiVersion": "v1", "kind": "List", "items": items })
}

fn node(index: usize) -> Value {
    let name = format!("node-{index}");
    let room = json!({
        "cpu": "16", "memory": "64Gi", "pods": "110", "ephemeral-storage": "200Gi",
    });
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": { "kwok.x-k8s.io/node": "fake" },
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "topology.kubernetes.io/region": "region-0",
                "topology.kubernetes.io/zone": format!("zone-{}", index % ZONES),
            },
        },
        "status": { "capacity": room, "allocatable": room },
    })
}

fn storage_class() -> Value {
    json!({
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": "standard",
            "annotations": { "storageclass.kubernetes.io/is-default-class": "true" },
        },
        "provisioner": "kubernetes.io/no-provisioner",
    })
}

fn volume(index: usize) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": { "name": format!("volume-{index}") },
        "spec": {
            "capacity": { "storage": "500Gi" },
            "accessModes": ["ReadWriteOnce", "ReadWriteMany"],
            "storageClassName": "standard",
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": { "path": format!("/volumes/{index}") },
        },
    })
}
