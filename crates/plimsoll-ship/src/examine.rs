//! Looks closely at what is not ready, and fails the release when waiting longer is of no use.

use std::collections::BTreeMap;
use std::time::Duration;

use kube::api::DynamicObject;
use tokio::time::Instant;

use crate::cause::Cause;
use crate::engine::{Engine, State};
use crate::evidence::{self, Warning};
use crate::family::{Families, has_pods, wanted};
use crate::pod_spec;
use crate::ready::Readiness;
use crate::release::ObjectKey;
use crate::suspect::{Suspect, Trouble, suspect};

/// Since when each trouble of each pod has been seen.
#[derive(Debug, Default)]
pub(crate) struct Suspicions(BTreeMap<(String, Trouble), Instant>);

impl Suspicions {
    /// Whether a trouble has outlasted its patience.
    fn is_over(&mut self, pod: &DynamicObject, suspect: &Suspect) -> bool {
        let uid = pod.metadata.uid.clone().unwrap_or_default();
        let since = *self
            .0
            .entry((uid, suspect.trouble))
            .or_insert_with(Instant::now);
        since.elapsed() >= suspect.patience
    }
}

/// How long an object may stay without a word from its controller.
const UNATTENDED: Duration = Duration::from_mins(1);
/// How long pods may not be made before events are asked why.
const NO_PODS: Duration = Duration::from_secs(15);
/// How long sources of secrets and routes may say no.
const SAID_NO: Duration = Duration::from_secs(45);

/// What a closer look found.
struct Finding {
    node: usize,
    page: Cause,
    cause: String,
    log: Vec<String>,
}

impl Engine<'_> {
    /// Looks at everything that is waited for; the earliest wave is blamed first.
    pub(crate) async fn examine(&mut self) {
        if let Some(found) = self.find(false).await {
            self.fail(found.node, found.page, found.cause, found.log);
        }
    }

    /// The time is over: whatever is known is the cause.
    pub(crate) async fn give_up(&mut self) {
        let limit = self.release.deadline.as_secs();
        if let Some(found) = self.find(true).await {
            let cause = format!("not ready within {limit} s: {}", found.cause);
            self.fail(found.node, found.page, cause, found.log);
        } else if let Some(node) = self
            .states
            .iter()
            .position(|state| *state == State::Starting)
        {
            self.fail(
                node,
                Cause::ClusterSilent,
                format!("the cluster gave no answer within {limit} s"),
                Vec::new(),
            );
        }
    }

    async fn find(&mut self, at_the_end: bool) -> Option<Finding> {
        let mut waiting: Vec<(usize, Instant, Readiness)> = Vec::new();
        for (node, state) in self.states.iter().enumerate() {
            if let State::Waiting(since, readiness) = state {
                waiting.push((node, *since, readiness.clone()));
            }
        }
        waiting.sort_by_key(|(node, ..)| (self.graph.wave(*node), *node));
        let families = Families::of(&self.observed);
        for (node, since, readiness) in &waiting {
            let key = self.graph.key(*node);
            let troubled = trouble(&mut self.suspicions, families.pods(key), key, at_the_end);
            for (pod, suspect) in troubled {
                let pod_key = pod_key(pod);
                if let Some((cause, log)) =
                    confirm(self.client, &pod_key, pod, &suspect, at_the_end).await
                {
                    return Some(Finding {
                        node: *node,
                        page: page(&suspect, &cause),
                        cause,
                        log,
                    });
                }
            }
            if let Readiness::Failed(cause) = readiness {
                let (cause, log) = self.why_failed(key, cause, &families).await;
                let ran = matches!(key.kind.as_str(), "Job" | "Pod");
                return Some(Finding {
                    node: *node,
                    page: if ran { Cause::JobFailed } else { Cause::GaveUp },
                    cause,
                    log,
                });
            }
            if let Some((page, cause)) = self
                .why_waiting(*node, since.elapsed(), readiness, &families)
                .await
            {
                return Some(Finding {
                    node: *node,
                    page,
                    cause,
                    log: Vec::new(),
                });
            }
        }
        let (node, _, readiness) = waiting.into_iter().find(|_| at_the_end)?;
        let cause = match readiness {
            Readiness::Waiting(missing) => missing,
            _ => "nothing is known about it".to_owned(),
        };
        Some(Finding {
            node,
            page: Cause::NotReadyInTime,
            cause,
            log: Vec::new(),
        })
    }

    /// A failed object: the log of its last pod says more than its status.
    async fn why_failed(
        &self,
        key: &ObjectKey,
        cause: &str,
        families: &Families<'_>,
    ) -> (String, Vec<String>) {
        let Some(pod) = families.pods(key).last() else {
            return (cause.to_owned(), Vec::new());
        };
        let container = failed_container(pod);
        let log = evidence::log(self.client, pod, &container, false).await;
        (cause.to_owned(), log)
    }

    async fn why_waiting(
        &self,
        node: usize,
        waited: Duration,
        readiness: &Readiness,
        families: &Families<'_>,
    ) -> Option<(Cause, String)> {
        let key = self.graph.key(node);
        if *readiness == Readiness::Unattended && waited >= UNATTENDED {
            let cause = format!(
                "no controller has answered: nothing in the cluster attends {}",
                key.kind
            );
            return Some((Cause::NoController, cause));
        }
        if let (Readiness::Waiting(no), true) = (readiness, waited >= SAID_NO && is_quick(key)) {
            return Some((Cause::SaysNo, no.clone()));
        }
        let live = self.observed.get(key)?;
        let runs = self
            .release
            .objects
            .get(node)
            .is_some_and(|object| has_pods(key, &object.body))
            || pod_spec::runs_replicas(key);
        let count = i64::try_from(families.pods(key).len()).unwrap_or(i64::MAX);
        if !runs || waited < NO_PODS || count >= wanted(live) {
            return None;
        }
        let maker = families
            .newest_replica_set(key)
            .unwrap_or_else(|| key.clone());
        let warnings = evidence::warnings(self.client, &maker).await;
        let refused = warnings
            .into_iter()
            .rev()
            .find(|warning| warning.reason == "FailedCreate");
        let cause = |message: String| format!("its pods are refused: {message}");
        refused.map(|Warning { message, .. }| (Cause::PodsRefused, cause(message)))
    }
}

