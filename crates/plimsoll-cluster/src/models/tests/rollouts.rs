//! Argo Rollouts.

use crate::controllers::testing::World;
use crate::models::platform::Component;
use crate::models::testing::{condition, prepared};
use serde_json::{Value, json};

const ROLLOUT: &str = "argoproj.io/Rollout";
const HASH: &str = "rollouts-pod-template-hash";

fn rollout(strategy: Value) -> Value {
    let labels = json!({"app": "web"});
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "web"},
        "spec": {"replicas": 5, "selector": {"matchLabels": labels}, "strategy": strategy, "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "web", "image": "example/web:1", "ports": [{"containerPort": 8080}]}]},
        }},
    })
}

fn service(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}})
}

/// The Rollout at rest in its first version.
fn running(strategy: Value) -> World {
    let mut world = prepared(&[Component::named("argo-rollouts"), Component::named("envoy")]);
    for name in ["web", "web-canary"] {
        world.create(service(name));
    }
    world.create(rollout(strategy));
    world.pass(60);
    assert_eq!(phase(&world), "Healthy", "{}", status(&world));
    world
}

fn status(world: &World) -> Value {
    world.get(ROLLOUT, "web")["status"].clone()
}

fn phase(world: &World) -> String {
    status(world)["phase"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn new_version(world: &mut World) {
    world.edit(ROLLOUT, "web", |rollout| {
        rollout["spec"]["template"]["spec"]["containers"][0]["image"] = json!("example/web:2");
    });
}

/// Pods of the first and of the second version.
fn pods(world: &World) -> (usize, usize) {
    let pods = world.state.list_in("Pod", "app");
    let of = |image: &str| {
        pods.iter()
            .filter(|pod| {
                pod["spec"]["containers"][0]["image"] == image
                    && !crate::object::is_terminating(pod)
            })
            .count()
    };
    (of("example/web:1"), of("example/web:2"))
}

#[test]
fn a_canary_goes_by_weights_and_pauses() {
    let steps = json!([{"setWeight": 20}, {"pause": {"duration": "10m"}}, {"setWeight": 60}, {"pause": {}}]);
    let mut world = running(json!({"canary": {"steps": steps}}));
    new_version(&mut world);
    world.pass(60);
    assert_eq!(
        (phase(&world).as_str(), pods(&world)),
        ("Paused", (4, 1)),
        "{}",
        status(&world)
    );
    world.pass(600);
    assert_eq!((phase(&world).as_str(), pods(&world)), ("Paused", (2, 3)));
    world.pass(7200);
    assert_eq!(
        phase(&world),
        "Paused",
        "a pause without a length ends when somebody says so"
    );
    let mut promoted = Value::clone(&world.get(ROLLOUT, "web"));
    promoted["status"]
        .as_object_mut()
        .expect("a status")
        .shift_remove("pauseConditions");
    world
        .state
        .update_status("test", promoted)
        .expect("promoted");
    world.pass(120);
    assert_eq!(
        (phase(&world).as_str(), pods(&world)),
        ("Healthy", (0, 5)),
        "{}",
        status(&world)
    );
    assert_eq!(status(&world)["stableRS"], status(&world)["currentPodHash"]);
}

#[test]
fn a_version_that_never_becomes_available_is_degraded_after_its_deadline() {
    let mut world = running(json!({"canary": {"steps": [{"setWeight": 20}]}}));
    world.edit(ROLLOUT, "web", |rollout| {
        rollout["spec"]["template"]["spec"]["containers"][0]["envFrom"] =
            json!([{"secretRef": {"name": "missing"}}]);
    });
    world.pass(300);
    assert_eq!(phase(&world), "Progressing");
    world.pass(600);
    assert_eq!(phase(&world), "Degraded", "{}", status(&world));
    assert!(
        condition(&world.get(ROLLOUT, "web"), "Progressing")
            .starts_with("False ProgressDeadlineExceeded")
    );
    assert!(pods(&world).0 >= 4, "the stable version still serves");
}

#[test]
fn weights_are_held_by_the_route() {
    let routing =
        json!({"plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": "web", "namespace": "app"}}});
    let strategy = json!({"canary": {
        "canaryService": "web-canary", "stableService": "web", "trafficRouting": routing,
        "steps": [{"setWeight": 20}, {"pause": {"duration": "5m"}}],
    }});
    let mut world = running(strategy);
    world.create(json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "web"},
        "spec": {"rules": [{"backendRefs": [{"name": "web", "port": 80, "weight": 100}, {"name": "web-canary", "port": 80, "weight": 0}]}]},
    }));
    let weights = |world: &World| {
        let route = world.get("gateway.networking.k8s.io/HTTPRoute", "web");
        let backends = &route["spec"]["rules"][0]["backendRefs"];
        (backends[0]["weight"].clone(), backends[1]["weight"].clone())
    };
    new_version(&mut world);
    world.pass(60);
    assert_eq!(
        (weights(&world), pods(&world)),
        ((json!(80), json!(20)), (5, 1))
    );
    let selected =
        |world: &World, name: &str| world.get("Service", name)["spec"]["selector"][HASH].clone();
    assert_eq!(
        selected(&world, "web-canary"),
        status(&world)["currentPodHash"]
    );
    assert_eq!(selected(&world, "web"), status(&world)["stableRS"]);
    world.pass(600);
    assert_eq!(
        (weights(&world), pods(&world)),
        ((json!(100), json!(0)), (0, 5))
    );
    assert_eq!(selected(&world, "web"), status(&world)["currentPodHash"]);
}

