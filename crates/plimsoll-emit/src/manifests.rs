//! Plain objects: one file each in an order that `kubectl apply -f` can follow, or one stream.

use crate::FileSet;
use crate::folders::join;
use plimsoll_source::yaml;
use plimsoll_world::{Object, World};
use rayon::prelude::*;

/// One file an object in a folder. Names sort so that what must exist first is applied first.
pub fn files(world: &World, folder: &str) -> FileSet {
    let file = |object: &Object| {
        let path = join(folder, &file_name(world, object));
        (path, yaml::write(&object.body))
    };
    let written = world.objects.par_iter().with_min_len(64).map(file);
    let mut files = FileSet::default();
    for (path, text) in written.collect::<Vec<_>>() {
        files.add(path, text);
    }
    files
}

/// All objects as one stream of documents, in the order of the files, part by part: so the whole
/// text of a large application is never held at once.
pub fn stream(world: &World, mut write: impl FnMut(&[u8])) {
    let mut objects: Vec<(String, &Object)> = world
        .objects
        .iter()
        .map(|object| (file_name(world, object), object))
        .collect();
    objects.sort_by(|a, b| a.0.cmp(&b.0));
    for objects in objects.chunks(2048) {
        let parts = objects.par_chunks(64).map(|objects| {
            let mut part = Vec::with_capacity(objects.len() * 1024);
            for (_, object) in objects {
                part.extend_from_slice(b"---\n");
                yaml::write_to(&mut part, &object.body);
            }
            part
        });
        for part in parts.collect::<Vec<_>>() {
            write(&part);
        }
    }
}

/// `70-api-deployment.yaml`; objects outside of the main namespace name theirs.
pub(crate) fn file_name(world: &World, object: &Object) -> String {
    let key = &object.key;
    let place = match &key.namespace {
        Some(namespace) if *namespace != world.namespace => format!("{namespace}-"),
        _ => String::new(),
    };
    let group = key.group();
    // Two groups have kinds of one name, and one name may then stand in both.
    let kind = match group {
        "cilium.io" | "networking.k8s.io" | "" | "apps" | "batch" => key.kind.to_lowercase(),
        _ => format!(
            "{}-{}",
            key.kind.to_lowercase(),
            group.split('.').next().unwrap_or(group)
        ),
    };
    format!(
        "{:02}-{place}{}-{kind}.yaml",
        order(object),
        key.name.replace(':', "-")
    )
}

/// What must exist before what.
fn order(object: &Object) -> u8 {
    match object.key.kind.as_str() {
        "Namespace" => 0,
        "CustomResourceDefinition" => 5,
        "ResourceQuota" | "LimitRange" => 10,
        "PriorityClass" | "StorageClass" => 12,
        "ServiceAccount" => 20,
        "Role" | "RoleBinding" | "ClusterRole" | "ClusterRoleBinding" => 22,
        "Secret" | "ExternalSecret" | "SealedSecret" | "SecretProviderClass" => 30,
        "ConfigMap" => 32,
        "NetworkPolicy" | "CiliumNetworkPolicy" => 40,
        "AuthorizationPolicy" | "PeerAuthentication" => 42,
        "PersistentVolumeClaim" => 50,
        "Service" => 52,
        "StatefulSet" | "Cluster" => 60,
        "Job" => 65,
        "Deployment" | "DaemonSet" | "Rollout" => 70,
        "CronJob" => 75,
        "HorizontalPodAutoscaler" | "ScaledObject" | "PodDisruptionBudget" => 80,
        "Gateway" => 90,
        _ => 95,
    }
}
