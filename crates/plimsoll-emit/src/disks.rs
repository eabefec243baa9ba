//! Disks and the pods that bind them. A class may bind a disk only when its first pod comes: who waits for
//! the disk before that waits for ever.

use plimsoll_source::Node;
use plimsoll_world::Object;

use crate::System;
use crate::helm::chart::Chart;

/// Whether an object is a disk by itself, not one that is made from a template.
pub(crate) fn is_disk(object: &Object) -> bool {
    object.key.kind == "PersistentVolumeClaim"
}

/// Whether no object among these starts a pod that binds the disk: a `CronJob` may start none for long, and
/// a hook of Helm runs before or after what is waited for.
pub(crate) fn is_unbound<'a>(disk: &Object, objects: impl IntoIterator<Item = &'a Object>) -> bool {
    is_disk(disk) && objects.into_iter().all(|object| !binds(object, disk))
}

/// Whether an object starts a pod that mounts the disk.
pub(crate) fn binds(object: &Object, disk: &Object) -> bool {
    let starts = matches!(
        object.key.kind.as_str(),
        "Deployment" | "StatefulSet" | "DaemonSet" | "Rollout" | "Job"
    );
    let annotation = ["metadata", "annotations", "helm.sh/hook"];
    starts && object.body.at(&annotation).is_none() && mounts(object, disk)
}

fn mounts(object: &Object, disk: &Object) -> bool {
    let volumes = object.body.at(&["spec", "template", "spec", "volumes"]);
    let mut volumes = volumes.map_or(&[][..], Node::items).iter();
    let path = ["persistentVolumeClaim", "claimName"];
    let is_it = |volume: &Node| volume.at(&path).and_then(Node::text) == Some(&disk.key.name);
    object.key.namespace == disk.key.namespace && volumes.any(is_it)
}

/// Whether a chart holds a disk that none of its pods binds, in any environment: Helm would wait for it.
pub(crate) fn chart_has_unbound(system: &System<'_>, chart: &Chart) -> bool {
    let objects = system
        .environments
        .iter()
        .flat_map(|env| &env.world.objects);
    let has_disks = objects.into_iter().any(is_disk);
    let mut environments = 0..chart.environments.len();
    has_disks
        && environments.any(|at| {
            let objects = chart.world(at).objects;
            objects.iter().any(|disk| is_unbound(disk, &objects))
        })
}
