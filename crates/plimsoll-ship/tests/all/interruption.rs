//! A run that is cut at any request is simply run again.

use kube::Client;
use plimsoll_cluster::cluster::{Cluster, Options as ClusterOptions};
use plimsoll_cluster::faults::Faults;
use plimsoll_ship::{Outcome, Release, Rollback, RolledBack, ShipError, roll_back};

use crate::harness::{
    Break, client, cluster, counting, everything, options, remove, ship, try_to_remove,
    try_to_ship, virtually,
};
use crate::shop::{KINDS, api, reconfigured, shop};

/// Every request of a fresh run, cut before and after, then run again.
#[test]
fn an_up_that_is_cut_at_any_request_converges_when_run_again() {
    let (wanted, requests) = virtually(async {
        let cluster = cluster("");
        let (client, counter) = counting(&cluster, None);
        ship(&client, &shop()).await;
        (stable(&cluster), counter.count())
    });
    assert!(requests > 20);
    for at in (1..=requests).flat_map(|n| [Break::Before(n), Break::After(n)]) {
        virtually(async {
            let cluster = cluster("");
            let (broken, _) = counting(&cluster, Some(at));
            let _ = try_to_ship(&broken, &shop(), "first").await;
            let (outcome, lines) = ship(&client(&cluster), &shop()).await;
            assert!(
                outcome.ready,
                "{at:?} {:?}\n{}",
                outcome.failure,
                lines.join("\n")
            );
            assert_eq!(stable(&cluster), wanted, "{at:?}");
            let migrations = everything(&cluster, &["batch/Job"]);
            assert_eq!(migrations, ["batch/Job/shop/db-migrate-1"], "{at:?}");
        });
    }
}

/// Every request of a change, cut, then run again: nothing is left over.
#[test]
fn a_change_that_is_cut_at_any_request_converges_when_run_again() {
    let requests = virtually(async {
        let cluster = cluster("");
        ship(&client(&cluster), &shop()).await;
        let (client, counter) = counting(&cluster, None);
        ship(&client, &reconfigured()).await;
        counter.count()
    });
    for at in (1..=requests).flat_map(|n| [Break::Before(n), Break::After(n)]) {
        virtually(async {
            let cluster = cluster("");
            ship(&client(&cluster), &shop()).await;
            let (broken, _) = counting(&cluster, Some(at));
            let _ = try_to_ship(&broken, &reconfigured(), "first").await;
            let (outcome, lines) = ship(&client(&cluster), &reconfigured()).await;
            assert!(
                outcome.ready,
                "{at:?} {:?}\n{}",
                outcome.failure,
                lines.join("\n")
            );
            let (quiet, _) = ship(&client(&cluster), &reconfigured()).await;
            assert!(!quiet.changed_something(), "{at:?}");
        });
    }
}

/// Every request of going back, cut, then gone back again: the first release is there, whole, and its
/// migration did not run a second time.
#[test]
fn a_rollback_that_is_cut_at_any_request_converges_when_run_again() {
    let changed = async |cluster: &Cluster| {
        ship(&client(cluster), &shop()).await;
        ship(&client(cluster), &reconfigured()).await;
    };
    let (wanted, requests) = virtually(async {
        let cluster = cluster("");
        changed(&cluster).await;
        let (client, counter) = counting(&cluster, None);
        assert!(back(&client).await.expect("back").ready);
        (stable(&cluster), counter.count())
    });
    assert!(requests > 20);
    for at in (1..=requests).flat_map(|n| [Break::Before(n), Break::After(n)]) {
        virtually(async {
            let cluster = cluster("");
            changed(&cluster).await;
            let (broken, _) = counting(&cluster, Some(at));
            let _ = back(&broken).await;
            let again = back(&client(&cluster)).await.expect("back");
            assert!(again.ready, "{at:?} {:?}", again.failure);
            assert_eq!(stable(&cluster), wanted, "{at:?}");
            let (quiet, _) = ship(&client(&cluster), &shop()).await;
            assert!(!quiet.changed_something(), "{at:?}");
        });
    }
}

