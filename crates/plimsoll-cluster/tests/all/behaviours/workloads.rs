//! Controllers of other workloads: stateful sets in order, jobs that fail, autoscalers in their range.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::behaviours;
use super::harness::{At, deployment, service};

behaviours![
    stateful_pods_come_one_after_the_other,
    stateful_pods_go_last_first,
    a_failing_job_is_tried_again_up_to_its_limit,
    an_autoscaler_brings_a_size_down_to_its_most,
    an_autoscaler_brings_a_size_up_to_its_least,
];

fn stateful_set(replicas: i32) -> Value {
    let template = &deployment("a", 1)["spec"]["template"];
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "a"},
        "spec": {
            "replicas": replicas,
            "serviceName": "a",
            "selector": {"matchLabels": {"app": "a"}},
            "template": template,
        },
    })
}

fn ready(count: i64) -> impl Fn(&Value) -> bool {
    move |object| {
        let number = |field: &str| object["status"][field].as_i64().unwrap_or(0);
        number("readyReplicas") == count && number("replicas") == count
    }
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    conditions
        .into_iter()
        .any(|one| one["type"] == "Ready" && one["status"] == "True")
}

/// Everything that happened to pods since a list of them, in order.
async fn pods_since(at: &At, list: &Value) -> Vec<Value> {
    let since = list["metadata"]["resourceVersion"]
        .as_str()
        .unwrap_or_default();
    let mut lines = at
        .watch(&format!("pods?resourceVersion={since}&timeoutSeconds=3"))
        .await;
    let mut told = Vec::new();
    while let Some(line) = lines.next().await {
        told.push(line);
    }
    told
}

fn name(line: &Value) -> String {
    let name = line["object"]["metadata"]["name"].as_str();
    name.unwrap_or_default().to_owned()
}

async fn stateful_pods_come_one_after_the_other(at: At) {
    at.create("services", service("a", json!([{"port": 80}])))
        .await;
    let before = at.get("pods").await;
    at.create("statefulsets", stateful_set(3)).await;
    at.until("statefulsets/a", ready(3)).await;
    let (mut seen, mut steady) = (Vec::new(), BTreeSet::new());
    for line in pods_since(&at, &before).await {
        if line["type"] == "ADDED" {
            assert_eq!(steady.len(), seen.len(), "{seen:?} before {}", name(&line));
            seen.push(name(&line));
        }
        if is_ready(&line["object"]) {
            steady.insert(name(&line));
        }
    }
    assert_eq!(seen, ["a-0", "a-1", "a-2"]);
}

async fn stateful_pods_go_last_first(at: At) {
    at.create("services", service("a", json!([{"port": 80}])))
        .await;
    at.create("statefulsets", stateful_set(3)).await;
    at.until("statefulsets/a", ready(3)).await;
    let before = at.get("pods").await;
    at.patch(
        "merge",
        "statefulsets/a/scale",
        json!({"spec": {"replicas": 1}}),
    )
    .await;
    at.until("statefulsets/a", ready(1)).await;
    let told = pods_since(&at, &before).await;
    let gone = told.iter().filter(|line| line["type"] == "DELETED");
    assert_eq!(gone.map(name).collect::<Vec<_>>(), ["a-2", "a-1"]);
}

async fn a_failing_job_is_tried_again_up_to_its_limit(at: At) {
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"},
        "spec": {
            "backoffLimit": 1,
            "template": {"spec": {
                "restartPolicy": "Never",
                // No node takes them: what becomes of them is said below.
                "nodeSelector": {"example.com/node": "none"},
                "containers": [{"name": "main", "image": "example.com/main:1"}],
            }},
        },
    });
    at.create("jobs", job).await;
    let mut failed = BTreeSet::new();
    for _ in 0..2 {
        let waiting = |list: &Value| {
            let pods = list["items"].as_array().into_iter().flatten();
            pods.into_iter()
                .any(|pod| pod["status"]["phase"] == "Pending")
        };
        let list = at.until("pods", waiting).await;
        let pods = list["items"].as_array().cloned().unwrap_or_default();
        let pod = pods.iter().find(|pod| pod["status"]["phase"] == "Pending");
        let name = pod.expect("one waits")["metadata"]["name"].clone();
        let name = name.as_str().unwrap_or_default().to_owned();
        at.patch(
            "merge",
            &format!("pods/{name}/status"),
            json!({"status": {"phase": "Failed"}}),
        )
        .await;
        failed.insert(name);
    }
    let over = |job: &Value| {
        let conditions = job["status"]["conditions"].as_array().into_iter().flatten();
        conditions.into_iter().any(|one| {
            one["type"] == "Failed"
                && one["status"] == "True"
                && one["reason"] == "BackoffLimitExceeded"
        })
    };
    let job = at.until("jobs/a", over).await;
    assert_eq!(job["status"]["failed"], 2);
    assert_eq!(failed.len(), 2, "each try is a pod of its own");
}

fn autoscaler(least: i32, most: i32) -> Value {
    json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "a"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"},
            "minReplicas": least,
            "maxReplicas": most,
            "metrics": [{
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
            }],
        },
    })
}

async fn an_autoscaler_brings_a_size_down_to_its_most(at: At) {
    at.create("deployments", deployment("a", 5)).await;
    at.create("horizontalpodautoscalers", autoscaler(1, 3))
        .await;
    at.until("deployments/a", |object| object["spec"]["replicas"] == 3)
        .await;
}

async fn an_autoscaler_brings_a_size_up_to_its_least(at: At) {
    at.create("deployments", deployment("a", 1)).await;
    at.create("horizontalpodautoscalers", autoscaler(2, 3))
        .await;
    at.until("deployments/a", |object| object["spec"]["replicas"] == 2)
        .await;
}
