//! Custom resources, by what their controllers document (versions beside each rule). A kind that
//! no rule names is judged by the usual conditions.

use kube::api::DynamicObject;
use serde_json::Value;

use super::workload::number;
use super::{Readiness, condition, find, in_list, is_current, is_true, said};
use crate::references::{items, text};

/// How objects of a custom kind become ready.
#[derive(Clone, Copy)]
enum Rule {
    /// They are data that others read: as soon as they exist.
    Exists,
    /// A condition is true.
    Condition(&'static str),
    /// A phase is reached; the second list are phases that end it.
    Phase(&'static [&'static str], &'static [&'static str]),
}

/// Group, kind (`*` for the others of the group), rule. First match holds.
const RULES: &[(&str, &str, Rule)] = &[
    // cert-manager 1.18: Ready on issuers and certificates; requests and orders follow them.
    ("cert-manager.io", "*", Rule::Condition("Ready")),
    // External Secrets 0.19: Ready on stores and secrets.
    ("external-secrets.io", "*", Rule::Condition("Ready")),
    // Sealed Secrets 0.30: Synced, kept by the controller.
    ("bitnami.com", "SealedSecret", Rule::Condition("Synced")),
    // KEDA 2.17: Ready on scaled objects and jobs; authentications are read only.
    ("keda.sh", "ScaledObject", Rule::Condition("Ready")),
    ("keda.sh", "ScaledJob", Rule::Condition("Ready")),
    ("keda.sh", "*", Rule::Exists),
    // CloudNativePG 1.26: Ready on clusters; backups and poolers have counters only.
    ("postgresql.cnpg.io", "Cluster", Rule::Condition("Ready")),
    ("postgresql.cnpg.io", "*", Rule::Exists),
    // Argo Rollouts 1.9: phases; everything else of the group is read only.
    (
        "argoproj.io",
        "Rollout",
        Rule::Phase(&["Healthy"], &["Degraded"]),
    ),
    ("argoproj.io", "*", Rule::Exists),
    // Velero 1.16.
    (
        "velero.io",
        "Schedule",
        Rule::Phase(&["Enabled"], &["FailedValidation"]),
    ),
    (
        "velero.io",
        "BackupStorageLocation",
        Rule::Phase(&["Available"], &[]),
    ),
    // Read by Prometheus, meshes, policy engines and drivers, which report nothing on most of them.
    ("monitoring.coreos.com", "ServiceMonitor", Rule::Exists),
    ("monitoring.coreos.com", "PodMonitor", Rule::Exists),
    ("monitoring.coreos.com", "Probe", Rule::Exists),
    ("monitoring.coreos.com", "PrometheusRule", Rule::Exists),
    ("monitoring.coreos.com", "AlertmanagerConfig", Rule::Exists),
    ("monitoring.coreos.com", "ScrapeConfig", Rule::Exists),
    ("monitoring.coreos.com", "*", Rule::Condition("Available")),
    ("networking.istio.io", "*", Rule::Exists),
    ("security.istio.io", "*", Rule::Exists),
    ("telemetry.istio.io", "*", Rule::Exists),
    ("policy.linkerd.io", "*", Rule::Exists),
    ("linkerd.io", "*", Rule::Exists),
    ("cilium.io", "*", Rule::Exists),
    ("kyverno.io", "*", Rule::Condition("Ready")),
    ("secrets-store.csi.x-k8s.io", "*", Rule::Exists),
    ("autoscaling.k8s.io", "*", Rule::Exists),
    ("traefik.io", "*", Rule::Exists),
    ("gateway.envoyproxy.io", "EnvoyProxy", Rule::Exists),
    ("gateway.envoyproxy.io", "HTTPRouteFilter", Rule::Exists),
    ("grafana.integreatly.org", "*", Rule::Exists),
    ("karpenter.sh", "NodePool", Rule::Condition("Ready")),
];

/// Judges a custom resource outside of Gateway API.
pub(super) fn other(
    group: &str,
    kind: &str,
    object: &DynamicObject,
    has_status: bool,
) -> Readiness {
    if let Some(ancestors) = object
        .data
        .pointer("/status/ancestors")
        .and_then(Value::as_array)
    {
        return all_accept(object, ancestors, &["Accepted"]);
    }
    let rule = RULES
        .iter()
        .find(|(g, k, _)| *g == group && (*k == kind || *k == "*"));
    match rule.map(|(_, _, rule)| *rule) {
        Some(Rule::Condition(name)) => condition(object, name),
        Some(Rule::Phase(good, bad)) => phase(object, good, bad),
        None if has_status => unknown(object),
        Some(Rule::Exists) | None => Readiness::Ready,
    }
}

fn phase(object: &DynamicObject, good: &[&str], bad: &[&str]) -> Readiness {
    let phase = text(&object.data, "/status/phase");
    if !is_seen(object) {
        return Readiness::unseen();
    }
    if good.contains(&phase) {
        return Readiness::Ready;
    }
    let message = text(&object.data, "/status/message");
    if bad.contains(&phase) {
        return Readiness::Failed(format!("{phase}: {message}"));
    }
    if phase.is_empty() {
        Readiness::Unattended
    } else if let Some(waits) = waits_for_somebody(object) {
        Readiness::Waiting(waits)
    } else {
        Readiness::Waiting(format!("{phase} {message}").trim_end().to_owned())
    }
}

