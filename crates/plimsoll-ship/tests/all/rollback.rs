//! A release that fails gives way to the one before.

use plimsoll_cluster::cluster::{Cluster, Options as ClusterOptions};
use plimsoll_cluster::faults::Faults;
use plimsoll_ship::{Release, Rollback, RolledBack};

use crate::harness::{client, cluster, everything, ship, virtually};
use crate::shop::{api, config, shop};

/// The next release; with it the image cannot be pulled.
fn next() -> Release {
    let mut release = shop();
    release.objects[0] = api("ghcr.example/api:2", "api-config-2");
    release.objects[2] = config("api-config-2", "busy");
    release.rollback = Rollback::Auto;
    release
}

/// The same cluster, where images of the service can no longer be pulled.
fn broken(cluster: &Cluster) -> Cluster {
    let saved = cluster.save().expect("saved");
    let faults = Faults::parse("image=api").expect("faults");
    let options = ClusterOptions {
        faults,
        ..ClusterOptions::default()
    };
    let broken = Cluster::load(&saved, options).expect("loaded");
    tokio::spawn(broken.run());
    broken
}

fn image(cluster: &Cluster) -> String {
    let api = cluster
        .with(|state| state.get("apps/Deployment", "shop", "api"))
        .expect("there");
    api["spec"]["template"]["spec"]["containers"][0]["image"]
        .as_str()
        .expect("text")
        .to_owned()
}

/// Holds W8.
#[test]
fn a_release_that_fails_gives_way_to_the_one_before() {
    virtually(async {
        let first = cluster("");
        ship(&client(&first), &shop()).await;
        let cluster = broken(&first);
        let (outcome, lines) = ship(&client(&cluster), &next()).await;
        assert!(!outcome.ready);
        assert_eq!(
            outcome.rollback,
            Some(RolledBack::Done),
            "{}",
            lines.join("\n")
        );
        assert_eq!(image(&cluster), "ghcr.example/api:1");
        let configs = everything(&cluster, &["ConfigMap"]);
        assert!(
            configs.contains(&"ConfigMap/shop/api-config-1".to_owned()),
            "{configs:?}"
        );
    });
}

#[test]
fn a_first_release_that_fails_has_nothing_to_go_back_to() {
    virtually(async {
        let mut release = shop();
        release.rollback = Rollback::Auto;
        release.objects[0].after.clear();
        release.objects.remove(3);
        let cluster = cluster("image=api");
        let (outcome, _) = ship(&client(&cluster), &release).await;
        assert_eq!(outcome.rollback, Some(RolledBack::NothingBefore));
    });
}

/// Holds W8: a database that moved on is not left to a program that may not know it.
#[test]
fn a_release_whose_migration_ran_is_not_taken_back_by_itself() {
    virtually(async {
        let mut release = shop();
        release.rollback = Rollback::Auto;
        let cluster = cluster("image=api");
        let (outcome, _) = ship(&client(&cluster), &release).await;
        assert_eq!(outcome.rollback, Some(RolledBack::DatabaseMoved));
    });
}
