//! Controllers: rollouts, replicas, endpoints.

use serde_json::{Value, json};

use super::behaviours;
use super::harness::{At, deployment, service};

behaviours![
    a_deployment_becomes_available,
    a_deployment_makes_one_replica_set_per_template,
    a_rollout_never_has_too_few_or_too_many_pods,
    a_paused_deployment_does_not_roll,
    recreate_stops_the_old_pods_first,
    a_deployment_scales_through_its_subresource,
    pods_of_a_replica_set_name_their_owner,
    a_deleted_pod_is_replaced,
    a_deleted_deployment_takes_its_pods,
    a_slice_lists_the_ready_pods,
];

fn available(count: i64) -> impl Fn(&Value) -> bool {
    move |object| {
        let status = &object["status"];
        let number = |field: &str| status[field].as_i64().unwrap_or(0);
        status["observedGeneration"] == object["metadata"]["generation"]
            && number("availableReplicas") == count
            && number("updatedReplicas") == count
            && number("replicas") == count
    }
}

async fn a_deployment_becomes_available(at: At) {
    at.create("deployments", deployment("a", 2)).await;
    let object = at.until("deployments/a", available(2)).await;
    let conditions = object["status"]["conditions"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let reason = |kind: &str| {
        conditions
            .iter()
            .find(|one| one["type"] == kind)
            .map(|one| one["reason"].clone())
    };
    assert_eq!(reason("Available"), Some(json!("MinimumReplicasAvailable")));
    assert_eq!(
        object["metadata"]["annotations"]["deployment.kubernetes.io/revision"],
        "1"
    );
    let progressed = |object: &Value| {
        let conditions = object["status"]["conditions"]
            .as_array()
            .into_iter()
            .flatten();
        conditions
            .into_iter()
            .any(|one| one["type"] == "Progressing" && one["reason"] == "NewReplicaSetAvailable")
    };
    at.until("deployments/a", progressed).await;
}

fn image(version: u32) -> Value {
    json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "image": format!("example.com/main:{version}")}]}}}})
}

async fn a_deployment_makes_one_replica_set_per_template(at: At) {
    at.create("deployments", deployment("a", 1)).await;
    at.until("deployments/a", available(1)).await;
    at.patch("strategic", "deployments/a", image(2)).await;
    let object = at.until("deployments/a", available(1)).await;
    assert_eq!(
        object["metadata"]["annotations"]["deployment.kubernetes.io/revision"],
        "2"
    );
    let sets = at.get("replicasets?labelSelector=app%3Da").await;
    let mut replicas: Vec<i64> = sets["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|set| set["spec"]["replicas"].as_i64())
        .collect();
    replicas.sort_unstable();
    assert_eq!(replicas, [0, 1]);
}

async fn a_rollout_never_has_too_few_or_too_many_pods(at: At) {
    let mut body = deployment("a", 4);
    body["spec"]["strategy"] =
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}});
    at.create("deployments", body).await;
    at.until("deployments/a", available(4)).await;
    let list = at.get("replicasets").await;
    let since = list["metadata"]["resourceVersion"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    at.patch("strategic", "deployments/a", image(2)).await;
    at.until("deployments/a", available(4)).await;
    let mut lines = at
        .watch(&format!(
            "replicasets?resourceVersion={since}&timeoutSeconds=3"
        ))
        .await;
    let mut wanted = std::collections::BTreeMap::new();
    for set in list["items"].as_array().into_iter().flatten() {
        wanted.insert(
            set["metadata"]["name"].to_string(),
            set["spec"]["replicas"].as_i64().unwrap_or(0),
        );
    }
    let mut sums = std::collections::BTreeSet::new();
    while let Some(line) = lines.next().await {
        let set = &line["object"];
        wanted.insert(
            set["metadata"]["name"].to_string(),
            set["spec"]["replicas"].as_i64().unwrap_or(0),
        );
        sums.insert(wanted.values().sum::<i64>());
    }
    assert!(sums.iter().all(|sum| (3..=5).contains(sum)), "{sums:?}");
    assert!(sums.contains(&5), "{sums:?}");
}

async fn a_paused_deployment_does_not_roll(at: At) {
    at.create("deployments", deployment("a", 1)).await;
    at.until("deployments/a", available(1)).await;
    at.patch("merge", "deployments/a", json!({"spec": {"paused": true}}))
        .await;
    at.patch("strategic", "deployments/a", image(2)).await;
    at.until("deployments/a", |object| {
        object["status"]["observedGeneration"] == object["metadata"]["generation"]
    })
    .await;
    at.rest().await;
    let sets = at.get("replicasets?labelSelector=app%3Da").await;
    assert_eq!(sets["items"].as_array().map(Vec::len), Some(1));
}