#[test]
fn an_analysis_must_pass_and_its_template_must_exist() {
    let strategy = json!({"canary": {"steps": [{"setWeight": 20}, {"analysis": {"templates": [{"templateName": "errors"}]}}]}});
    let mut world = prepared(&[Component::named("argo-rollouts")]);
    world.create(rollout(strategy));
    world.pass(60);
    assert_eq!(
        status(&world)["message"],
        "InvalidSpec: The Rollout \"web\" is invalid: spec.strategy.canary.steps[1].analysis.templates: \
         Invalid value: \"errors\": AnalysisTemplate 'errors' not found"
    );
    world.create(json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate", "metadata": {"name": "errors"},
        "spec": {"metrics": [{"name": "errors", "interval": "1m", "count": 5, "provider": {"prometheus": {"query": "up"}}}]},
    }));
    world.pass(60);
    assert_eq!(phase(&world), "Healthy", "{}", status(&world));
    new_version(&mut world);
    world.pass(120);
    assert_eq!(
        (phase(&world).as_str(), pods(&world)),
        ("Progressing", (4, 1))
    );
    world.pass(300);
    assert_eq!((phase(&world).as_str(), pods(&world)), ("Healthy", (0, 5)));
}

#[test]
fn a_missing_service_is_named() {
    let mut world = prepared(&[Component::named("argo-rollouts")]);
    world.create(rollout(
        json!({"canary": {"stableService": "nobody", "canaryService": "nobody"}}),
    ));
    world.pass(30);
    assert!(
        status(&world)["message"]
            .as_str()
            .is_some_and(|m| m.ends_with("service \"nobody\" not found")),
        "{}",
        status(&world)
    );
}

#[test]
fn blue_green_switches_once_all_pods_are_there_and_keeps_the_old_for_a_while() {
    let mut world =
        running(json!({"blueGreen": {"activeService": "web", "previewService": "web-canary"}}));
    let first = status(&world)["currentPodHash"].clone();
    new_version(&mut world);
    assert_eq!(world.get("Service", "web")["spec"]["selector"][HASH], first);
    world.pass(20);
    assert_eq!(
        world.get("Service", "web")["spec"]["selector"][HASH],
        status(&world)["currentPodHash"]
    );
    assert_eq!(pods(&world), (5, 5));
    world.pass(60);
    assert_eq!((phase(&world).as_str(), pods(&world)), ("Healthy", (0, 5)));
}

#[test]
fn blue_green_waits_for_a_person_where_it_shall() {
    let mut world =
        running(json!({"blueGreen": {"activeService": "web", "autoPromotionEnabled": false}}));
    new_version(&mut world);
    world.pass(3600);
    assert_eq!((phase(&world).as_str(), pods(&world)), ("Paused", (5, 5)));
    assert_eq!(
        status(&world)["pauseConditions"][0]["reason"],
        "BlueGreenPause"
    );
}
