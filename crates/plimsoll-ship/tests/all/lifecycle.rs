//! A release comes up, changes, and goes.

use plimsoll_ship::{MigrationState, ObjectState, ShipError, status};
use serde_json::json;

use crate::harness::{
    client, cluster, counting, everything, make_as, obstacles, remove, ship, try_to_ship, virtually,
};
use crate::shop::{KINDS, object, reconfigured, shop};

fn at(lines: &[String], what: &str) -> usize {
    let found = lines.iter().position(|line| line.ends_with(what));
    found.unwrap_or_else(|| panic!("no line ends with {what}:\n{}", lines.join("\n")))
}

#[test]
fn a_release_comes_up_in_its_order() {
    virtually(async {
        let cluster = cluster("");
        let (outcome, lines) = ship(&client(&cluster), &shop()).await;
        assert_eq!(outcome.failure, None, "{}", lines.join("\n"));
        assert!(outcome.ready);
        assert_eq!(
            (outcome.objects.created, outcome.objects.changed),
            (10, 0),
            "{}",
            lines.join("\n")
        );
        assert_eq!((outcome.pods.ready, outcome.pods.wanted), (3, 3));
        assert_eq!(outcome.migrations[0].state, MigrationState::Ran);
        let order = [
            "NetworkPolicy/default-deny created",
            "StatefulSet/db ready",
            "Job/db-migrate-1 created",
            "Job/db-migrate-1 ready",
            "Deployment/api created",
            "Deployment/api ready",
        ];
        let places: Vec<usize> = order.iter().map(|what| at(&lines, what)).collect();
        assert!(places.is_sorted(), "{places:?}\n{}", lines.join("\n"));
    });
}

#[test]
fn a_second_run_changes_nothing_and_asks_little() {
    virtually(async {
        let cluster = cluster("");
        ship(&client(&cluster), &shop()).await;
        let version = cluster.with(|state| state.version());
        let (client, counter) = counting(&cluster, None);
        let (outcome, lines) = ship(&client, &shop()).await;
        assert!(
            outcome.ready && !outcome.changed_something(),
            "{}",
            lines.join("\n")
        );
        assert_eq!(outcome.objects.unchanged, 10);
        assert_eq!(lines, Vec::<String>::new());
        assert!(counter.count() < 20, "{} requests", counter.count());
        assert_eq!(cluster.with(|state| state.version()), version);
    });
}

#[test]
fn a_setting_rolls_the_service_and_the_old_one_stays_for_going_back() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        ship(&client, &shop()).await;
        let (outcome, lines) = ship(&client, &reconfigured()).await;
        assert!(outcome.ready, "{}", lines.join("\n"));
        assert_eq!((outcome.objects.created, outcome.objects.changed), (1, 1));
        assert_eq!(outcome.objects.pruned, 0);
        assert_eq!(outcome.migrations[0].state, MigrationState::RanBefore);
        let names = everything(&cluster, &["ConfigMap"]);
        assert!(
            names.contains(&"ConfigMap/shop/api-config-1".to_owned()),
            "{names:?}"
        );
    });
}

#[test]
fn what_leaves_the_release_is_pruned_and_what_others_made_is_reported() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        let mut release = shop();
        release.objects.push(object(
            "v1",
            "ConfigMap",
            "extra",
            &json!({ "data": { "a": "b" } }),
        ));
        ship(&client, &release).await;
        cluster.with(|state| {
            let foreign = json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": { "name": "copied", "namespace": "shop",
                    "labels": { "plimsoll.dev/release": "shop-dev" } },
            });
            state.create("kubectl", foreign).expect("created");
        });
        let (outcome, _) = ship(&client, &shop()).await;
        assert_eq!(outcome.objects.pruned, 1);
        let foreign: Vec<String> = outcome.foreign.iter().map(ToString::to_string).collect();
        assert_eq!(foreign, ["ConfigMap/copied"]);
        let names = everything(&cluster, &["ConfigMap"]);
        assert!(
            !names.contains(&"ConfigMap/shop/extra".to_owned()),
            "{names:?}"
        );
        assert!(
            names.contains(&"ConfigMap/shop/copied".to_owned()),
            "{names:?}"
        );
    });
}

#[test]
fn an_empty_release_is_refused() {
    virtually(async {
        let cluster = cluster("");
        let mut release = shop();
        ship(&client(&cluster), &release).await;
        release.objects.clear();
        let (outcome, _) = try_to_ship(&client(&cluster), &release, "test").await;
        assert_eq!(
            outcome.expect_err("refused").to_string(),
            "the release is empty, and an empty release never prunes"
        );
    });
}

