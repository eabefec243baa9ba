//! KEDA.

use crate::models::platform::Component;
use crate::models::testing::{condition, prepared, serve};
use serde_json::{Value, json};

const SCALED: &str = "keda.sh/ScaledObject";

fn scaled(target: &str) -> Value {
    json!({
        "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "web"},
        "spec": {
            "scaleTargetRef": {"name": target}, "minReplicaCount": 3, "maxReplicaCount": 9,
            "triggers": [
                {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "70"}},
                {"type": "prometheus", "metadata": {"query": "up", "threshold": "100", "serverAddress": "http://p"}},
            ],
        },
    })
}

#[test]
fn a_scaled_object_makes_its_autoscaler() {
    let mut world = prepared(&[Component::named("keda")]);
    serve(&mut world, "web", 8080);
    world.create(scaled("web"));
    world.pass(10);
    let autoscaler = world.get("autoscaling/HorizontalPodAutoscaler", "keda-hpa-web");
    assert_eq!(
        (
            &autoscaler["spec"]["minReplicas"],
            &autoscaler["spec"]["maxReplicas"]
        ),
        (&json!(3), &json!(9))
    );
    assert_eq!(
        autoscaler["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"],
        70
    );
    assert_eq!(
        autoscaler["spec"]["metrics"][1]["external"]["metric"]["name"],
        "s1-prometheus"
    );
    assert!(condition(&world.get(SCALED, "web"), "Ready").starts_with("True ScaledObjectReady"));
}

#[test]
fn without_its_target_a_scaled_object_is_not_ready_until_it_comes() {
    let mut world = prepared(&[Component::named("keda")]);
    world.create(scaled("web"));
    world.pass(10);
    assert!(
        condition(&world.get(SCALED, "web"), "Ready").ends_with("Deployment \"web\" not found")
    );
    serve(&mut world, "web", 8080);
    world.pass(10);
    assert!(condition(&world.get(SCALED, "web"), "Ready").starts_with("True"));
}

#[test]
fn a_target_that_another_autoscaler_scales_is_refused() {
    let mut world = prepared(&[Component::named("keda")]);
    serve(&mut world, "web", 8080);
    world.create(json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "mine"},
        "spec": {"maxReplicas": 5, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}},
    }));
    world.create(scaled("web"));
    world.pass(10);
    assert!(
        condition(&world.get(SCALED, "web"), "Ready")
            .ends_with("is already managed by the hpa 'mine'")
    );
}
