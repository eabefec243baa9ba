//! Claims and volumes: provisioning by `StorageClass`, binding, growing, and what becomes of a volume
//! when its claim goes. Follows `pkg/controller/volume/persistentvolume`, Kubernetes 1.37, with one
//! provisioner for all classes.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Controller, Key, MANAGER, Outcome, pods, read, selector};
use crate::object;
use crate::quantity;
use crate::scheduler::{SELECTED_NODE, binds_late, claims};
use crate::state::{DeleteOptions, EventKind, State};
use crate::store::LogEntry;

const CLAIM: &str = "PersistentVolumeClaim";
const VOLUME: &str = "PersistentVolume";
const CLASS: &str = "storage.k8s.io/StorageClass";
const SOURCE: &str = "persistentvolume-controller";
const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";
const PROTECTION: &str = "kubernetes.io/pvc-protection";
/// How long a provisioner takes.
const PROVISIONING: Duration = Duration::from_secs(1);

/// The controller of claims and volumes.
#[derive(Debug)]
pub struct Volumes;

impl Controller for Volumes {
    fn name(&self) -> &'static str {
        SOURCE
    }

    fn interested(&mut self, entry: &LogEntry, state: &State) -> Vec<Key> {
        match &*entry.kind {
            CLAIM => {
                let mut keys = vec![Key::new(&entry.namespace, &entry.name)];
                let volume = read::text(entry.object(), "/spec/volumeName");
                if entry.new.is_none() && !volume.is_empty() {
                    keys.push(Key::new("", volume));
                }
                keys
            }
            VOLUME => {
                let claim = &entry.object()["spec"]["claimRef"];
                let mut keys = vec![Key::new("", &entry.name)];
                if let (Some(space), Some(name)) =
                    (claim["namespace"].as_str(), claim["name"].as_str())
                {
                    keys.push(Key::new(space, name));
                } else {
                    keys.extend(pending(state));
                }
                keys
            }
            CLASS => pending(state),
            "Pod" if entry.new.as_deref().is_none_or(pods::is_over) => claims(entry.object())
                .iter()
                .map(|name| Key::new(&entry.namespace, name))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        if key.namespace.is_empty() {
            return volume(state, &key.name);
        }
        let Some(claim) = state.get(CLAIM, &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        if object::is_terminating(&claim) {
            release(state, &claim);
            return Outcome::Done;
        }
        if !read::text(&claim, "/spec/volumeName").is_empty() {
            return bound(state, &claim);
        }
        bind(state, &claim)
    }
}

fn pending(state: &State) -> Vec<Key> {
    let all = state.list(CLAIM);
    all.iter()
        .filter(|claim| read::text(claim, "/spec/volumeName").is_empty())
        .map(|one| Key::of(one))
        .collect()
}

/// Finds or makes a volume for a claim.
fn bind(state: &mut State, claim: &Arc<Value>) -> Outcome {
    let claim = with_class(state, claim);
    if read::text(&claim, "/status/phase").is_empty() {
        write_status(state, &claim, json!({"phase": "Pending"}));
        // The write wakes us again.
        return Outcome::Done;
    }
    if let Some(volume) = matching_volume(state, &claim) {
        return tie(state, &claim, &volume);
    }
    let name = read::text(&claim, "/spec/storageClassName");
    if name.is_empty() {
        let message = "no persistent volumes available for this claim and no storage class is set";
        state.record(&claim, EventKind::Normal, "FailedBinding", message, SOURCE);
        return Outcome::Done;
    }
    let Some(class) = state.get(CLASS, "", name) else {
        let message = format!("storageclass.storage.k8s.io \"{name}\" not found");
        state.record(
            &claim,
            EventKind::Warning,
            "ProvisioningFailed",
            &message,
            SOURCE,
        );
        return Outcome::Done;
    };
    let node = object::annotation(&claim, SELECTED_NODE).map(str::to_owned);
    if binds_late(state, &claim) && node.is_none() {
        let message = "waiting for first consumer to be created before binding";
        state.record(
            &claim,
            EventKind::Normal,
            "WaitForFirstConsumer",
            message,
            SOURCE,
        );
        return Outcome::Done;
    }
    if class["provisioner"] == "kubernetes.io/no-provisioner" {
        return Outcome::Done;
    }
    provision(state, &claim, &class, node.as_deref())
}

fn with_class(state: &mut State, claim: &Arc<Value>) -> Arc<Value> {
    if claim["spec"]["storageClassName"].is_string() {
        return claim.clone();
    }
    let classes = state.list(CLASS);
    let default = classes
        .iter()
        .find(|class| object::annotation(class, DEFAULT_CLASS) == Some("true"));
    let Some(default) = default else {
        return claim.clone();
    };
    let mut changed = Value::clone(claim);
    changed["spec"]["storageClassName"] = default["metadata"]["name"].clone();
    state
        .update(MANAGER, changed)
        .unwrap_or_else(|_| claim.clone())
}

/// A free volume made by hand that fits: class, modes, size, selector; the smallest such.
fn matching_volume(state: &State, claim: &Value) -> Option<Arc<Value>> {
    let wanted = size(&claim["spec"]["resources"]["requests"]["storage"]);
    let fits = |volume: &&Arc<Value>| {
        let reference = &volume["spec"]["claimRef"];
        let free = reference.is_null()
            || reference["name"] == claim["metadata"]["name"]
                && reference["namespace"] == claim["metadata"]["namespace"];
        let modes = read::items(claim, "/spec/accessModes");
        let offered = read::items(volume, "/spec/accessModes");
        free && read::text(volume, "/spec/storageClassName")
            == read::text(claim, "/spec/storageClassName")
            && modes.iter().all(|mode| offered.contains(mode))
            && size(&volume["spec"]["capacity"]["storage"]) >= wanted
            && (claim["spec"]["selector"].is_null()
                || selector::matches(&claim["spec"]["selector"], &volume["metadata"]["labels"]))
    };
    let volumes = state.list(VOLUME);
    volumes
        .iter()
        .filter(fits)
        .min_by_key(|volume| size(&volume["spec"]["capacity"]["storage"]))
        .cloned()
}

fn size(value: &Value) -> quantity::Milli {
    quantity::milli(value).unwrap_or_default()
}

fn provision(state: &mut State, claim: &Value, class: &Value, node: Option<&str>) -> Outcome {
    let begun = pods::created(claim).unwrap_or(state.now());
    let ready = crate::clock::after(begun, PROVISIONING);
    if ready > state.now() {
        return Outcome::at(state, ready);
    }
    let name = format!("pvc-{}", object::uid(claim));
    let mut volume = json!({
        "apiVersion": "v1",
        "kind": VOLUME,
        "metadata": {
            "name": name,
            "annotations": {"pv.kubernetes.io/provisioned-by": class["provisioner"]},
        },
        "spec": {
            "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
            "accessModes": claim["spec"]["accessModes"],
            "claimRef": reference(claim),
            "persistentVolumeReclaimPolicy": class["reclaimPolicy"].as_str().unwrap_or("Delete"),
            "storageClassName": class["metadata"]["name"],
            "volumeMode": claim["spec"]["volumeMode"].as_str().unwrap_or("Filesystem"),
            "csi": {"driver": class["provisioner"], "volumeHandle": name},
        },
    });
    if let Some(terms) = node.and_then(|node| place(state, node)) {
        volume["spec"]["nodeAffinity"] = json!({"required": {"nodeSelectorTerms": [terms]}});
    }
    match state.create(MANAGER, volume) {
        Ok(volume) => {
            let message = format!("Successfully provisioned volume {name}");
            state.record(
                claim,
                EventKind::Normal,
                "ProvisioningSucceeded",
                &message,
                SOURCE,
            );
            tie(state, claim, &volume)
        }
        Err(error) => {
            state.record(
                claim,
                EventKind::Warning,
                "ProvisioningFailed",
                &error.to_string(),
                SOURCE,
            );
            Outcome::After(Duration::from_secs(15))
        }
    }
}

/// A disk can be reached from the zone in which it was made.
fn place(state: &State, node: &str) -> Option<Value> {
    let node = state.get("Node", "", node)?;
    let key = "topology.kubernetes.io/zone";
    let zone = object::label(&node, key)?;
    Some(json!({"matchExpressions": [{"key": key, "operator": "In", "values": [zone]}]}))
}

fn reference(claim: &Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": CLAIM,
        "namespace": claim["metadata"]["namespace"],
        "name": claim["metadata"]["name"],
        "uid": claim["metadata"]["uid"],
    })
}

