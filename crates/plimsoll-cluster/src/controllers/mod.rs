//! What a controller is, the ordered runner that drives controllers, and the ones of
//! kube-controller-manager. Formulas follow Kubernetes 1.37 (`pkg/controller`).

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::faults::Faults;
use crate::node::Kubelet;
use crate::node::facts::Facts;
use crate::object;
use crate::scheduler::Scheduler;
use crate::state::State;
use crate::store::LogEntry;

pub mod conditions;
pub mod pods;
pub mod read;
pub mod runner;
pub mod selector;

mod autoscaler;
mod cron_job;
mod daemon_set;
mod deployment;
mod disruption;
mod endpoint_slice;
mod fingerprint;
mod garbage;
mod job;
pub(crate) mod label_index;
mod load_balancer;
mod namespace;
mod quota;
mod replica_set;
mod revisions;
mod scale;
mod stateful_set;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod ttl;
mod volumes;

/// Field manager under which the controllers write.
pub const MANAGER: &str = "kube-controller-manager";

/// Nobody, for objects that only controllers write: their fields are not tracked, which saves most
/// of the cost of a write. The real server tracks them.
pub const NOBODY: &str = "";

/// What a controller works on: one object of the kind that it looks after.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Key {
    /// Empty for cluster-scoped kinds.
    pub namespace: String,
    /// `metadata.name`, or what else the controller chooses to tell its work apart.
    pub name: String,
}

impl Key {
    /// A key by namespace and name.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    /// The key of an object.
    pub fn of(object: &Value) -> Self {
        Self::new(object::namespace(object), object::name(object))
    }
}

/// What a reconciliation asks of the runner.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Nothing, until something changes.
    Done,
    /// To be called again after that long, or earlier if something changes.
    After(Duration),
}

impl Outcome {
    /// To be called again at `at`, at the earliest at the next instant.
    pub fn at(state: &State, at: Timestamp) -> Self {
        let wait = at.duration_since(state.now());
        Self::After(
            Duration::try_from(wait)
                .unwrap_or_default()
                .max(Duration::from_millis(1)),
        )
    }

    /// As [`Outcome::at`], or `Done` without an instant.
    pub fn at_some(state: &State, at: Option<Timestamp>) -> Self {
        at.map_or(Self::Done, |at| Self::at(state, at))
    }
}

/// One loop of the control plane: told of every change, it names what to look at, and mends it.
///
/// A controller keeps nothing that it could not find again in the API objects: after a restart it
/// is shown every object as if just created.
pub trait Controller: Send {
    /// Its name; also breaks ties in the runner's reports.
    fn name(&self) -> &'static str;

    /// The keys to reconcile because of a change.
    fn interested(&mut self, entry: &LogEntry, state: &State) -> Vec<Key>;

    /// Brings the cluster one step nearer to what the object says.
    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome;
}

/// The key of the owner if an object is controlled by something of that kind (`Deployment`).
pub fn owner_key(entry: &LogEntry, kind: &str) -> Option<Key> {
    let owner = object::controller_of(entry.object())?;
    (owner["kind"] == kind)
        .then(|| Key::new(&entry.namespace, owner["name"].as_str().unwrap_or_default()))
}

/// The keys for a controller that looks after `kind` and what such objects own directly.
pub fn own_or_owned(entry: &LogEntry, kind: &str, owned: &[&str]) -> Vec<Key> {
    if *entry.kind == *kind {
        return vec![Key::new(&entry.namespace, &entry.name)];
    }
    if !owned.contains(&&*entry.kind) {
        return Vec::new();
    }
    let bare = kind.rsplit('/').next().unwrap_or(kind);
    owner_key(entry, bare).into_iter().collect()
}

/// A reference to `owner` as the controller of a new object.
pub fn owner_reference(owner: &Value) -> Value {
    serde_json::json!({
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

/// The whole control plane and its nodes, in the order in which the runner asks them.
///
/// Those nearest to the pods come first: what happens to many pods at one instant is then counted
/// once by their workload, and once by the workload's owner.
pub fn standard(facts: Facts, faults: Faults) -> Vec<Box<dyn Controller>> {
    vec![
        Box::new(Scheduler::default()),
        Box::new(Kubelet::new(facts, faults)),
        Box::new(volumes::Volumes),
        Box::new(replica_set::ReplicaSets),
        Box::new(stateful_set::StatefulSets),
        Box::new(daemon_set::DaemonSets),
        Box::new(job::Jobs),
        Box::new(ttl::Expiry),
        Box::new(cron_job::CronJobs),
        Box::new(deployment::Deployments::default()),
        Box::new(autoscaler::Autoscalers::default()),
        Box::new(load_balancer::LoadBalancers),
        Box::new(endpoint_slice::EndpointSlices::default()),
        Box::new(disruption::Disruptions::default()),
        Box::new(quota::Quotas),
        Box::new(garbage::Garbage),
        Box::new(namespace::Namespaces),
    ]
}