/// The page about what a pod suffers from.
fn page(suspect: &Suspect, cause: &str) -> Cause {
    match suspect.trouble {
        Trouble::Image => Cause::ImageNotPulled,
        Trouble::Container | Trouble::Starting => Cause::ContainerNotStarted,
        Trouble::Crash if cause.contains("memory than its limit") => Cause::OutOfMemory,
        Trouble::Crash => Cause::ContainerCrashes,
        Trouble::Unschedulable if cause.starts_with("its claim ") => Cause::ClaimNotBound,
        Trouble::Unschedulable => Cause::NoNode,
        Trouble::Probe => Cause::ProbeFails,
    }
}

/// Kinds whose controllers say no at once and for good, until somebody changes something.
fn is_quick(key: &ObjectKey) -> bool {
    matches!(
        (key.group(), key.kind.as_str()),
        ("external-secrets.io" | "bitnami.com", _)
            | (
                "gateway.networking.k8s.io",
                "HTTPRoute" | "GRPCRoute" | "GatewayClass"
            )
    )
}

/// Pods whose trouble has lasted too long. A Job counts its failures itself.
fn trouble<'a>(
    suspicions: &mut Suspicions,
    pods: &[&'a DynamicObject],
    key: &ObjectKey,
    at_the_end: bool,
) -> Vec<(&'a DynamicObject, Suspect)> {
    let suspects = pods
        .iter()
        .filter_map(|pod| suspect(pod).map(|suspect| (*pod, suspect)));
    suspects
        .filter(|(_, suspect)| {
            key.kind != "Job" || !matches!(suspect.trouble, Trouble::Crash | Trouble::Probe)
        })
        .filter(|(pod, suspect)| suspicions.is_over(pod, suspect) || at_the_end)
        .collect()
}

/// Asks the cluster for what makes a suspicion certain, and for the log.
pub(crate) async fn confirm(
    client: &kube::Client,
    key: &ObjectKey,
    pod: &DynamicObject,
    suspect: &Suspect,
    at_the_end: bool,
) -> Option<(String, Vec<String>)> {
    let container = suspect.container.clone().unwrap_or_default();
    match suspect.trouble {
        Trouble::Image | Trouble::Container => Some((suspect.cause.clone(), Vec::new())),
        Trouble::Crash => {
            let log = evidence::log(client, pod, &container, true).await;
            Some((suspect.cause.clone(), log))
        }
        Trouble::Unschedulable => {
            let claims = unbound_claims(client, key, pod).await;
            Some((claims.unwrap_or_else(|| suspect.cause.clone()), Vec::new()))
        }
        Trouble::Starting => {
            let warnings = evidence::warnings(client, key).await;
            let told = warnings
                .into_iter()
                .rev()
                .find(|warning| warning.reason.starts_with("Failed"));
            let cause = match told {
                Some(told) => format!("{}: {}", suspect.cause, told.message),
                None if at_the_end => suspect.cause.clone(),
                None => return None,
            };
            Some((cause, Vec::new()))
        }
        Trouble::Probe => {
            let warnings = evidence::warnings(client, key).await;
            let told = warnings
                .into_iter()
                .rev()
                .find(|warning| warning.reason == "Unhealthy");
            let cause = match told {
                Some(told) => format!("{}: {}", suspect.cause, told.message),
                None => suspect.cause.clone(),
            };
            Some((cause, evidence::log(client, pod, &container, false).await))
        }
    }
}

/// Why a claim of a pod is not bound, where that is what keeps it from a node.
async fn unbound_claims(
    client: &kube::Client,
    key: &ObjectKey,
    pod: &DynamicObject,
) -> Option<String> {
    let spec = pod.data.get("spec")?;
    for used in pod_spec::references(spec) {
        if used.kind != "PersistentVolumeClaim" {
            continue;
        }
        let claim = ObjectKey::new("v1", used.kind, key.namespace.as_deref(), used.name);
        if let Some(warning) = evidence::warnings(client, &claim).await.pop() {
            return Some(format!(
                "its claim {} is not bound: {}",
                used.name, warning.message
            ));
        }
    }
    None
}

pub(crate) fn pod_key(pod: &DynamicObject) -> ObjectKey {
    let name = pod.metadata.name.as_deref().unwrap_or_default();
    ObjectKey::new("v1", "Pod", pod.metadata.namespace.as_deref(), name)
}

/// The container that ended badly; the first one where none says so.
pub(crate) fn failed_container(pod: &DynamicObject) -> String {
    let lists = ["/status/initContainerStatuses", "/status/containerStatuses"];
    let statuses = lists
        .iter()
        .flat_map(|list| crate::references::items(&pod.data, list));
    let ended_badly = |status: &&serde_json::Value| {
        let code = status.pointer("/state/terminated/exitCode");
        code.and_then(serde_json::Value::as_i64)
            .is_some_and(|code| code != 0)
    };
    let found = statuses.clone().find(ended_badly);
    let name = found.map(|status| crate::references::text(status, "/name"));
    let first = || crate::references::text(&pod.data, "/spec/containers/0/name");
    name.unwrap_or_else(first).to_owned()
}
