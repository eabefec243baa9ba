//! A release that fails says why, within seconds.

use serde_json::json;

use crate::harness::{client, cluster, ship, virtually};
use crate::shop::{object, shop};

/// Holds P10.
#[test]
fn a_missing_image_is_named_within_a_minute() {
    virtually(async {
        let cluster = cluster("image=api");
        let (outcome, lines) = ship(&client(&cluster), &shop()).await;
        let failure = outcome.failure.expect("a failure");
        assert_eq!(failure.object.to_string(), "Deployment/api");
        assert!(
            failure
                .cause
                .contains("image ghcr.example/api:1 cannot be pulled"),
            "{}",
            failure.cause
        );
        assert_eq!(failure.place.expect("a place").line, 3);
        assert!(outcome.seconds.as_secs() < 120, "{}", lines.join("\n"));
    });
}

/// Holds P10.
#[test]
fn a_crash_comes_with_its_last_lines() {
    virtually(async {
        let cluster = cluster("crash=api");
        let (outcome, _) = ship(&client(&cluster), &shop()).await;
        let failure = outcome.failure.expect("a failure");
        assert!(
            failure
                .cause
                .starts_with("container api ends again and again"),
            "{}",
            failure.cause
        );
        assert!(!failure.log.is_empty());
        assert!(outcome.seconds.as_secs() < 180);
    });
}

/// Holds P6, P10.
#[test]
fn a_failed_migration_shows_its_log_and_is_made_anew() {
    virtually(async {
        let broken = cluster("migration=db");
        let client = client(&broken);
        let (outcome, _) = ship(&client, &shop()).await;
        let failure = outcome.failure.expect("a failure");
        assert_eq!(failure.object.to_string(), "Job/db-migrate-1");
        assert!(!failure.log.is_empty(), "{}", failure.cause);
        let saved = broken.save().expect("saved");
        let mended = plimsoll_cluster::cluster::Cluster::load(
            &saved,
            plimsoll_cluster::cluster::Options::default(),
        )
        .expect("loaded");
        tokio::spawn(mended.run());
        let (outcome, lines) = ship(&crate::harness::client(&mended), &shop()).await;
        assert!(outcome.ready, "{:?}\n{}", outcome.failure, lines.join("\n"));
    });
}

#[test]
fn a_missing_key_is_named() {
    virtually(async {
        let cluster = cluster("");
        let mut release = shop();
        release.objects[0].body["spec"]["template"]["spec"]["containers"][0]["env"] = json!([{
            "name": "A",
            "valueFrom": { "secretKeyRef": { "name": "db-credentials", "key": "nothing" } },
        }]);
        let (outcome, _) = ship(&client(&cluster), &release).await;
        let cause = outcome.failure.expect("a failure").cause;
        assert!(cause.contains("container api cannot start"), "{cause}");
        assert!(cause.contains("nothing"), "{cause}");
    });
}

#[test]
fn a_pod_that_no_node_takes_says_which_resource() {
    virtually(async {
        let cluster = cluster("");
        let mut release = shop();
        release.objects[0].body["spec"]["template"]["spec"]["containers"][0]["resources"] =
            json!({ "requests": { "cpu": "1k" } });
        let (outcome, _) = ship(&client(&cluster), &release).await;
        let cause = outcome.failure.expect("a failure").cause;
        assert!(cause.contains("Insufficient cpu"), "{cause}");
    });
}

