//! Budgets, quotas, autoscalers, slices, schedules: what is counted and kept within bounds.

use std::time::Duration;

use serde_json::{Value, json};

use crate::controllers::testing::{World, deployment, template};
use crate::object;

fn budget(spec: Value) -> Value {
    let mut budget = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "api"},
        "spec": {"selector": {"matchLabels": {"app": "api"}}},
    });
    for (field, value) in spec.as_object().unwrap() {
        budget["spec"][field] = value.clone();
    }
    budget
}

fn scaler(least: i64, most: i64) -> Value {
    json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "api"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"},
            "minReplicas": least, "maxReplicas": most,
        },
    })
}

fn service() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "api"},
        "spec": {"selector": {"app": "api"}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
    })
}

#[test]
fn a_budget_allows_what_is_above_its_minimum() {
    let mut world = World::new();
    world.create(deployment("api", 4));
    world.create(budget(json!({"minAvailable": 3})));
    assert_eq!(
        world.get("policy/PodDisruptionBudget", "api")["status"]["disruptionsAllowed"],
        0
    );
    world.pass(30);
    let status = world.get("policy/PodDisruptionBudget", "api")["status"].clone();
    assert_eq!(status["disruptionsAllowed"], 1);
    assert_eq!(status["currentHealthy"], 4);
    assert_eq!(status["expectedPods"], 4);
}

#[test]
fn a_budget_in_percent_counts_what_the_workload_should_have() {
    let mut world = World::new();
    world.create(deployment("api", 5));
    world.create(budget(json!({"maxUnavailable": "30%"})));
    world.pass(30);
    let status = world.get("policy/PodDisruptionBudget", "api")["status"].clone();
    // 30 % of 5 rounds up to 2.
    assert_eq!(status["desiredHealthy"], 3);
    assert_eq!(status["disruptionsAllowed"], 2);
}

#[test]
fn an_autoscaler_keeps_its_target_within_bounds_at_its_next_look() {
    let mut world = World::new();
    world.create(deployment("api", 1));
    world.create(scaler(3, 5));
    world.pass(14);
    assert_eq!(world.get("apps/Deployment", "api")["spec"]["replicas"], 1);
    world.pass(1);
    assert_eq!(world.get("apps/Deployment", "api")["spec"]["replicas"], 3);
    world.edit("apps/Deployment", "api", |object| {
        object["spec"]["replicas"] = json!(9);
    });
    world.pass(15);
    assert_eq!(world.get("apps/Deployment", "api")["spec"]["replicas"], 5);
    world.edit("apps/Deployment", "api", |object| {
        object["spec"]["replicas"] = json!(4);
    });
    world.pass(60);
    assert_eq!(world.get("apps/Deployment", "api")["spec"]["replicas"], 4);
}

/// Timers wake in whole milliseconds, so a clock that is between two of them is never on time.
#[test]
fn an_autoscaler_looks_also_when_it_wakes_late() {
    let mut world = World::new();
    world.create(deployment("api", 1));
    world.create(scaler(3, 5));
    world.pass(10);
    let late = crate::clock::after(world.state.now(), Duration::from_nanos(5_000_000_777));
    world.state.set_now(late);
    world.runner.step(&mut world.state);
    assert_eq!(world.get("apps/Deployment", "api")["spec"]["replicas"], 3);
}

#[test]
fn an_autoscaler_leaves_what_was_scaled_to_nothing() {
    let mut world = World::new();
    world.create(deployment("api", 0));
    world.create(scaler(2, 5));
    world.pass(60);
    assert_eq!(world.get("apps/Deployment", "api")["spec"]["replicas"], 0);
}

#[test]
fn a_quota_shows_what_is_used() {
    let mut world = World::new();
    world.create(json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "all"},
        "spec": {"hard": {
            "pods": "10", "requests.cpu": "4", "limits.memory": "4Gi", "count/deployments.apps": "2",
        }},
    }));
    let mut object = deployment("api", 3);
    object["spec"]["template"]["spec"]["containers"][0]["resources"] =
        json!({"requests": {"cpu": "250m"}, "limits": {"memory": "512Mi"}});
    world.create(object);
    world.pass(10);
    let used = world.get("ResourceQuota", "all")["status"]["used"].clone();
    assert_eq!(used["pods"], "3");
    assert_eq!(used["requests.cpu"], "750m");
    assert_eq!(used["limits.memory"], "1536Mi");
    assert_eq!(used["count/deployments.apps"], "1");
}

