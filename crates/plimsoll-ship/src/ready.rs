//! When an object is ready, by kind.
//!
//! Built-in workloads follow the rules that `kubectl rollout status` applies (Kubernetes 1.36);
//! custom resources are judged by the conditions that their controllers document
//! (`custom`). A kind whose controller never answers is never ready.

mod custom;
mod workload;

use kube::api::DynamicObject;
use serde_json::Value;

use crate::references::{items, text};

/// How far an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It does what it is for.
    Ready,
    /// On its way; the text says what is missing.
    Waiting(String),
    /// No controller has said anything about it.
    Unattended,
    /// It will not come up by waiting; the text is the controller's own.
    Failed(String),
}

impl Readiness {
    /// The controller has not looked at the newest content yet.
    pub(crate) fn unseen() -> Self {
        Self::waiting("its change is not seen yet")
    }

    pub(crate) fn waiting(what: impl Into<String>) -> Self {
        Self::Waiting(what.into())
    }
}

/// Judges an object. `has_status`: whether its kind has a status at all.
pub fn readiness(object: &DynamicObject, has_status: bool) -> Readiness {
    if object.metadata.deletion_timestamp.is_some() {
        return Readiness::waiting("it is being deleted");
    }
    let (api_version, kind) = object
        .types
        .as_ref()
        .map_or(("", ""), |types| (&types.api_version, &types.kind));
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    match group {
        "" => core(kind, object),
        "apps" => workload::apps(kind, object),
        "batch" if kind == "Job" => job(object),
        "apiextensions.k8s.io" if kind == "CustomResourceDefinition" => definition(object),
        "apiregistration.k8s.io" => condition(object, "Available"),
        "gateway.networking.k8s.io" => custom::gateway(kind, object),
        group if is_built_in(group) => Readiness::Ready,
        group => custom::other(group, kind, object, has_status),
    }
}

/// Groups whose objects work as soon as they exist. Nothing waits for an autoscaler, a budget or
/// an address of an Ingress: they follow the pods, and pods do not follow them.
fn is_built_in(group: &str) -> bool {
    !group.contains('.')
        || (group.ends_with(".k8s.io") && !group.contains(".x-k8s.io") && !is_addon(group))
}

/// Groups of the same domain that come with definitions of their own.
fn is_addon(group: &str) -> bool {
    matches!(
        group,
        "autoscaling.k8s.io" | "snapshot.storage.k8s.io" | "metrics.k8s.io"
    )
}

fn core(kind: &str, object: &DynamicObject) -> Readiness {
    match kind {
        "Namespace" => match text(&object.data, "/status/phase") {
            "Terminating" => Readiness::waiting("it is being deleted"),
            _ => Readiness::Ready,
        },
        // A claim may wait for its first pod, so nothing waits for a claim: its pod does.
        "PersistentVolumeClaim" => match text(&object.data, "/status/phase") {
            "Lost" => Readiness::Failed("its volume is gone".to_owned()),
            _ => Readiness::Ready,
        },
        "Pod" => match text(&object.data, "/status/phase") {
            "Succeeded" => Readiness::Ready,
            "Failed" => Readiness::Failed(text(&object.data, "/status/message").to_owned()),
            _ => condition(object, "Ready"),
        },
        _ => Readiness::Ready,
    }
}

fn job(object: &DynamicObject) -> Readiness {
    if let Some(failed) = find(object, "Failed").filter(|condition| is_true(condition)) {
        return Readiness::Failed(said(failed));
    }
    match find(object, "Complete") {
        Some(complete) if is_true(complete) => Readiness::Ready,
        _ if object.data["spec"]["suspend"] == true => Readiness::waiting("it is suspended"),
        _ => Readiness::waiting("it runs"),
    }
}

fn definition(object: &DynamicObject) -> Readiness {
    match find(object, "NamesAccepted") {
        Some(names) if names["status"] == "False" => Readiness::Failed(said(names)),
        _ => condition(object, "Established"),
    }
}

/// Ready as soon as one condition is true; what it says otherwise.
pub(crate) fn condition(object: &DynamicObject, name: &str) -> Readiness {
    if object.data.get("status").is_none_or(is_nothing) {
        return Readiness::Unattended;
    }
    match find(object, name) {
        Some(found) if !is_current(object, found) => Readiness::unseen(),
        Some(found) if is_true(found) => Readiness::Ready,
        Some(found) => Readiness::Waiting(said(found)),
        None => Readiness::Waiting(format!("{name} is not reported yet")),
    }
}

/// Whether a condition holds, with what it says; none where nobody has reported on it.
pub(crate) fn in_conditions(object: &DynamicObject, name: &str) -> Option<(bool, String)> {
    let found = find(object, name)?;
    Some((is_true(found), said(found)))
}

fn is_nothing(status: &Value) -> bool {
    status.is_null() || status.as_object().is_some_and(serde_json::Map::is_empty)
}

/// A condition by its type.
pub(crate) fn find<'a>(object: &'a DynamicObject, name: &str) -> Option<&'a Value> {
    in_list(items(&object.data, "/status/conditions"), name)
}

pub(crate) fn in_list<'a>(conditions: &'a [Value], name: &str) -> Option<&'a Value> {
    conditions
        .iter()
        .find(|condition| text(condition, "/type") == name)
}

pub(crate) fn is_true(condition: &Value) -> bool {
    text(condition, "/status") == "True"
}

/// Whether a condition speaks of the object as it is now.
pub(crate) fn is_current(object: &DynamicObject, condition: &Value) -> bool {
    let seen = condition.get("observedGeneration").and_then(Value::as_i64);
    seen.is_none_or(|seen| object.metadata.generation.is_none_or(|now| seen >= now))
}

/// `Reason: message` of a condition.
pub(crate) fn said(condition: &Value) -> String {
    let (reason, message) = (text(condition, "/reason"), text(condition, "/message"));
    match (reason.is_empty(), message.is_empty()) {
        (false, false) => format!("{reason}: {message}"),
        (false, true) => reason.to_owned(),
        (true, false) => message.to_owned(),
        (true, true) => format!(
            "{} is {}",
            text(condition, "/type"),
            text(condition, "/status")
        ),
    }
}

#[cfg(test)]
mod tests;