/// Holds P10, V10.
#[test]
fn a_probe_that_is_not_answered_is_named_before_the_deadline() {
    virtually(async {
        let cluster = cluster("");
        let mut release = shop();
        release.objects[0].body["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] =
            json!({ "tcpSocket": { "port": 9999 }, "periodSeconds": 5 });
        let (outcome, lines) = ship(&client(&cluster), &release).await;
        let cause = outcome.failure.expect("a failure").cause;
        assert!(
            cause.starts_with("container api runs and is not ready"),
            "{cause}"
        );
        assert!(outcome.seconds.as_secs() < 180, "{}", lines.join("\n"));
    });
}

/// Holds V10.
#[test]
fn a_claim_that_no_class_serves_is_named() {
    virtually(async {
        let cluster = cluster("");
        cluster.with(|state| {
            let class = json!({
                "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
                "metadata": { "name": "nobodys" }, "provisioner": "kubernetes.io/no-provisioner",
            });
            state.create("kubectl", class).expect("created");
        });
        let mut release = shop();
        release.objects[4].body["spec"]["volumeClaimTemplates"][0]["spec"]["storageClassName"] =
            json!("nobodys");
        let (outcome, lines) = ship(&client(&cluster), &release).await;
        let failure = outcome.failure.expect("a failure");
        assert_eq!(failure.object.to_string(), "StatefulSet/db");
        assert!(failure.cause.contains("laim"), "{}", failure.cause);
        assert!(outcome.seconds.as_secs() < 120, "{}", lines.join("\n"));
    });
}

#[test]
fn a_quota_that_refuses_pods_is_named() {
    virtually(async {
        let cluster = cluster("");
        let mut release = shop();
        release.objects.push(object(
            "v1",
            "ResourceQuota",
            "limits",
            &json!({ "spec": { "hard": { "pods": "2" } } }),
        ));
        let (outcome, _) = ship(&client(&cluster), &release).await;
        let cause = outcome.failure.expect("a failure").cause;
        assert!(cause.contains("exceeded quota"), "{cause}");
    });
}

#[test]
fn a_kind_that_nobody_attends_is_named() {
    virtually(async {
        let cluster = cluster("");
        let mut release = shop();
        release.objects.push(lamp_definition());
        release.objects.push(object(
            "example.org/v1",
            "Lamp",
            "desk",
            &json!({ "spec": {} }),
        ));
        let (outcome, lines) = ship(&client(&cluster), &release).await;
        let failure = outcome.failure.expect("a failure");
        assert_eq!(
            failure.object.to_string(),
            "Lamp/desk",
            "{}",
            lines.join("\n")
        );
        assert_eq!(
            failure.cause,
            "no controller has answered: nothing in the cluster attends Lamp"
        );
    });
}

fn lamp_definition() -> plimsoll_ship::Desired {
    let mut definition = object(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "lamps.example.org",
        &json!({ "spec": {
            "group": "example.org",
            "scope": "Namespaced",
            "names": { "kind": "Lamp", "plural": "lamps", "singular": "lamp", "listKind": "LampList" },
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": {
                    "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                } },
            }],
        } }),
    );
    definition.key.namespace = None;
    definition.body["metadata"]
        .as_object_mut()
        .expect("a map")
        .remove("namespace");
    definition
}

#[test]
fn a_kind_that_the_cluster_does_not_serve_stops_before_the_first_write() {
    virtually(async {
        let cluster = cluster("");
        let mut release = shop();
        release.objects.push(object(
            "example.org/v1",
            "Lamp",
            "desk",
            &json!({ "spec": {} }),
        ));
        let found = crate::harness::obstacles(&client(&cluster), &release).await;
        assert_eq!(
            found,
            [
                "example.org/v1 Lamp: the cluster does not serve this kind, and Lamp/desk is one \
              (install what defines it first)"
            ]
        );
    });
}

/// Holds V10, P10: the same troubles, found by a doctor who comes later.
#[test]
fn a_doctor_names_cause_and_remedy() {
    for (fault, cause, remedy) in [
        (
            "image=api",
            "cannot be pulled",
            "the image and its tag exist",
        ),
        ("crash=api", "container api", "plimsoll logs api --previous"),
        ("migration=db", "", "mend the migration"),
    ] {
        virtually(async {
            let cluster = cluster(fault);
            let client = client(&cluster);
            let mut release = shop();
            release.objects[0].unit = "service api".to_owned();
            let (outcome, _) = ship(&client, &release).await;
            assert!(!outcome.ready, "{fault}");
            let found = plimsoll_ship::doctor(&client, &release.target()).await;
            let found = found.expect("asked").expect("shipped").complaints;
            let told = found
                .iter()
                .any(|one| one.cause.contains(cause) && one.remedy.contains(remedy));
            assert!(told, "{fault}: {found:#?}");
        });
    }
}