fn tie(state: &mut State, claim: &Value, volume: &Value) -> Outcome {
    let mut changed = volume.clone();
    changed["spec"]["claimRef"] = reference(claim);
    if let Ok(written) = state.update(MANAGER, changed) {
        write_status(state, &written, json!({"phase": "Bound"}));
    }
    let mut changed = claim.clone();
    changed["spec"]["volumeName"] = volume["metadata"]["name"].clone();
    // The write wakes us again; then the status follows.
    drop(state.update(MANAGER, changed));
    Outcome::Done
}

fn bound(state: &mut State, claim: &Value) -> Outcome {
    let Some(volume) = state.get(VOLUME, "", read::text(claim, "/spec/volumeName")) else {
        let mut status = claim["status"].clone();
        status["phase"] = json!("Lost");
        write_status(state, claim, status);
        return Outcome::Done;
    };
    let wanted = &claim["spec"]["resources"]["requests"]["storage"];
    if size(wanted) > size(&volume["spec"]["capacity"]["storage"]) && may_grow(state, claim) {
        let mut changed = Value::clone(&volume);
        changed["spec"]["capacity"]["storage"] = wanted.clone();
        // The write wakes us again; then the claim's status follows.
        drop(state.update(MANAGER, changed));
        return Outcome::Done;
    }
    let status = json!({
        "phase": "Bound",
        "accessModes": volume["spec"]["accessModes"],
        "capacity": {"storage": volume["spec"]["capacity"]["storage"]},
    });
    write_status(state, claim, status);
    Outcome::Done
}

