//! Numbers and disks that change hands, without a pod less than promised.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use kube::Client;
use kube::api::{Api, ListParams};
use plimsoll_cluster::cluster::Cluster;
use plimsoll_ship::{Desired, Release, roll_back};
use serde_json::json;

use crate::harness::{client, cluster, everything, obstacles, options, planned, ship, virtually};
use crate::shop::{object, shop};

pub fn fixed(replicas: i64) -> Release {
    let mut release = shop();
    release.objects[0].body["spec"]["replicas"] = json!(replicas);
    release
}

fn scaler() -> Desired {
    object(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        "api",
        &json!({ "spec": {
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "api" },
            "minReplicas": 3,
            "maxReplicas": 10,
            "metrics": [{ "type": "Resource", "resource": {
                "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 70 },
            } }],
        } }),
    )
}

pub fn ranged() -> Release {
    let mut release = shop();
    let spec = release.objects[0].body["spec"]
        .as_object_mut()
        .expect("a map");
    spec.remove("replicas");
    release.objects.push(scaler());
    release
}

/// The fewest ready pods of the service while something is done.
async fn fewest<T>(cluster: &Cluster, work: impl Future<Output = T>) -> (T, i64) {
    let least = AtomicI64::new(i64::MAX);
    let watch = async {
        loop {
            let live = cluster.with(|state| state.get("apps/Deployment", "shop", "api"));
            let ready = live.and_then(|live| live["status"]["readyReplicas"].as_i64());
            least.fetch_min(ready.unwrap_or(0), Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        done = work => (done, least.load(Ordering::SeqCst)),
        () = watch => unreachable!("it watches for ever"),
    }
}

/// Holds V1: without it the number falls to one, and the autoscaler brings it to its fewest.
#[test]
fn a_number_that_goes_to_an_autoscaler_never_falls() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        ship(&client, &fixed(5)).await;
        let plan = planned(&client, &ranged()).await;
        assert_eq!(
            plan,
            [
                "hand over Deployment/api",
                "create HorizontalPodAutoscaler/api"
            ]
        );
        let (outcome, least) = fewest(&cluster, Box::pin(ship(&client, &ranged()))).await;
        assert!(outcome.0.ready);
        assert_eq!(least, 5);
        let (again, _) = ship(&client, &ranged()).await;
        assert!(!again.changed_something());
    });
}

#[test]
fn a_number_that_comes_back_from_an_autoscaler_never_falls() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        ship(&client, &fixed(5)).await;
        ship(&client, &ranged()).await;
        // Nothing is asked of the service: after a while the autoscaler lets pods go.
        tokio::time::sleep(Duration::from_mins(20)).await;
        let before = cluster
            .with(|state| state.get("apps/Deployment", "shop", "api"))
            .expect("there")["spec"]["replicas"]
            .as_i64()
            .expect("a number");
        let (outcome, least) = fewest(&cluster, Box::pin(ship(&client, &fixed(5)))).await;
        assert!(outcome.0.ready, "{:?}", outcome.0.failure);
        assert!(least >= before.min(5), "{least} of {before}");
        let after = cluster.with(|state| state.get("apps/Deployment", "shop", "api"));
        assert_eq!(after.expect("there")["spec"]["replicas"], 5);
        let scalers = everything(&cluster, &["autoscaling/HorizontalPodAutoscaler"]);
        assert_eq!(scalers, Vec::<String>::new());
        let (again, _) = ship(&client, &fixed(5)).await;
        assert!(!again.changed_something());
    });
}

pub fn with_disk(size: &str) -> Release {
    let mut release = shop();
    let disk = &mut release.objects[4].body["spec"]["volumeClaimTemplates"][0];
    disk["spec"]["resources"]["requests"]["storage"] = json!(size);
    release
}

async fn pods(client: &Client) -> Vec<String> {
    let pods: Api<k8s_openapi::api::core::v1::Pod> = Api::namespaced(client.clone(), "shop");
    let list = pods.list(&ListParams::default()).await.expect("listed");
    let is_database =
        |pod: &&k8s_openapi::api::core::v1::Pod| pod.metadata.name.as_deref() == Some("db-0");
    list.items
        .iter()
        .filter(is_database)
        .filter_map(|pod| pod.metadata.uid.clone())
        .collect()
}

