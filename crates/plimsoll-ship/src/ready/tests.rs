//! Objects as controllers leave them, and what they count as.

use kube::api::DynamicObject;
use serde_json::{Value, json};

use super::*;

fn of(body: Value) -> Readiness {
    let object: DynamicObject = serde_json::from_value(body).expect("an object");
    readiness(&object, true)
}

fn deployment(generation: i64, status: &Value) -> Readiness {
    of(json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "api", "generation": generation },
        "spec": { "replicas": 3 }, "status": status,
    }))
}

#[test]
fn a_deployment_is_ready_when_all_pods_are_new_and_available() {
    let done = json!({
        "observedGeneration": 2, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 3,
    });
    assert_eq!(deployment(2, &done), Readiness::Ready);
    assert_eq!(
        deployment(3, &done),
        Readiness::waiting("its change is not seen yet")
    );
    let surge = json!({
        "observedGeneration": 2, "replicas": 4, "updatedReplicas": 3, "availableReplicas": 4,
    });
    assert_eq!(
        deployment(2, &surge),
        Readiness::waiting("1 old pods are still there")
    );
    let starting = json!({ "observedGeneration": 2, "replicas": 3, "updatedReplicas": 3 });
    assert_eq!(
        deployment(2, &starting),
        Readiness::waiting("0 of 3 pods are available")
    );
}

#[test]
fn a_deployment_without_controller_is_unattended() {
    assert_eq!(deployment(1, &Value::Null), Readiness::Unattended);
}

#[test]
fn a_deployment_past_its_deadline_has_failed() {
    let late = json!({ "observedGeneration": 1, "conditions": [{
        "type": "Progressing", "status": "False",
        "reason": "ProgressDeadlineExceeded", "message": "timed out",
    }] });
    assert_eq!(
        deployment(1, &late),
        Readiness::Failed("ProgressDeadlineExceeded: timed out".to_owned())
    );
}

#[test]
fn a_stateful_set_waits_for_the_new_revision() {
    let set = |status: Value| {
        of(json!({
            "apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": { "name": "db", "generation": 1 },
            "spec": { "replicas": 2 }, "status": status,
        }))
    };
    let half = json!({
        "observedGeneration": 1, "readyReplicas": 2, "updatedReplicas": 1,
        "currentRevision": "db-1", "updateRevision": "db-2",
    });
    assert_eq!(set(half), Readiness::waiting("1 of 2 pods are updated"));
    let done = json!({
        "observedGeneration": 1, "readyReplicas": 2, "updatedReplicas": 2,
        "currentRevision": "db-2", "updateRevision": "db-2",
    });
    assert_eq!(set(done), Readiness::Ready);
}

#[test]
fn a_job_ends_either_way() {
    let job = |kind: &str| {
        of(json!({
            "apiVersion": "batch/v1", "kind": "Job", "metadata": { "name": "migrate" },
            "status": { "conditions": [{ "type": kind, "status": "True", "reason": "BackoffLimitExceeded" }] },
        }))
    };
    assert_eq!(job("Complete"), Readiness::Ready);
    assert_eq!(job("SuccessCriteriaMet"), Readiness::waiting("it runs"));
    assert_eq!(
        job("Failed"),
        Readiness::Failed("BackoffLimitExceeded".to_owned())
    );
}

#[test]
fn nothing_waits_for_a_claim_that_waits_for_its_pod() {
    let claim = |phase: &str| {
        of(json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": { "name": "files" }, "status": { "phase": phase },
        }))
    };
    assert_eq!(claim("Pending"), Readiness::Ready);
    assert_eq!(
        claim("Lost"),
        Readiness::Failed("its volume is gone".to_owned())
    );
}

#[test]
fn a_definition_is_ready_once_established() {
    let definition = |conditions: Value| {
        of(json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": { "name": "lamps.example.org" }, "status": { "conditions": conditions },
        }))
    };
    assert_eq!(
        definition(json!([{ "type": "Established", "status": "True" }])),
        Readiness::Ready
    );
    let clash = json!([{ "type": "NamesAccepted", "status": "False", "message": "taken" }]);
    assert_eq!(definition(clash), Readiness::Failed("taken".to_owned()));
}

fn route(conditions: &Value) -> Readiness {
    of(json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": { "name": "main", "generation": 1 },
        "spec": { "parentRefs": [{ "name": "main" }] },
        "status": { "parents": conditions },
    }))
}

#[test]
fn a_route_is_ready_when_its_gateway_took_it_with_all_references() {
    let of = |accepted: &str, resolved: &str| {
        json!([{ "conditions": [
            { "type": "Accepted", "status": accepted, "reason": "NotAllowedByListeners", "observedGeneration": 1 },
            { "type": "ResolvedRefs", "status": resolved, "reason": "BackendNotFound", "observedGeneration": 1 },
        ] }])
    };
    assert_eq!(route(&of("True", "True")), Readiness::Ready);
    assert_eq!(
        route(&of("True", "False")),
        Readiness::waiting("BackendNotFound")
    );
    assert_eq!(
        route(&of("False", "True")),
        Readiness::waiting("NotAllowedByListeners")
    );
    assert_eq!(route(&json!([])), Readiness::Unattended);
}