/// Every request of a release that fails and gives way to the one before, cut, then shipped again: the
/// one before is back.
#[test]
fn a_release_that_fails_and_is_cut_at_any_request_still_gives_way() {
    let (saved, requests) = virtually(async {
        let first = cluster("");
        ship(&client(&first), &shop()).await;
        let saved = first.save().expect("saved");
        let cluster = without_images(&saved);
        let (client, counter) = counting(&cluster, None);
        let (outcome, _) = ship(&client, &failing()).await;
        assert_eq!(outcome.rollback, Some(RolledBack::Done));
        (saved, counter.count())
    });
    for at in (1..=requests).flat_map(|n| [Break::Before(n), Break::After(n)]) {
        virtually(async {
            let cluster = without_images(&saved);
            let (broken, _) = counting(&cluster, Some(at));
            let _ = try_to_ship(&broken, &failing(), "first").await;
            let (outcome, lines) = ship(&client(&cluster), &failing()).await;
            let back = outcome.rollback;
            assert_eq!(back, Some(RolledBack::Done), "{at:?}\n{}", lines.join("\n"));
            let (quiet, _) = ship(&client(&cluster), &shop()).await;
            assert!(!quiet.changed_something(), "{at:?}");
            let migrations = everything(&cluster, &["batch/Job"]);
            assert_eq!(migrations, ["batch/Job/shop/db-migrate-1"], "{at:?}");
        });
    }
}

/// A change whose image cannot be pulled.
fn failing() -> Release {
    let mut release = reconfigured();
    release.objects[0] = api("ghcr.example/api:2", "api-config-2");
    release.rollback = Rollback::Auto;
    release
}

/// A cluster as it was saved, where images of the service can no longer be pulled.
fn without_images(saved: &[u8]) -> Cluster {
    let options = ClusterOptions {
        faults: Faults::parse("image=api").expect("faults"),
        ..ClusterOptions::default()
    };
    let cluster = Cluster::load(saved, options).expect("loaded");
    tokio::spawn(cluster.run());
    cluster
}

async fn back(client: &Client) -> Result<Outcome, ShipError> {
    let (target, options) = (shop().target(), options("test"));
    roll_back(client, &target, Some(1), &options, &mut |_: &_| {}).await
}

/// Holds V9.
#[test]
fn a_down_that_is_cut_at_any_request_leaves_nothing_when_run_again() {
    let (before, requests) = virtually(async {
        let cluster = cluster("");
        let before = everything(&cluster, KINDS);
        ship(&client(&cluster), &shop()).await;
        let (client, counter) = counting(&cluster, None);
        remove(&client, &shop(), true)
            .await
            .expect("something was there");
        (before, counter.count())
    });
    for at in (1..=requests).flat_map(|n| [Break::Before(n), Break::After(n)]) {
        virtually(async {
            let cluster = cluster("");
            ship(&client(&cluster), &shop()).await;
            let (broken, _) = counting(&cluster, Some(at));
            let _ = try_to_remove(&broken, &shop(), true, "first").await;
            remove(&client(&cluster), &shop(), true).await;
            tokio::time::sleep(std::time::Duration::from_mins(1)).await;
            assert_eq!(everything(&cluster, KINDS), before, "{at:?}");
        });
    }
}

/// What a finished release leaves. The lease of a dead holder may stay until somebody writes
/// again: a run that finds nothing to do takes none.
fn stable(cluster: &Cluster) -> Vec<String> {
    let passing = ["Pod", "apps/ReplicaSet", "coordination.k8s.io/Lease"];
    let kinds: Vec<&str> = KINDS
        .iter()
        .copied()
        .filter(|kind| !passing.contains(kind))
        .collect();
    everything(cluster, &kinds)
}
