//! CloudNativePG 1.30.0: a Cluster gets credentials, Services, claims and pods one after the other;
//! Poolers get a Deployment; Databases and backups follow their Cluster.
//!
//! Not played: the initdb Job (the first pod starts as if initialised), failover, backups themselves.

mod instances;
mod objects;
mod pooler;

use super::writing::{Writer, status_of, too_young};
use crate::controllers::{Controller, Key, Outcome, own_or_owned, pods, read};
use crate::network::{Flow, Party, Protocol, Verdict};
use crate::object;
use crate::state::{EventKind, State};
use crate::store::LogEntry;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) use pooler::Poolers;

pub(super) const CLUSTER: &str = "postgresql.cnpg.io/Cluster";
pub(super) const WRITER: Writer = Writer("cloudnative-pg");
const SECONDS: i64 = 1;
/// Port of an instance's status, which the operator asks.
const STATUS_PORT: u16 = 8000;
const HEALTHY: &str = "Cluster in healthy state";

/// The operator, for Clusters.
#[derive(Debug)]
pub(super) struct Clusters;

impl Controller for Clusters {
    fn name(&self) -> &'static str {
        "cloudnative-pg"
    }

    fn interested(&mut self, entry: &LogEntry, state: &State) -> Vec<Key> {
        let came_or_went = entry.old.is_none() || entry.new.is_none();
        match &*entry.kind {
            "networking.k8s.io/NetworkPolicy" => keys_in(state, &entry.namespace),
            "Secret" if came_or_went => keys_in(state, &entry.namespace),
            _ => own_or_owned(entry, CLUSTER, &["Pod"]),
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(cluster) = state
            .get(CLUSTER, &key.namespace, &key.name)
            .filter(|c| !object::is_terminating(c))
        else {
            return Outcome::Done;
        };
        if let Some(wait) = too_young(state, &cluster, SECONDS) {
            return wait;
        }
        if let Err(why) = objects::make(state, &cluster) {
            tell(
                state,
                &cluster,
                &[],
                "Unable to create required cluster objects",
                &why,
            );
            return Outcome::Done;
        }
        let (phase, why) = instances::advance(state, &cluster);
        let running = pods::of(state, &cluster);
        tell(state, &cluster, &running, phase, &why);
        Outcome::Done
    }
}

fn keys_in(state: &State, namespace: &str) -> Vec<Key> {
    state
        .list_in(CLUSTER, namespace)
        .iter()
        .map(|one| Key::of(one))
        .collect()
}

/// Why the operator cannot look after an instance: policies between it, the pod and the API server.
fn cut_off(state: &State, pod: &Arc<Value>) -> Option<String> {
    let to = Party::pod(state, pod);
    let labels = BTreeMap::from([(
        "app.kubernetes.io/name".to_owned(),
        "cloudnative-pg".to_owned(),
    )]);
    let label = super::platform::component_label("cloudnative-pg");
    let home = state
        .list("Namespace")
        .into_iter()
        .find(|namespace| object::label(namespace, &label).is_some())?;
    let operator = Party::workload(state, object::name(&home), labels);
    let flow = Flow {
        from: &operator,
        to: &to,
        port: STATUS_PORT,
        protocol: Protocol::Tcp,
        host: None,
    };
    if let Verdict::Denied(by) = crate::network::ingress(state, &flow) {
        let by = by.first().map(ToString::to_string).unwrap_or_default();
        return Some(format!(
            "HTTP communication issue: {by} does not let the operator reach {} on {STATUS_PORT}",
            to.name
        ));
    }
    let api = crate::network::connection(state, &to, &crate::network::Target::ApiServer);
    api.stopped.map(|stop| {
        format!(
            "the instance manager of {} cannot reach the API server: {stop}",
            to.name
        )
    })
}

fn tell(state: &mut State, cluster: &Value, running: &[Arc<Value>], phase: &str, why: &str) {
    let name = object::name(cluster);
    let ready = running.iter().filter(|pod| pods::is_ready(pod)).count();
    let healthy = phase == HEALTHY;
    let mut status = status_of(cluster);
    status["instances"] = json!(running.len());
    status["readyInstances"] = json!(ready);
    status["instanceNames"] = running.iter().map(|pod| object::name(pod)).collect();
    status["phase"] = json!(phase);
    status["phaseReason"] = json!(why);
    status["writeService"] = json!(format!("{name}-rw"));
    status["readService"] = json!(format!("{name}-r"));
    status["image"] = json!(objects::image(cluster));
    status["selector"] = json!(format!("cnpg.io/cluster={name},cnpg.io/podRole=instance"));
    if ready > 0 {
        status["currentPrimary"] = json!(format!("{name}-1"));
        status["targetPrimary"] = json!(format!("{name}-1"));
    }
    let (reason, message) = if healthy {
        ("ClusterIsReady", "Cluster is Ready")
    } else {
        ("ClusterIsNotReady", "Cluster Is Not Ready")
    };
    crate::controllers::conditions::set(
        &mut status,
        super::writing::says("Ready", healthy, reason, message),
        state.now(),
    );
    WRITER.status(state, cluster, status);
    if !why.is_empty() {
        state.record(cluster, EventKind::Warning, "NotReady", why, WRITER.0);
    }
}

/// Tells objects of one kind that their Cluster did what they ask.
#[derive(Debug)]
pub(super) struct Followers {
    kind: &'static str,
    /// What the status says once the Cluster is healthy.
    done: fn() -> Value,
}

impl Followers {
    pub(super) fn databases() -> Self {
        Self {
            kind: "postgresql.cnpg.io/Database",
            done: || json!({"applied": true}),
        }
    }
}

impl Controller for Followers {
    fn name(&self) -> &'static str {
        "cloudnative-pg-followers"
    }

    fn interested(&mut self, entry: &LogEntry, state: &State) -> Vec<Key> {
        match &*entry.kind {
            CLUSTER => state
                .list_in(self.kind, &entry.namespace)
                .iter()
                .map(|one| Key::of(one))
                .collect(),
            kind if kind == self.kind => vec![Key::new(&entry.namespace, &entry.name)],
            _ => Vec::new(),
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(follower) = state.get(self.kind, &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        let cluster = state.get(
            CLUSTER,
            &key.namespace,
            read::text(&follower, "/spec/cluster/name"),
        );
        let healthy = cluster.is_some_and(|cluster| cluster["status"]["phase"] == HEALTHY);
        let mut status = if healthy {
            (self.done)()
        } else {
            json!({"applied": false, "message": "waiting for the Cluster"})
        };
        status["observedGeneration"] = follower["metadata"]["generation"].clone();
        WRITER.status(state, &follower, status);
        Outcome::Done
    }
}
