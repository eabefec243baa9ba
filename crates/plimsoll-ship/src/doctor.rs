//! What is wrong with an application that was shipped: each trouble with its cause, its last words and
//! what to do.

use kube::Client;
use serde::Serialize;

use crate::error::ShipError;
use crate::evidence;
use crate::examine::{confirm, failed_container, pod_key};
use crate::family::Families;
use crate::picture::Picture;
use crate::ready::{Readiness, in_conditions};
use crate::references::{items, text};
use crate::release::{ObjectKey, Role, Target};
use crate::suspect::suspect;

/// Restarts of one container from which on they are told.
const MANY_RESTARTS: u64 = 5;

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagnosis {
    /// The troubles.
    pub complaints: Vec<Complaint>,
    /// How many objects were looked at.
    pub examined: usize,
}

/// One trouble.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Complaint {
    /// The object.
    pub object: ObjectKey,
    /// The part of the application that it belongs to, such as `service api`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// What is wrong.
    pub cause: String,
    /// The last lines of the container that it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
    /// What to do.
    pub remedy: String,
}

/// Looks at everything that was shipped. None where nothing ever was.
pub async fn doctor(client: &Client, target: &Target) -> Result<Option<Diagnosis>, ShipError> {
    let Some(picture) = Picture::of(client, target).await? else {
        return Ok(None);
    };
    let families = Families::of(&picture.observed);
    let mut complaints = Vec::new();
    for (key, entry) in picture.entries() {
        let mut found = of_pods(client, &families, key).await;
        if found.is_empty() {
            found.extend(of_object(client, &picture, &families, key).await);
        }
        for (cause, log) in found {
            let unit = entry.unit.clone();
            let remedy = remedy(&cause, &entry.role, &unit);
            complaints.push(Complaint {
                object: key.clone(),
                unit,
                cause,
                log,
                remedy,
            });
        }
    }
    Ok(Some(Diagnosis {
        complaints,
        examined: picture.entries().count(),
    }))
}

type Found = (String, Vec<String>);

/// What is wrong with pods of a workload: each cause once.
async fn of_pods(client: &Client, families: &Families<'_>, key: &ObjectKey) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for pod in families.pods(key) {
        // A pod that serves may still hold a container that has not been asked yet.
        let serves = in_conditions(pod, "Ready").is_some_and(|(ready, _)| ready);
        let told = match suspect(pod).filter(|_| !serves) {
            Some(suspect) => confirm(client, &pod_key(pod), pod, &suspect, true).await,
            None => restarts(pod).map(|cause| (cause, Vec::new())),
        };
        if let Some((cause, log)) = told
            && found.iter().all(|(known, _)| !is_alike(known, &cause))
        {
            found.push((cause, log));
        }
    }
    found
}

/// Whether two causes differ in numbers only: addresses, counts, hashes of pods.
fn is_alike(one: &str, two: &str) -> bool {
    let words =
        |text: &str| -> String { text.chars().filter(|char| !char.is_ascii_digit()).collect() };
    words(one) == words(two)
}

/// Containers that run now and ended often before.
fn restarts(pod: &kube::api::DynamicObject) -> Option<String> {
    let statuses = items(&pod.data, "/status/containerStatuses");
    let often =
        |status: &&serde_json::Value| status["restartCount"].as_u64().unwrap_or(0) >= MANY_RESTARTS;
    let status = statuses.iter().find(often)?;
    let last = text(status, "/lastState/terminated/reason");
    Some(format!(
        "container {} was restarted {} times, last after {}",
        text(status, "/name"),
        status["restartCount"],
        if last.is_empty() { "an error" } else { last }
    ))
}

/// What an object says of itself.
async fn of_object(
    client: &Client,
    picture: &Picture,
    families: &Families<'_>,
    key: &ObjectKey,
) -> Option<Found> {
    let cause = match picture.readiness(key) {
        Readiness::Ready => return None,
        Readiness::Unattended => format!("nothing in the cluster attends {}", key.kind),
        Readiness::Waiting(missing) => missing,
        Readiness::Failed(cause) => cause,
    };
    let path = format!(
        "{}/{}",
        key.namespace.as_deref().unwrap_or_default(),
        key.name
    );
    if let Some(log) = picture.record.journal.failed.get(&path) {
        return Some((cause, log.clone()));
    }
    if let Some(pod) = families.pods(key).last() {
        let container = failed_container(pod);
        return Some((cause, evidence::log(client, pod, &container, false).await));
    }
    let warned = evidence::warnings(client, key).await.pop();
    let cause = match warned {
        Some(warning) => format!("{cause}: {}", warning.message),
        None => cause,
    };
    Some((cause, Vec::new()))
}

/// What helps, by what is wrong.
fn remedy(cause: &str, role: &Role, unit: &str) -> String {
    let name = unit.split_once(' ').map_or(unit, |(_, name)| name);
    let has = |words: &[&str]| words.iter().any(|word| cause.contains(word));
    if matches!(role, Role::Migration { .. }) {
        return format!(
            "mend the migration and run `plimsoll up` again; `plimsoll logs {name}` shows all of its log"
        );
    }
    if has(&["it is gone"]) {
        "`plimsoll up` brings it back".to_owned()
    } else if has(&["pulled", "image "]) {
        "see that the image and its tag exist and that the registry's login is right, then `plimsoll up`; \
         `plimsoll rollback` brings the release before back"
            .to_owned()
    } else if has(&["secret", "Secret", "configmap", "couldn't find key"]) {
        "make what it names, with that key; the pods start by themselves".to_owned()
    } else if has(&["no node", "nsufficient"]) {
        "ask for less (`size`), or give the cluster more nodes".to_owned()
    } else if has(&["OOM", "memory"]) {
        format!("give `{name}` more memory (`size`), or find out what needs it")
    } else if has(&["ends again", "restarted", "exit"]) {
        format!(
            "`plimsoll logs {name} --previous` shows its last words; `plimsoll rollback` brings the release before back"
        )
    } else if has(&["probe", "health"]) {
        format!("see that `{name}` answers on the path and port of its `health`")
    } else if has(&["claim", "volume"]) {
        "see that its storage class exists and has room (`kubectl get storageclass,pv`)".to_owned()
    } else if has(&["attends"]) {
        "install the controller of this kind, or see that it runs".to_owned()
    } else {
        format!("`plimsoll logs {name}` and `plimsoll drift` tell more")
    }
}