async fn recreate_stops_the_old_pods_first(at: At) {
    let mut body = deployment("a", 2);
    body["spec"]["strategy"] = json!({"type": "Recreate"});
    at.create("deployments", body).await;
    at.until("deployments/a", available(2)).await;
    let list = at.get("replicasets").await;
    let since = list["metadata"]["resourceVersion"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    at.patch("strategic", "deployments/a", image(2)).await;
    at.until("deployments/a", available(2)).await;
    let mut lines = at
        .watch(&format!(
            "replicasets?resourceVersion={since}&timeoutSeconds=3"
        ))
        .await;
    let mut old_is_down = false;
    while let Some(line) = lines.next().await {
        let set = &line["object"];
        let image = &set["spec"]["template"]["spec"]["containers"][0]["image"];
        if image == "example.com/main:1" {
            old_is_down = set["spec"]["replicas"] == 0;
        } else if set["spec"]["replicas"].as_i64().unwrap_or(0) > 0 {
            assert!(old_is_down, "new pods beside old ones");
        }
    }
    assert!(old_is_down);
}

async fn a_deployment_scales_through_its_subresource(at: At) {
    at.create("deployments", deployment("a", 1)).await;
    let scale = at.get("deployments/a/scale").await;
    assert_eq!(
        (&scale["kind"], &scale["spec"]["replicas"]),
        (&json!("Scale"), &json!(1))
    );
    assert_eq!(scale["status"]["selector"], "app=a");
    at.patch(
        "merge",
        "deployments/a/scale",
        json!({"spec": {"replicas": 3}}),
    )
    .await;
    at.until("deployments/a", available(3)).await;
}

async fn pods_of(at: &At) -> Vec<Value> {
    at.get("pods?labelSelector=app%3Da").await["items"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

async fn pods_of_a_replica_set_name_their_owner(at: At) {
    at.create("deployments", deployment("a", 1)).await;
    at.until("deployments/a", available(1)).await;
    let sets = at.get("replicasets?labelSelector=app%3Da").await;
    let set = &sets["items"][0];
    let pods = pods_of(&at).await;
    let owner = &pods[0]["metadata"]["ownerReferences"][0];
    assert_eq!(
        (&owner["kind"], &owner["uid"], &owner["controller"]),
        (&json!("ReplicaSet"), &set["metadata"]["uid"], &json!(true))
    );
    let hash = &set["metadata"]["labels"]["pod-template-hash"];
    assert!(hash.is_string());
    assert_eq!(&pods[0]["metadata"]["labels"]["pod-template-hash"], hash);
}

async fn a_deleted_pod_is_replaced(at: At) {
    at.create("deployments", deployment("a", 1)).await;
    at.until("deployments/a", available(1)).await;
    let pods = pods_of(&at).await;
    let name = pods[0]["metadata"]["name"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    at.try_delete(&format!("pods/{name}"), json!({"gracePeriodSeconds": 0}))
        .await
        .expect("deleted");
    at.until_gone(&format!("pods/{name}")).await;
    let replaced = |list: &Value| {
        let pods = list["items"].as_array().map_or(&[][..], Vec::as_slice);
        pods.len() == 1 && pods[0]["metadata"]["name"] != name.as_str()
    };
    at.until("pods?labelSelector=app%3Da", replaced).await;
}

async fn a_deleted_deployment_takes_its_pods(at: At) {
    at.create("deployments", deployment("a", 1)).await;
    at.until("deployments/a", available(1)).await;
    at.try_delete("deployments/a", json!({"propagationPolicy": "Foreground"}))
        .await
        .expect("marked");
    at.until_gone("deployments/a").await;
    assert!(pods_of(&at).await.is_empty());
}

async fn a_slice_lists_the_ready_pods(at: At) {
    at.create(
        "services",
        service("a", json!([{"port": 80, "targetPort": 8080}])),
    )
    .await;
    at.create("deployments", deployment("a", 2)).await;
    at.until("deployments/a", available(2)).await;
    let full = |list: &Value| {
        let slice = &list["items"][0];
        let ready = slice["endpoints"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|one| one["conditions"]["ready"] == true);
        ready.count() == 2 && slice["ports"][0]["port"] == 8080
    };
    at.until(
        "endpointslices?labelSelector=kubernetes.io/service-name%3Da",
        full,
    )
    .await;
}
