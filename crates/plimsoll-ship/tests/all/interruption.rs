//! A run that is cut at any request is simply run again.

use plimsoll_cluster::cluster::Cluster;

use crate::harness::{
    Break, client, cluster, counting, everything, remove, ship, try_to_remove, try_to_ship,
    virtually,
};
use crate::shop::{KINDS, reconfigured, shop};

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