/// What a Rollout waits for that does not end by itself, and the command that ends it.
fn waits_for_somebody(object: &DynamicObject) -> Option<String> {
    let strategy = &object.data["spec"]["strategy"];
    let step = object.data["status"]["currentStepIndex"].as_u64();
    let step = step.and_then(|step| usize::try_from(step).ok());
    let pause = step.map(|step| &strategy["canary"]["steps"][step]["pause"]);
    let has_no_end = pause.is_some_and(|pause| pause.is_object() && pause["duration"].is_null());
    let asks = strategy["blueGreen"]["autoPromotionSeconds"].is_null();
    let paused = items(&object.data, "/status/pauseConditions").iter();
    let mut reasons = paused.filter_map(|pause| pause["reason"].as_str());
    let why = reasons.find_map(|reason| match reason {
        "InconclusiveAnalysisRun" => Some("its analysis has no answer"),
        "BlueGreenPause" if asks => Some("the new version is up beside the old one"),
        "CanaryPauseStep" if has_no_end => Some("this step has no end"),
        _ => None,
    })?;
    let metadata = &object.metadata;
    let name = metadata.name.as_deref().unwrap_or_default();
    let namespace = metadata.namespace.as_deref().unwrap_or_default();
    Some(format!(
        "Paused: {why}; `kubectl argo rollouts promote {name} -n {namespace}` goes on"
    ))
}

/// Rollouts write the generation that they have seen as text.
fn is_seen(object: &DynamicObject) -> bool {
    let seen = &object.data["status"]["observedGeneration"];
    let seen = seen.as_i64().or_else(|| seen.as_str()?.parse().ok());
    seen.is_none_or(|seen| object.metadata.generation.is_none_or(|now| seen >= now))
}

/// A kind that the table does not know: the usual conditions, else a status for this generation.
fn unknown(object: &DynamicObject) -> Readiness {
    for name in ["Ready", "Available", "Synced", "Accepted", "Programmed"] {
        if find(object, name).is_some() {
            return condition(object, name);
        }
    }
    if object.data.get("status").is_none_or(super::is_nothing) {
        return Readiness::Unattended;
    }
    let seen = number(object, "status", "observedGeneration", i64::MAX);
    match object.metadata.generation {
        Some(now) if seen < now => Readiness::unseen(),
        _ => Readiness::Ready,
    }
}

/// Judges a kind of Gateway API 1.4. Routes need every parent to have taken them, with every
/// reference resolved.
pub(super) fn gateway(kind: &str, object: &DynamicObject) -> Readiness {
    match kind {
        "GatewayClass" | "ListenerSet" => condition(object, "Accepted"),
        "Gateway" => match find(object, "Accepted") {
            Some(accepted) if !is_true(accepted) => Readiness::Waiting(said(accepted)),
            _ => match condition(object, "Programmed") {
                Readiness::Ready => listeners(object),
                other => other,
            },
        },
        "ReferenceGrant" => Readiness::Ready,
        "BackendTLSPolicy" => match object
            .data
            .pointer("/status/ancestors")
            .and_then(Value::as_array)
        {
            Some(ancestors) => all_accept(object, ancestors, &["Accepted"]),
            None => Readiness::Unattended,
        },
        _ => {
            let parents = items(&object.data, "/status/parents");
            let wanted = items(&object.data, "/spec/parentRefs").len();
            if wanted > 0 && parents.is_empty() {
                return Readiness::Unattended;
            }
            all_accept(object, parents, &["Accepted", "ResolvedRefs"])
        }
    }
}

/// A Gateway is programmed while a listener of it still waits for its certificate: nobody is served
/// there, so the Gateway is not ready for us.
fn listeners(object: &DynamicObject) -> Readiness {
    for listener in items(&object.data, "/status/listeners") {
        let name = listener["name"].as_str().unwrap_or_default();
        let conditions = items(listener, "/conditions");
        let bad =
            |condition: &&str| in_list(conditions, condition).is_some_and(|found| !is_true(found));
        if let Some(condition) = ["ResolvedRefs", "Programmed"].iter().find(|one| bad(one)) {
            let why = in_list(conditions, condition).map(said).unwrap_or_default();
            return Readiness::Waiting(format!("listener {name}: {why}"));
        }
    }
    Readiness::Ready
}

fn all_accept(object: &DynamicObject, holders: &[Value], names: &[&str]) -> Readiness {
    for holder in holders {
        for name in names {
            match in_list(items(holder, "/conditions"), name) {
                Some(found) if !is_current(object, found) => {
                    return Readiness::unseen();
                }
                Some(found) if is_true(found) => {}
                Some(found) => return Readiness::Waiting(said(found)),
                None => return Readiness::Waiting(format!("{name} is not reported yet")),
            }
        }
    }
    Readiness::Ready
}
