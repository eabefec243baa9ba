//! Where the scheduler puts pods, and what it says when it cannot.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::controllers::conditions;
use crate::controllers::testing::{World, deployment, pod};
use crate::node::facts::Facts;
use crate::node::machines::Machines;

fn verdict(world: &World, name: &str) -> String {
    let pod = world.get("Pod", name);
    let condition = conditions::find(&pod["status"], "PodScheduled").unwrap();
    assert_eq!(condition["reason"], "Unschedulable");
    condition["message"].as_str().unwrap().to_owned()
}

fn changed(name: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut pod = pod(name);
    change(&mut pod["spec"]);
    pod
}

/// How many pods each value of a node label holds.
fn by_label(world: &World, key: &str) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for pod in world.pods() {
        let Some(node) = pod["spec"]["nodeName"].as_str() else {
            continue;
        };
        let node = world.get("Node", node);
        *found
            .entry(node["metadata"]["labels"][key].as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    found
}

fn cpu(amount: &str) -> Value {
    json!({"requests": {"cpu": amount}})
}

#[test]
fn pods_of_a_workload_spread_over_zones_and_nodes() {
    let mut world = World::new();
    world.create(deployment("api", 6));
    assert_eq!(
        by_label(&world, "topology.kubernetes.io/zone")
            .into_values()
            .collect::<Vec<_>>(),
        [2, 2, 2]
    );
    assert_eq!(by_label(&world, "kubernetes.io/hostname").len(), 6);
}

#[test]
fn what_asks_for_more_than_any_node_has_is_refused_with_the_resource() {
    let mut world = World::new();
    world.create(changed("big", |spec| {
        spec["containers"][0]["resources"] = cpu("9");
    }));
    assert_eq!(
        verdict(&world, "big"),
        "0/6 nodes are available: 6 Insufficient cpu. preemption: 0/6 nodes are available: \
         6 Preemption is not helpful for scheduling."
    );
    assert_eq!(world.events("FailedScheduling").len(), 1);
}

#[test]
fn a_pod_waits_for_room_and_takes_it() {
    let machines = Machines {
        count: 1,
        ..Machines::default()
    };
    let mut world = World::with(&machines, Facts::default(), "");
    world.create(changed("first", |spec| {
        spec["containers"][0]["resources"] = cpu("5");
    }));
    world.create(changed("second", |spec| {
        spec["containers"][0]["resources"] = cpu("5");
    }));
    assert!(verdict(&world, "second").contains("1 No preemption victims found for incoming pod"));
    world.pass(5);
    world.delete("Pod", "first");
    world.pass(5);
    assert_eq!(world.get("Pod", "second")["spec"]["nodeName"], "node-1");
}

#[test]
fn a_node_selector_that_no_node_meets_is_named() {
    let mut world = World::new();
    world.create(changed("api", |spec| {
        spec["nodeSelector"] = json!({"disk": "ssd"});
    }));
    assert!(verdict(&world, "api").starts_with(
        "0/6 nodes are available: 6 node(s) didn't match Pod's node affinity/selector."
    ));
    let node = world.get("Node", "node-4");
    let mut labelled = Value::clone(&node);
    labelled["metadata"]["labels"]["disk"] = json!("ssd");
    world.state.update("test", labelled).unwrap();
    world.pass(1);
    assert_eq!(world.get("Pod", "api")["spec"]["nodeName"], "node-4");
}

#[test]
fn a_taint_keeps_pods_away_that_do_not_bear_it() {
    let machines = Machines {
        count: 1,
        ..Machines::default()
    };
    let mut world = World::with(&machines, Facts::default(), "");
    world.edit("Node", "node-1", |node| {
        node["spec"]["taints"] = json!([{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]);
    });
    world.create(pod("api"));
    assert!(verdict(&world, "api").contains("1 node(s) had untolerated taint {gpu: yes}"));
    world.create(changed("learner", |spec| {
        spec["tolerations"] = json!([{"key": "gpu", "operator": "Exists"}]);
    }));
    assert_eq!(world.get("Pod", "learner")["spec"]["nodeName"], "node-1");
}

#[test]
fn required_anti_affinity_allows_one_pod_per_node() {
    let mut world = World::new();
    let mut object = deployment("api", 7);
    object["spec"]["template"]["spec"]["affinity"] = json!({"podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [
            {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "api"}}},
        ],
    }});
    world.create(object);
    assert_eq!(
        by_label(&world, "kubernetes.io/hostname")
            .into_values()
            .collect::<Vec<_>>(),
        [1; 6]
    );
    let waiting = world
        .pods()
        .iter()
        .find(|pod| pod["spec"]["nodeName"].is_null())
        .unwrap()
        .clone();
    let name = waiting["metadata"]["name"].as_str().unwrap();
    assert!(verdict(&world, name).contains("6 node(s) didn't match pod anti-affinity rules"));
}

#[test]
fn a_strict_spread_refuses_what_would_break_it() {
    let mut world = World::new();
    for node in ["node-3", "node-6"] {
        world.edit("Node", node, |node| {
            node["spec"]["unschedulable"] = json!(true);
        });
    }
    let mut object = deployment("api", 4);
    object["spec"]["template"]["spec"]["topologySpreadConstraints"] = json!([{
        "maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "api"}},
    }]);
    world.create(object);
    // The third zone cannot be used but counts as empty, so the others may hold one each.
    assert_eq!(
        by_label(&world, "topology.kubernetes.io/zone")
            .into_values()
            .collect::<Vec<_>>(),
        [1, 1]
    );
    let waiting = world
        .pods()
        .iter()
        .find(|pod| pod["spec"]["nodeName"].is_null())
        .unwrap()
        .clone();
    let message = verdict(&world, waiting["metadata"]["name"].as_str().unwrap());
    assert!(
        message.contains("4 node(s) didn't match pod topology spread constraints"),
        "{message}"
    );
    assert!(
        message.contains("2 node(s) were unschedulable"),
        "{message}"
    );
}

#[test]
fn pods_that_want_each_other_share_a_zone() {
    let mut world = World::new();
    let mut object = deployment("api", 4);
    object["spec"]["template"]["spec"]["affinity"] = json!({"podAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [
            {"topologyKey": "topology.kubernetes.io/zone", "labelSelector": {"matchLabels": {"app": "api"}}},
        ],
    }});
    world.create(object);
    assert_eq!(
        by_label(&world, "topology.kubernetes.io/zone")
            .into_values()
            .collect::<Vec<_>>(),
        [4]
    );
}