#[test]
fn a_slice_names_ready_pods_by_the_port_behind_the_name() {
    let mut world = World::new();
    world.create(service());
    world.create(deployment("api", 2));
    world.pass(2);
    let slices = || "discovery.k8s.io/EndpointSlice";
    let ready = |world: &World| {
        let all = world.state.list_in(slices(), "app");
        assert_eq!(all.len(), 1);
        let endpoints = all[0]["endpoints"].as_array().unwrap().clone();
        endpoints
            .iter()
            .filter(|one| one["conditions"]["ready"] == true)
            .count()
    };
    assert_eq!(ready(&world), 0);
    world.pass(10);
    assert_eq!(ready(&world), 2);
    let slice = world.state.list_in(slices(), "app")[0].clone();
    assert_eq!(slice["ports"][0]["port"], 8080);
    assert_eq!(
        object::label(&slice, "kubernetes.io/service-name"),
        Some("api")
    );
    world.edit("apps/Deployment", "api", |object| {
        object["spec"]["replicas"] = json!(1);
    });
    assert_eq!(ready(&world), 1);
}

#[test]
fn a_load_balancer_gets_an_address() {
    let mut world = World::new();
    let mut object = service();
    object["spec"]["type"] = json!("LoadBalancer");
    world.create(object);
    assert!(world.get("Service", "api")["status"]["loadBalancer"]["ingress"].is_null());
    world.pass(6);
    assert_eq!(
        world.get("Service", "api")["status"]["loadBalancer"]["ingress"][0]["ip"],
        "203.0.113.1"
    );
}

fn cron(spec: Value) -> Value {
    let mut cron = json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "tick"},
        "spec": {
            "schedule": "*/5 * * * *", "concurrencyPolicy": "Allow",
            "successfulJobsHistoryLimit": 2, "failedJobsHistoryLimit": 1,
            "jobTemplate": {"spec": {"completions": 1, "parallelism": 1, "template": {"spec": {
                "restartPolicy": "Never", "containers": [{"name": "tick", "image": "acme/tick:1"}],
            }}}},
        },
    });
    for (field, value) in spec.as_object().unwrap() {
        cron["spec"][field] = value.clone();
    }
    cron
}

#[test]
fn a_cron_job_runs_on_time_and_keeps_its_history_short() {
    let mut world = World::new();
    world.create(cron(json!({})));
    world.pass(299);
    assert_eq!(world.state.list("batch/Job").len(), 0);
    world.pass(2);
    assert_eq!(world.state.list("batch/Job").len(), 1);
    assert_eq!(
        world.get("batch/CronJob", "tick")["status"]["active"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    world.pass(1800);
    assert_eq!(world.state.list("batch/Job").len(), 3);
    assert!(world.get("batch/CronJob", "tick")["status"]["lastSuccessfulTime"].is_string());
}

#[test]
fn a_suspended_cron_job_does_nothing() {
    let mut world = World::new();
    world.create(cron(json!({"suspend": true})));
    world.pass(1000);
    assert_eq!(world.state.list("batch/Job").len(), 0);
}

#[test]
fn a_daemon_runs_on_every_node_and_rolls_one_by_one() {
    let mut world = World::new();
    world.create(json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent"},
        "spec": {
            "selector": {"matchLabels": {"app": "agent"}}, "template": template("agent"),
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
        },
    }));
    world.pass(10);
    assert_eq!(world.ready(), 6);
    let status = world.get("apps/DaemonSet", "agent")["status"].clone();
    assert_eq!(status["desiredNumberScheduled"], 6);
    assert_eq!(status["numberAvailable"], 6);
    world.edit("apps/DaemonSet", "agent", |set| {
        set["spec"]["template"]["spec"]["containers"][0]["image"] = json!("acme/agent:2");
    });
    for _ in 0..100 {
        world.pass(1);
        assert!(world.ready() >= 5);
    }
    assert_eq!(
        world.get("apps/DaemonSet", "agent")["status"]["updatedNumberScheduled"],
        6
    );
}
