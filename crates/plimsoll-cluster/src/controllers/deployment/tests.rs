//! Rollouts in virtual time, judged by what they leave and never let happen.

use serde_json::{Value, json};

use super::{annotations, replica_sets::size};
use crate::controllers::conditions;
use crate::controllers::testing::{World, deployment};

fn sizes(world: &World) -> Vec<i64> {
    let mut sets = world.state.list_in("apps/ReplicaSet", "app");
    sets.sort_by_key(|set| annotations::revision(set));
    sets.iter().map(|set| size(set)).collect()
}

fn image(tag: &'static str) -> impl FnOnce(&mut Value) {
    move |object| {
        object["spec"]["template"]["spec"]["containers"][0]["image"] =
            json!(format!("acme/api:{tag}"));
    }
}

fn progress(world: &World) -> String {
    let found = world.get("apps/Deployment", "api");
    conditions::find(&found["status"], "Progressing")
        .map_or("", |one| one["reason"].as_str().unwrap())
        .to_owned()
}

#[test]
fn a_deployment_becomes_available() {
    let mut world = World::new();
    world.create(deployment("api", 3));
    assert_eq!(world.pods().len(), 3);
    world.pass(60);
    let done = world.get("apps/Deployment", "api");
    assert_eq!(world.ready(), 3);
    assert_eq!(done["status"]["availableReplicas"], 3);
    assert_eq!(progress(&world), "NewReplicaSetAvailable");
    assert!(conditions::is_true(&done["status"], "Available"));
    assert_eq!(annotations::revision(&done), 1);
}

#[test]
fn a_rolling_update_respects_surge_and_unavailability() {
    let mut world = World::new();
    world.create(deployment("api", 10));
    world.pass(60);
    world.edit("apps/Deployment", "api", image("2"));
    // 10 pods, 25 %: 3 more, 2 less.
    assert_eq!(sizes(&world), [8, 5]);
    for _ in 0..120 {
        world.pass(1);
        let there = world
            .pods()
            .iter()
            .filter(|pod| super::super::pods::is_active(pod))
            .count();
        assert!(there <= 13, "{there} pods");
        assert!(world.ready() >= 8, "{} ready", world.ready());
    }
    assert_eq!(sizes(&world), [0, 10]);
    assert_eq!(progress(&world), "NewReplicaSetAvailable");
    assert_eq!(
        annotations::revision(&world.get("apps/Deployment", "api")),
        2
    );
}

#[test]
fn recreate_stops_all_old_pods_before_it_starts_new_ones() {
    let mut world = World::new();
    let mut object = deployment("api", 2);
    object["spec"]["strategy"] = json!({"type": "Recreate"});
    world.create(object);
    world.pass(30);
    world.edit("apps/Deployment", "api", image("2"));
    assert_eq!(sizes(&world), [0]);
    world.pass(60);
    assert_eq!(sizes(&world), [0, 2]);
    assert_eq!(world.ready(), 2);
}

#[test]
fn scaling_during_a_rollout_is_proportional() {
    let mut world = World::new();
    let mut object = deployment("api", 10);
    object["spec"]["strategy"]["rollingUpdate"] = json!({"maxSurge": 3, "maxUnavailable": 2});
    world.create(object);
    world.pass(60);
    world.edit("apps/Deployment", "api", |object| {
        image("2")(object);
        object["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]["httpGet"]["port"] =
            json!(9999);
    });
    world.pass(30);
    assert_eq!(sizes(&world), [8, 5]);
    world.edit("apps/Deployment", "api", |object| {
        object["spec"]["replicas"] = json!(15);
    });
    // The worked example of the Kubernetes documentation: 3 to the larger, 2 to the smaller.
    assert_eq!(sizes(&world), [11, 7]);
}

#[test]
fn a_rollout_that_never_gets_ready_exceeds_its_deadline_and_keeps_the_old_pods() {
    let mut world = World::new();
    world.create(deployment("api", 4));
    world.pass(60);
    world.edit("apps/Deployment", "api", |object| {
        image("2")(object);
        object["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]["httpGet"]["port"] =
            json!(9999);
    });
    world.pass(590);
    assert_eq!(progress(&world), "ReplicaSetUpdated");
    world.pass(30);
    assert_eq!(progress(&world), "ProgressDeadlineExceeded");
    assert_eq!(world.ready(), 3);
}

#[test]
fn a_paused_deployment_scales_but_does_not_roll() {
    let mut world = World::new();
    world.create(deployment("api", 2));
    world.pass(30);
    world.edit("apps/Deployment", "api", |object| {
        image("2")(object);
        object["spec"]["paused"] = json!(true);
        object["spec"]["replicas"] = json!(3);
    });
    world.pass(30);
    assert_eq!(sizes(&world), [3]);
    assert_eq!(progress(&world), "DeploymentPaused");
    world.edit("apps/Deployment", "api", |object| {
        object["spec"]["paused"] = json!(false);
    });
    world.pass(60);
    assert_eq!(sizes(&world), [0, 3]);
}

#[test]
fn going_back_reuses_the_old_replica_set_under_a_new_revision() {
    let mut world = World::new();
    world.create(deployment("api", 1));
    world.pass(30);
    let first = world.state.list_in("apps/ReplicaSet", "app")[0].clone();
    let template = first["spec"]["template"]["spec"]["containers"][0]["image"]
        .as_str()
        .unwrap()
        .to_owned();
    world.edit("apps/Deployment", "api", image("2"));
    world.pass(60);
    world.edit("apps/Deployment", "api", |object| {
        object["spec"]["template"]["spec"]["containers"][0]["image"] = json!(template);
    });
    world.pass(60);
    let again = world.get(
        "apps/ReplicaSet",
        first["metadata"]["name"].as_str().unwrap(),
    );
    assert_eq!(size(&again), 1);
    assert_eq!(annotations::revision(&again), 3);
    assert_eq!(sizes(&world), [0, 1]);
}

#[test]
fn old_replica_sets_above_the_history_limit_are_removed() {
    let mut world = World::new();
    let mut object = deployment("api", 1);
    object["spec"]["revisionHistoryLimit"] = json!(1);
    world.create(object);
    for tag in ["2", "3", "4"] {
        world.pass(60);
        world.edit("apps/Deployment", "api", image(tag));
    }
    world.pass(60);
    assert_eq!(sizes(&world), [0, 1]);
}

#[test]
fn a_pod_counts_as_available_only_after_its_minimum_ready_time() {
    let mut world = World::new();
    let mut object = deployment("api", 1);
    object["spec"]["minReadySeconds"] = json!(20);
    world.create(object);
    world.pass(15);
    assert_eq!(world.ready(), 1);
    assert_eq!(
        world.get("apps/Deployment", "api")["status"]["availableReplicas"],
        Value::Null
    );
    world.pass(20);
    assert_eq!(
        world.get("apps/Deployment", "api")["status"]["availableReplicas"],
        1
    );
}
