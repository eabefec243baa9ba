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
        "allowVolumeExpansion": true,
    })
}

/// Definitions in the place of the metrics API, which is else served by a program of its own.
pub fn metrics() -> Value {
    let definition = |plural: &str, kind: &str, scope: &str| {
        json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {
                "name": format!("{plural}.metrics.k8s.io"),
                "annotations": { "api-approved.kubernetes.io": "unapproved, for tests" },
            },
            "spec": {
                "group": "metrics.k8s.io",
                "names": { "plural": plural, "singular": kind.to_lowercase(), "kind": kind },
                "scope": scope,
                "versions": [{ "name": "v1beta1", "served": true, "storage": true, "schema": {
                    "openAPIV3Schema": { "type": "object",
                        "x-kubernetes-preserve-unknown-fields": true },
                } }],
            },
        })
    };
    let items = [
        definition("pods", "PodMetrics", "Namespaced"),
        definition("nodes", "NodeMetrics", "Cluster"),
    ];
    json!({ "apiVersion": "v1", "kind": "List", "items": items })
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