/// Holds V2.
#[test]
fn a_disk_grows_under_a_running_database() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        ship(&client, &shop()).await;
        let before = pods(&client).await;
        let plan = planned(&client, &with_disk("2Gi")).await;
        assert_eq!(
            plan,
            ["replace StatefulSet/db \
              spec.volumeClaimTemplates[data].spec.resources.requests.storage: \"1Gi\" → \"2Gi\""]
        );
        let (outcome, lines) = ship(&client, &with_disk("2Gi")).await;
        assert!(outcome.ready, "{:?}\n{}", outcome.failure, lines.join("\n"));
        assert_eq!(pods(&client).await, before, "the pod is the same");
        let claim = cluster
            .with(|state| state.get("PersistentVolumeClaim", "shop", "data-db-0"))
            .expect("there");
        assert_eq!(claim["spec"]["resources"]["requests"]["storage"], "2Gi");
        let (again, _) = ship(&client, &with_disk("2Gi")).await;
        assert!(!again.changed_something());
        let target = shop().target();
        let options = options("test");
        let back = roll_back(&client, &target, None, &options, &mut |_: &_| {}).await;
        assert!(back.expect("back").ready);
        let claim = cluster
            .with(|state| state.get("PersistentVolumeClaim", "shop", "data-db-0"))
            .expect("there");
        assert_eq!(
            claim["spec"]["resources"]["requests"]["storage"], "2Gi",
            "data stays"
        );
    });
}

#[test]
fn a_disk_does_not_shrink_and_nothing_is_written() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        ship(&client, &with_disk("2Gi")).await;
        let found = obstacles(&client, &shop()).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("StatefulSet/db: disk data holds 2Gi and cannot shrink to 1Gi"),
            "{found:?}"
        );
    });
}

/// The same service under another name.
fn renamed() -> Release {
    let mut release = shop();
    for (at, name) in [(0, "front"), (1, "front")] {
        let object = &mut release.objects[at];
        name.clone_into(&mut object.key.name);
        object.body["metadata"]["name"] = json!(name);
    }
    let spec = &mut release.objects[0].body["spec"];
    spec["selector"]["matchLabels"]["app.kubernetes.io/name"] = json!("front");
    spec["template"]["metadata"]["labels"]["app.kubernetes.io/name"] = json!("front");
    release.objects[1].body["spec"]["selector"]["app.kubernetes.io/name"] = json!("front");
    release
}

/// A service that gets another name is there before the old one goes.
#[test]
fn a_renamed_service_is_ready_before_the_old_one_goes() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        ship(&client, &shop()).await;
        let plan = planned(&client, &renamed()).await;
        let short: Vec<&str> = plan.iter().map(String::as_str).collect();
        assert_eq!(
            short,
            [
                "create Service/front",
                "create Deployment/front",
                "prune Deployment/api",
                "prune Service/api",
            ]
        );
        let (outcome, lines) = ship(&client, &renamed()).await;
        assert!(outcome.ready);
        let at = |end: &str| {
            lines
                .iter()
                .position(|line| line.ends_with(end))
                .expect(end)
        };
        assert!(
            at("Deployment/front ready") < at("Deployment/api deleting"),
            "{lines:#?}"
        );
    });
}

/// An operator who edits while a release is under way is not overwritten in silence, and nothing
/// goes back and forth.
#[test]
fn an_edit_in_the_middle_of_a_release_is_kept_and_told() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        ship(&client, &shop()).await;
        let editor = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            cluster.with(|state| {
                let live = state
                    .get("ConfigMap", "shop", "api-config-1")
                    .expect("there");
                let mut edited = (*live).clone();
                edited["data"]["MODE"] = json!("wild");
                state.update("kubectl-edit", edited).expect("updated");
            });
        };
        let mut next = fixed(4);
        next.objects[0].body["spec"]["minReadySeconds"] = json!(10);
        let ((outcome, _), ()) = futures::future::join(ship(&client, &next), editor).await;
        assert!(outcome.ready);
        let live = cluster.with(|state| state.get("ConfigMap", "shop", "api-config-1"));
        assert_eq!(live.expect("there")["data"]["MODE"], "wild");
        let found = obstacles(&client, &next).await;
        assert!(found[0].contains(".data.MODE: kubectl-edit"), "{found:?}");
    });
}
