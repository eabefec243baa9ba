//! What is wrong with a pod, read from the pod alone, and how long it may stay so.
//!
//! Some troubles pass by themselves (a registry that hiccups, a node that is still coming). Each
//! has a patience of its own; after it the release has failed.

use std::time::Duration;

use kube::api::DynamicObject;
use serde_json::Value;

use crate::references::{items, text};

/// A trouble with its cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect {
    /// What kind of trouble: the same one keeps its first moment.
    pub trouble: Trouble,
    /// One sentence.
    pub cause: String,
    /// The container that it is about.
    pub container: Option<String>,
    /// How long it may last.
    pub patience: Duration,
}

/// Kinds of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// No node takes the pod.
    Unschedulable,
    /// An image cannot be pulled.
    Image,
    /// A container cannot be made: a Secret, ConfigMap or key is missing, its command is not there.
    Container,
    /// A container ends again and again; its last log says why.
    Crash,
    /// A container is not started; events may say why (a volume that cannot be mounted).
    Starting,
    /// A container runs and does not answer its probes.
    Probe,
}

const SECOND: Duration = Duration::from_secs(1);

/// The first trouble of a pod, in the order in which a pod starts.
pub fn suspect(pod: &DynamicObject) -> Option<Suspect> {
    if pod.metadata.deletion_timestamp.is_some() {
        return None;
    }
    if let Some(cause) = unschedulable(pod) {
        let (trouble, patience) = (Trouble::Unschedulable, 30 * SECOND);
        return Some(Suspect {
            trouble,
            cause,
            container: None,
            patience,
        });
    }
    let lists = [
        ("/spec/initContainers", "/status/initContainerStatuses"),
        ("/spec/containers", "/status/containerStatuses"),
    ];
    lists.iter().find_map(|(specs, statuses)| {
        let statuses = items(&pod.data, statuses).iter();
        let specs = items(&pod.data, specs);
        statuses
            .filter(|status| !is_fine(status))
            .find_map(|status| {
                let spec = specs.iter().find(|spec| spec["name"] == status["name"]);
                of_container(status, spec.unwrap_or(&Value::Null))
            })
    })
}

fn unschedulable(pod: &DynamicObject) -> Option<String> {
    let conditions = items(&pod.data, "/status/conditions");
    let scheduled = conditions
        .iter()
        .find(|one| text(one, "/type") == "PodScheduled")?;
    let is_stuck =
        text(scheduled, "/status") == "False" && text(scheduled, "/reason") == "Unschedulable";
    is_stuck.then(|| format!("no node takes its pod: {}", text(scheduled, "/message")))
}

/// Ready, or an init container that has ended well.
fn is_fine(status: &Value) -> bool {
    status["ready"] == true || status.pointer("/state/terminated/exitCode") == Some(&Value::from(0))
}

fn of_container(status: &Value, spec: &Value) -> Option<Suspect> {
    let name = text(status, "/name");
    let image = text(spec, "/image");
    let (reason, message) = (
        text(status, "/state/waiting/reason"),
        text(status, "/state/waiting/message"),
    );
    let (trouble, cause, patience) = match reason {
        "InvalidImageName" | "ErrImageNeverPull" => (
            Trouble::Image,
            format!("image {image} cannot be used: {message}"),
            Duration::ZERO,
        ),
        "ErrImagePull" | "ImagePullBackOff" => {
            let patience = if is_hopeless(message) { 10 } else { 45 };
            let cause = format!("image {image} cannot be pulled: {message}");
            (Trouble::Image, cause, patience * SECOND)
        }
        "CreateContainerConfigError"
        | "CreateContainerError"
        | "RunContainerError"
        | "StartError" => {
            let cause = format!("container {name} cannot start: {message}");
            (Trouble::Container, cause, 15 * SECOND)
        }
        "CrashLoopBackOff" => {
            let restarts = status["restartCount"].as_u64().unwrap_or(0);
            let patience = if restarts >= 2 {
                Duration::ZERO
            } else {
                20 * SECOND
            };
            (Trouble::Crash, crash(name, status), patience)
        }
        "ContainerCreating" | "PodInitializing" => {
            let cause = format!("container {name} is not started");
            (Trouble::Starting, cause, 20 * SECOND)
        }
        "" if status.pointer("/state/running").is_some() => {
            let cause = format!("container {name} runs and is not ready");
            (Trouble::Probe, cause, probe_budget(spec) + 30 * SECOND)
        }
        _ => return None,
    };
    let container = Some(name.to_owned());
    Some(Suspect {
        trouble,
        cause: cause.trim_end_matches([':', ' ']).to_owned(),
        container,
        patience,
    })
}

/// Answers of registries that asking again does not change.
fn is_hopeless(message: &str) -> bool {
    let message = message.to_lowercase();
    [
        "not found",
        "denied",
        "unauthorized",
        "manifest unknown",
        "does not exist",
    ]
    .iter()
    .any(|sign| message.contains(sign))
}