#[test]
fn a_gateway_waits_for_the_certificates_of_its_listeners() {
    let with = |resolved: &str| {
        of(json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": { "name": "main" },
            "status": {
                "conditions": [{ "type": "Accepted", "status": "True" }, { "type": "Programmed", "status": "True" }],
                "listeners": [{ "name": "https", "conditions": [
                    { "type": "ResolvedRefs", "status": resolved, "message": "Secret web-tls does not exist" },
                ] }],
            },
        }))
    };
    assert_eq!(with("True"), Readiness::Ready);
    assert_eq!(
        with("False"),
        Readiness::waiting("listener https: Secret web-tls does not exist")
    );
}

#[test]
fn custom_resources_follow_the_condition_of_their_controller() {
    let custom = |api_version: &str, kind: &str, condition: &str| {
        of(json!({
            "apiVersion": api_version, "kind": kind, "metadata": { "name": "x" },
            "status": { "conditions": [{ "type": condition, "status": "True" }] },
        }))
    };
    for (api_version, kind, name) in [
        ("cert-manager.io/v1", "Certificate", "Ready"),
        ("external-secrets.io/v1", "ExternalSecret", "Ready"),
        ("bitnami.com/v1alpha1", "SealedSecret", "Synced"),
        ("keda.sh/v1alpha1", "ScaledObject", "Ready"),
        ("postgresql.cnpg.io/v1", "Cluster", "Ready"),
        ("example.org/v1", "Lamp", "Available"),
    ] {
        assert_eq!(custom(api_version, kind, name), Readiness::Ready, "{kind}");
        assert_ne!(
            custom(api_version, kind, "Other"),
            Readiness::Unattended,
            "{kind}"
        );
    }
}

#[test]
fn a_rollout_that_waits_for_somebody_says_how_it_goes_on() {
    let paused = |reason: &str, pause: Value| {
        of(json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
            "metadata": { "name": "web", "namespace": "shop", "generation": 1 },
            "spec": { "strategy": { "canary": { "steps": [{ "pause": pause }] } } },
            "status": { "phase": "Paused", "message": reason, "currentStepIndex": 0,
                "pauseConditions": [{ "reason": reason }] },
        }))
    };
    let goes_on = "`kubectl argo rollouts promote web -n shop` goes on";
    assert_eq!(
        paused("CanaryPauseStep", json!({})),
        Readiness::waiting(format!("Paused: this step has no end; {goes_on}"))
    );
    assert_eq!(
        paused("CanaryPauseStep", json!({ "duration": "5m" })),
        Readiness::waiting("Paused CanaryPauseStep")
    );
    assert_eq!(
        paused("InconclusiveAnalysisRun", json!({ "duration": "5m" })),
        Readiness::waiting(format!("Paused: its analysis has no answer; {goes_on}"))
    );
}

#[test]
fn a_rollout_follows_its_phase_for_its_generation() {
    let rollout = |phase: &str, seen: &str| {
        of(json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
            "metadata": { "name": "api", "generation": 2 },
            "status": { "phase": phase, "message": "aborted", "observedGeneration": seen },
        }))
    };
    assert_eq!(rollout("Healthy", "2"), Readiness::Ready);
    assert_eq!(
        rollout("Healthy", "1"),
        Readiness::waiting("its change is not seen yet")
    );
    assert_eq!(
        rollout("Degraded", "2"),
        Readiness::Failed("Degraded: aborted".to_owned())
    );
    assert_eq!(rollout("Paused", "2"), Readiness::waiting("Paused aborted"));
}

#[test]
fn a_kind_that_nobody_attends_is_never_ready() {
    let lamp =
        json!({ "apiVersion": "example.org/v1", "kind": "Lamp", "metadata": { "name": "l" } });
    assert_eq!(of(lamp.clone()), Readiness::Unattended);
    let object: DynamicObject = serde_json::from_value(lamp).expect("an object");
    assert_eq!(
        readiness(&object, false),
        Readiness::Ready,
        "a kind without status has no say"
    );
}

#[test]
fn what_only_others_read_is_ready_at_once() {
    for (api_version, kind) in [
        ("v1", "ConfigMap"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
        ("policy/v1", "PodDisruptionBudget"),
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
        ("networking.k8s.io/v1", "Ingress"),
        ("batch/v1", "CronJob"),
        ("monitoring.coreos.com/v1", "ServiceMonitor"),
    ] {
        let object =
            json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": "x" } });
        assert_eq!(of(object), Readiness::Ready, "{kind}");
    }
}
