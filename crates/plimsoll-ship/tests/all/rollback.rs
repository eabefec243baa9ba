//! A release that fails gives way to the one before.

use plimsoll_cluster::cluster::{Cluster, Options as ClusterOptions};
use plimsoll_cluster::faults::Faults;
use plimsoll_ship::{Outcome, Release, Rollback, RolledBack, ShipError, history, roll_back};

use crate::harness::{client, cluster, everything, options, ship, virtually};
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
        let first = cluster("");
        ship(&client(&first), &shop()).await;
        let cluster = broken(&first);
        let mut release = migrating(2, 2);
        release.rollback = Rollback::Auto;
        let (outcome, _) = ship(&client(&cluster), &release).await;
        assert_eq!(outcome.rollback, Some(RolledBack::DatabaseMoved));
    });
}

/// A release with an image and a migration of its own.
fn version(number: u32) -> Release {
    let mut release = shop();
    release.objects[0] = api(&format!("ghcr.example/api:{number}"), "api-config-1");
    release
}

fn migrating(number: u32, schema: u32) -> Release {
    let mut release = version(number);
    let name = format!("db-migrate-{schema}");
    release.objects[3].key.name.clone_from(&name);
    release.objects[3].body["metadata"]["name"] = name.clone().into();
    release.objects[0].after[0].name = name;
    release
}

async fn back(cluster: &Cluster, number: Option<u64>) -> Result<Outcome, ShipError> {
    let target = shop().target();
    let options = options("test");
    roll_back(&client(cluster), &target, number, &options, &mut |_: &_| {}).await
}

/// Holds P9, W8: any remembered release can come back, and the history says which.
#[test]
fn the_release_before_comes_back_or_the_one_that_is_named() {
    virtually(async {
        let cluster = cluster("");
        for number in 1..=3 {
            ship(&client(&cluster), &version(number)).await;
        }
        assert!(back(&cluster, None).await.expect("shipped").ready);
        assert_eq!(image(&cluster), "ghcr.example/api:2");
        assert!(back(&cluster, Some(1)).await.expect("shipped").ready);
        assert_eq!(image(&cluster), "ghcr.example/api:1");
        let history = history(&client(&cluster), &shop().target()).await;
        let history = history.expect("read").expect("shipped");
        let told: Vec<_> = history
            .releases
            .iter()
            .map(|one| (one.number, one.back_to, one.images["api"].as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (1, None, "ghcr.example/api:1"),
                (2, None, "ghcr.example/api:2"),
                (3, None, "ghcr.example/api:3"),
                (4, Some(2), "ghcr.example/api:2"),
                (5, Some(1), "ghcr.example/api:1"),
            ]
        );
        let unknown = back(&cluster, Some(9)).await.expect_err("unknown");
        assert_eq!(
            unknown.to_string(),
            "no release 9 that came up is remembered; there are: 1, 2, 3, 4, 5"
        );
    });
}

/// Holds W8: refused before anything is touched, unless the old release says that it fits.
#[test]
fn a_release_comes_back_to_a_database_that_moved_only_if_it_says_that_it_fits() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        let mut first = migrating(1, 1);
        first.revisions.insert("db".into(), (1, 1));
        let mut second = migrating(2, 2);
        second.revisions.insert("db".into(), (1, 2));
        let mut third = migrating(3, 2);
        third.revisions.insert("db".into(), (2, 2));
        for release in [first, second, third] {
            assert!(ship(&client, &release).await.0.ready);
        }
        let Err(ShipError::Obstacles(found)) = back(&cluster, Some(1)).await else {
            panic!("it went back");
        };
        assert_eq!(
            found[0].cause,
            "migration db ran since, and it runs on db 1..1, and there is db 2"
        );
        assert_eq!(image(&cluster), "ghcr.example/api:3");
        assert!(back(&cluster, Some(2)).await.expect("shipped").ready);
        assert_eq!(image(&cluster), "ghcr.example/api:2");
    });
}
