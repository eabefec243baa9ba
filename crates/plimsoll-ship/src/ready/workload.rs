//! Workloads of the group `apps`.

use kube::api::DynamicObject;
use serde_json::Value;

use super::{Readiness, find, said};

/// Judges a Deployment, StatefulSet, DaemonSet or ReplicaSet.
pub(super) fn apps(kind: &str, object: &DynamicObject) -> Readiness {
    let seen = number(object, "status", "observedGeneration", 0);
    if seen < object.metadata.generation.unwrap_or(0) {
        let nobody = object.data.get("status").is_none_or(super::is_nothing);
        return if nobody {
            Readiness::Unattended
        } else {
            Readiness::unseen()
        };
    }
    match kind {
        "Deployment" => deployment(object),
        "StatefulSet" => stateful_set(object),
        "DaemonSet" => daemon_set(object),
        "ReplicaSet" => pods(
            "available",
            number(object, "status", "availableReplicas", 0),
            replicas(object),
        ),
        _ => Readiness::Ready,
    }
}

fn deployment(object: &DynamicObject) -> Readiness {
    let progressing = find(object, "Progressing");
    if let Some(late) = progressing.filter(|one| one["reason"] == "ProgressDeadlineExceeded") {
        return Readiness::Failed(said(late));
    }
    let wanted = replicas(object);
    let updated = number(object, "status", "updatedReplicas", 0);
    let all = number(object, "status", "replicas", 0);
    let available = number(object, "status", "availableReplicas", 0);
    if updated < wanted {
        return pods("updated", updated, wanted);
    }
    if all > updated {
        return Readiness::Waiting(format!("{} old pods are still there", all - updated));
    }
    pods("available", available, updated)
}

fn stateful_set(object: &DynamicObject) -> Readiness {
    let wanted = replicas(object);
    let ready = number(object, "status", "readyReplicas", 0);
    if ready < wanted {
        return pods("ready", ready, wanted);
    }
    if object.data["spec"]["updateStrategy"]["type"] == "OnDelete" {
        return Readiness::Ready;
    }
    let partition = object
        .data
        .pointer("/spec/updateStrategy/rollingUpdate/partition")
        .and_then(Value::as_i64)
        .unwrap_or(0);
    let to_update = (wanted - partition).max(0);
    let status = &object.data["status"];
    let updated = number(object, "status", "updatedReplicas", 0);
    let finished = partition == 0 && status["currentRevision"] == status["updateRevision"];
    if finished || updated >= to_update {
        Readiness::Ready
    } else {
        pods("updated", updated, to_update)
    }
}

fn daemon_set(object: &DynamicObject) -> Readiness {
    let wanted = number(object, "status", "desiredNumberScheduled", 0);
    let updated = number(object, "status", "updatedNumberScheduled", 0);
    if object.data["spec"]["updateStrategy"]["type"] != "OnDelete" && updated < wanted {
        return pods("updated", updated, wanted);
    }
    pods(
        "available",
        number(object, "status", "numberAvailable", 0),
        wanted,
    )
}

fn replicas(object: &DynamicObject) -> i64 {
    number(object, "spec", "replicas", 1)
}

fn pods(what: &str, now: i64, wanted: i64) -> Readiness {
    if now >= wanted {
        return Readiness::Ready;
    }
    Readiness::Waiting(format!("{now} of {wanted} pods are {what}"))
}

pub(super) fn number(object: &DynamicObject, part: &str, field: &str, or: i64) -> i64 {
    object.data[part][field].as_i64().unwrap_or(or)
}