fn may_grow(state: &State, claim: &Value) -> bool {
    let class = state.get(CLASS, "", read::text(claim, "/spec/storageClassName"));
    class.is_some_and(|class| read::flag(&class, "/allowVolumeExpansion"))
}

fn write_status(state: &mut State, object: &Value, status: Value) {
    if object["status"] == status {
        return;
    }
    let written = state.set_status(MANAGER, object, status);
    debug_assert!(written.is_ok(), "a claim's status is valid: {written:?}");
}

/// Lets a claim go once no pod uses it.
fn release(state: &mut State, claim: &Value) {
    let held = object::finalizers(claim).any(|one| one == PROTECTION);
    let name = object::name(claim);
    let space = object::namespace(claim);
    let uses = |pod: &Arc<Value>| !pods::is_over(pod) && claims(pod).iter().any(|one| one == name);
    if !held || state.list_in("Pod", space).iter().any(uses) {
        return;
    }
    let mut changed = claim.clone();
    let rest: Vec<&str> = object::finalizers(claim)
        .filter(|one| *one != PROTECTION)
        .collect();
    changed["metadata"]["finalizers"] = json!(rest);
    let written = state.update(MANAGER, changed);
    debug_assert!(
        written.is_ok(),
        "a finalizer can be taken away: {written:?}"
    );
}

/// What becomes of a volume: free, or as its reclaim policy says when its claim is gone.
fn volume(state: &mut State, name: &str) -> Outcome {
    let Some(volume) = state.get(VOLUME, "", name) else {
        return Outcome::Done;
    };
    let claim = &volume["spec"]["claimRef"];
    if claim.is_null() {
        write_status(state, &volume, json!({"phase": "Available"}));
        return Outcome::Done;
    }
    let text = |field: &str| claim[field].as_str().unwrap_or_default();
    let found = state.get(CLAIM, text("namespace"), text("name"));
    if found.is_some_and(|found| text("uid").is_empty() || found["metadata"]["uid"] == claim["uid"])
    {
        return Outcome::Done;
    }
    if read::text(&volume, "/spec/persistentVolumeReclaimPolicy") == "Delete" {
        let gone = state.delete(VOLUME, "", name, &DeleteOptions::default());
        debug_assert!(gone.is_ok(), "a volume can be deleted");
    } else {
        write_status(state, &volume, json!({"phase": "Released"}));
    }
    Outcome::Done
}
