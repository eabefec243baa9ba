//! Which pods belong to which workload, by their owners.

use std::collections::BTreeMap;

use kube::api::DynamicObject;
use serde_json::Value;

use crate::observe::Observed;
use crate::release::ObjectKey;

/// Namespace, kind and name of an owner.
type Owner = (String, String, String);

/// Pods and their `ReplicaSet`s by the workload that they belong to in the end.
pub struct Families<'a> {
    pods: BTreeMap<Owner, Vec<&'a DynamicObject>>,
    replica_sets: BTreeMap<Owner, Vec<&'a DynamicObject>>,
}

/// Counts the revisions of a Deployment's `ReplicaSet`s (Kubernetes 1.36, deployment controller).
const REVISIONS: [&str; 2] = [
    "deployment.kubernetes.io/revision",
    "rollout.argoproj.io/revision",
];

impl<'a> Families<'a> {
    /// Reads owners of all pods that are known.
    pub fn of(observed: &'a Observed) -> Self {
        let mut replica_sets: BTreeMap<Owner, Vec<&DynamicObject>> = BTreeMap::new();
        for (_, set) in observed.of_kind("apps/v1", "ReplicaSet") {
            if let Some(owner) = owner(set) {
                replica_sets.entry(owner).or_default().push(set);
            }
        }
        // Old pods may fail as they like while new ones take over.
        let mut newest: BTreeMap<Owner, Owner> = BTreeMap::new();
        for (workload, sets) in &mut replica_sets {
            sets.sort_by_key(|set| revision(set));
            if let Some(set) = sets.last() {
                let name = set.metadata.name.clone().unwrap_or_default();
                newest.insert(
                    (workload.0.clone(), "ReplicaSet".to_owned(), name),
                    workload.clone(),
                );
            }
        }
        let mut pods: BTreeMap<Owner, Vec<&DynamicObject>> = BTreeMap::new();
        for (key, pod) in observed.of_kind("v1", "Pod") {
            let itself = || {
                (
                    key.namespace.clone().unwrap_or_default(),
                    "Pod".to_owned(),
                    key.name.clone(),
                )
            };
            let owner = owner(pod).unwrap_or_else(itself);
            match newest.get(&owner) {
                Some(workload) => pods.entry(workload.clone()).or_default().push(pod),
                None => pods.entry(owner).or_default().push(pod),
            }
        }
        Self { pods, replica_sets }
    }

    /// Pods of the newest revision of a workload.
    pub fn pods(&self, workload: &ObjectKey) -> &[&'a DynamicObject] {
        self.pods.get(&name(workload)).map_or(&[], Vec::as_slice)
    }

    /// The ReplicaSet of the newest revision.
    pub fn newest_replica_set(&self, workload: &ObjectKey) -> Option<ObjectKey> {
        let set = self.replica_sets.get(&name(workload))?.last()?;
        let set = set.metadata.name.as_deref()?;
        Some(ObjectKey::new(
            "apps/v1",
            "ReplicaSet",
            workload.namespace.as_deref(),
            set,
        ))
    }
}

fn name(key: &ObjectKey) -> Owner {
    (
        key.namespace.clone().unwrap_or_default(),
        key.kind.clone(),
        key.name.clone(),
    )
}

fn owner(object: &DynamicObject) -> Option<Owner> {
    let owners = object.metadata.owner_references.as_ref()?;
    let owner = owners.iter().find(|owner| owner.controller == Some(true))?;
    let namespace = object.metadata.namespace.clone().unwrap_or_default();
    Some((namespace, owner.kind.clone(), owner.name.clone()))
}

fn revision(set: &DynamicObject) -> u64 {
    let annotations = set.metadata.annotations.as_ref();
    let find = |name: &&str| annotations?.get(*name)?.parse().ok();
    REVISIONS.iter().find_map(find).unwrap_or(0)
}

/// How many pods a workload shall have, as it says itself.
pub fn wanted(workload: &DynamicObject) -> i64 {
    let kind = workload
        .types
        .as_ref()
        .map_or("", |types| types.kind.as_str());
    let field = match kind {
        "DaemonSet" => &workload.data["status"]["desiredNumberScheduled"],
        "Cluster" => &workload.data["spec"]["instances"],
        "Job" => return 1,
        _ => &workload.data["spec"]["replicas"],
    };
    field.as_i64().unwrap_or(i64::from(kind != "DaemonSet"))
}

/// How many of them are ready.
pub fn ready(workload: &DynamicObject) -> i64 {
    let status = &workload.data["status"];
    let fields = ["readyReplicas", "numberReady", "readyInstances"];
    fields
        .iter()
        .find_map(|field| status[*field].as_i64())
        .unwrap_or(0)
}

/// Whether a `ReplicaSet` of the namespace still names this object: going back to an old revision
/// must find it. Sets of workloads that are deleted do not count.
pub fn named_by_replica_sets(observed: &Observed, key: &ObjectKey, deleted: &[&ObjectKey]) -> bool {
    let goes = |set: &DynamicObject| {
        let owner = owner(set);
        owner.is_some_and(|owner| deleted.iter().any(|key| name(key) == owner))
    };
    observed
        .of_kind("apps/v1", "ReplicaSet")
        .filter(|(set, live)| set.namespace == key.namespace && !goes(live))
        .filter_map(|(_, set)| set.data.pointer("/spec/template/spec"))
        .flat_map(crate::pod_spec::references)
        .any(|used| used.kind == key.kind && used.name == key.name)
}

/// Whether an object carries the label of a release.
pub fn carries(object: &DynamicObject, label: &str, value: &str) -> bool {
    let labels = object.metadata.labels.as_ref();
    labels
        .and_then(|labels| labels.get(label))
        .is_some_and(|found| found == value)
}

/// Whether a spec of this object may run pods at all.
pub fn has_pods(key: &ObjectKey, body: &Value) -> bool {
    crate::pod_spec::template(key, body).is_some() && key.kind != "CronJob"
}