fn crash(name: &str, status: &Value) -> String {
    let last = &status["lastState"]["terminated"];
    match (text(last, "/reason"), last["exitCode"].as_i64()) {
        ("OOMKilled", _) => {
            format!("container {name} uses more memory than its limit and is killed")
        }
        (_, Some(code)) => {
            format!("container {name} ends again and again, last with exit code {code}")
        }
        _ => format!("container {name} ends again and again"),
    }
}

/// How long a container may take to answer its startup and readiness probes.
fn probe_budget(spec: &Value) -> Duration {
    ["startupProbe", "readinessProbe"]
        .iter()
        .map(|probe| budget(&spec[*probe]))
        .sum()
}

/// Defaults: Kubernetes, "Configure Probes".
fn budget(probe: &Value) -> Duration {
    if !probe.is_object() {
        return Duration::ZERO;
    }
    let number = |field: &str, or: u64| probe[field].as_u64().unwrap_or(or);
    let attempts = number("failureThreshold", 3) * number("periodSeconds", 10);
    Duration::from_secs(number("initialDelaySeconds", 0) + attempts)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(status: &Value) -> DynamicObject {
        serde_json::from_value(json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "api-1" },
            "spec": { "containers": [{
                "name": "api", "image": "ghcr.example/api:1",
                "startupProbe": { "failureThreshold": 30, "periodSeconds": 2 },
                "readinessProbe": { "periodSeconds": 5 },
            }] },
            "status": status,
        }))
        .expect("a pod")
    }

    fn container(state: &Value) -> Option<Suspect> {
        let mut status = json!({ "name": "api", "ready": false });
        status
            .as_object_mut()
            .expect("a map")
            .extend(state.as_object().expect("a map").clone());
        suspect(&pod(&json!({ "containerStatuses": [status] })))
    }

    fn waiting(reason: &str, message: &str) -> Suspect {
        let state = json!({ "state": { "waiting": { "reason": reason, "message": message } } });
        container(&state).expect("a suspect")
    }

    /// Holds P10.
    #[test]
    fn a_missing_image_is_named_and_soon_given_up() {
        let found = waiting("ImagePullBackOff", "manifest unknown");
        assert_eq!(
            found.cause,
            "image ghcr.example/api:1 cannot be pulled: manifest unknown"
        );
        assert_eq!(found.patience, 10 * SECOND);
        assert_eq!(waiting("ErrImagePull", "i/o timeout").patience, 45 * SECOND);
    }

    /// Holds P10.
    #[test]
    fn a_missing_secret_is_named() {
        let found = waiting(
            "CreateContainerConfigError",
            "secret \"api-secrets\" not found",
        );
        assert_eq!(
            found.cause,
            "container api cannot start: secret \"api-secrets\" not found"
        );
        assert_eq!(found.trouble, Trouble::Container);
    }

    #[test]
    fn a_container_that_ends_again_and_again_says_how() {
        let ended = |reason: &str, restarts: u64| {
            container(&json!({
                "restartCount": restarts,
                "state": { "waiting": { "reason": "CrashLoopBackOff" } },
                "lastState": { "terminated": { "exitCode": 137, "reason": reason } },
            }))
            .expect("a suspect")
        };
        let killed = ended("OOMKilled", 2);
        assert_eq!(
            killed.cause,
            "container api uses more memory than its limit and is killed"
        );
        assert_eq!(killed.patience, Duration::ZERO);
        let once = ended("Error", 1);
        assert_eq!(
            once.cause,
            "container api ends again and again, last with exit code 137"
        );
        assert_eq!(once.patience, 20 * SECOND);
    }

    #[test]
    fn a_running_container_has_the_time_that_its_probes_give_it() {
        let found = container(&json!({ "state": { "running": {} } })).expect("a suspect");
        assert_eq!(
            (found.trouble, found.patience),
            (Trouble::Probe, (60 + 15 + 30) * SECOND)
        );
    }

    #[test]
    fn the_scheduler_is_quoted() {
        let found = suspect(&pod(&json!({ "conditions": [{
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": "0/3 nodes are available: 3 Insufficient cpu.",
        }] })));
        let cause = found.expect("a suspect").cause;
        assert_eq!(
            cause,
            "no node takes its pod: 0/3 nodes are available: 3 Insufficient cpu."
        );
    }

    #[test]
    fn a_pod_that_is_fine_or_goes_away_is_not_suspect() {
        assert_eq!(
            container(&json!({ "ready": true, "state": { "running": {} } })),
            None
        );
        let mut going = pod(
            &json!({ "containerStatuses": [{ "name": "api", "ready": false,
            "state": { "waiting": { "reason": "ErrImagePull" } } }] }),
        );
        going.metadata.deletion_timestamp =
            serde_json::from_value(json!("2026-01-01T00:00:00Z")).expect("a time");
        assert_eq!(suspect(&going), None);
    }
}