/// Holds V9.
#[test]
fn down_removes_what_was_made_and_keeps_what_holds_data() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        ship(&client, &shop()).await;
        let removed = remove(&client, &shop(), false)
            .await
            .expect("something was there");
        let kept: Vec<String> = removed.kept.iter().map(ToString::to_string).collect();
        assert_eq!(
            kept,
            [
                "StatefulSet/db",
                "NetworkPolicy/default-deny",
                "Namespace/shop",
                "Secret/db-credentials",
                "Service/db"
            ]
        );
        let names = everything(
            &cluster,
            &["PersistentVolumeClaim", "apps/Deployment", "batch/Job"],
        );
        assert_eq!(names, ["PersistentVolumeClaim/shop/data-db-0"]);
        let (outcome, lines) = ship(&client, &shop()).await;
        assert!(outcome.ready, "{}", lines.join("\n"));
        assert_eq!(outcome.migrations[0].state, MigrationState::RanBefore);
    });
}

/// Holds V9.
#[test]
fn down_with_data_leaves_the_cluster_as_it_was() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        let before = everything(&cluster, KINDS);
        ship(&client, &shop()).await;
        let removed = remove(&client, &shop(), true)
            .await
            .expect("something was there");
        assert_eq!((removed.kept, removed.stuck), (Vec::new(), Vec::new()));
        assert_eq!(everything(&cluster, KINDS), before);
        assert_eq!(remove(&client, &shop(), true).await, None);
    });
}

#[test]
fn a_namespace_that_was_there_before_is_never_deleted() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        cluster.with(|state| {
            let namespace =
                json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop" } });
            state.create("kubectl", namespace).expect("created");
        });
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let before = everything(&cluster, KINDS);
        ship(&client, &shop()).await;
        remove(&client, &shop(), true)
            .await
            .expect("something was there");
        assert_eq!(everything(&cluster, KINDS), before);
    });
}

#[test]
fn an_object_of_someone_else_is_not_taken_over() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        for object in [
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop" } }),
            json!({ "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": { "name": "api-config-1", "namespace": "shop" },
                "data": { "MODE": "mine" } }),
        ] {
            make_as(&client, "kubectl", object).await;
        }
        let before = everything(&cluster, KINDS);
        let obstacles = obstacles(&client, &shop()).await;
        assert_eq!(
            obstacles,
            [
                "ConfigMap/api-config-1: it is there already and belongs to kubectl \
                 (`--adopt` takes it over; or give yours another name)"
            ]
        );
        assert_eq!(everything(&cluster, KINDS), before, "nothing was written");
    });
}

#[test]
fn a_field_that_someone_edited_is_a_conflict_with_a_name() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        ship(&client, &shop()).await;
        cluster.with(|state| {
            let live = state.get("apps/Deployment", "shop", "api").expect("there");
            let mut edited = (*live).clone();
            edited["spec"]["replicas"] = json!(5);
            state.update("kubectl-edit", edited).expect("updated");
        });
        let (outcome, _) = try_to_ship(&client, &shop(), "test").await;
        let Err(ShipError::Obstacles(obstacles)) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(
            obstacles[0].cause,
            "others set fields that the release sets otherwise: .spec.replicas: kubectl-edit"
        );
        assert_eq!(obstacles[0].place.as_ref().expect("a place").line, 3);
    });
}

/// Holds V1.
#[test]
fn a_service_under_an_autoscaler_is_up_with_its_fewest_pods() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        let mut release = shop();
        let spec = release.objects[0].body["spec"]
            .as_object_mut()
            .expect("a map");
        spec.remove("replicas");
        release.objects.push(object(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            "api",
            &json!({ "spec": {
                "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "api" },
                "minReplicas": 3,
                "maxReplicas": 5,
                "metrics": [{ "type": "Resource", "resource": {
                    "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 70 },
                } }],
            } }),
        ));
        let (outcome, lines) = ship(&client, &release).await;
        assert!(outcome.ready, "{:?}\n{}", outcome.failure, lines.join("\n"));
        assert_eq!((outcome.pods.ready, outcome.pods.wanted), (4, 4));
        let (second, _) = ship(&client, &release).await;
        assert!(!second.changed_something());
    });
}

#[test]
fn status_tells_what_is_missing() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        assert_eq!(status(&client, &shop().target()).await.expect("read"), None);
        ship(&client, &shop()).await;
        let now = status(&client, &shop().target())
            .await
            .expect("read")
            .expect("shipped");
        assert!(now.ready);
        assert_eq!((now.pods.ready, now.pods.wanted), (3, 3));
        let service = cluster.with(|state| state.get("Service", "shop", "api").expect("there"));
        cluster.with(|state| {
            let options = plimsoll_cluster::state::DeleteOptions::default();
            state
                .delete("Service", "shop", "api", &options)
                .expect("deleted");
        });
        assert_eq!(service["metadata"]["name"], "api");
        let now = status(&client, &shop().target())
            .await
            .expect("read")
            .expect("shipped");
        let missing: Vec<_> = now
            .objects
            .iter()
            .filter(|object| object.state == ObjectState::Missing)
            .collect();
        assert_eq!(missing.len(), 1);
        assert_eq!(missing[0].object.to_string(), "Service/api");
    });
}

#[test]
fn two_runs_tell_the_same_story() {
    let story = || {
        virtually(async {
            let cluster = cluster("");
            ship(&client(&cluster), &shop()).await.1
        })
    };
    assert_eq!(story(), story());
}
