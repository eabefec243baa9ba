//! The disks of a service go through `down` and prune: a service that leaves loses its pods, not its files.

use std::time::Duration;

use plimsoll_ship::{ObjectKey, Release, Removed};

use crate::harness::{
    Break, client, cluster, counting, everything, planned, remove, ship, try_to_remove, virtually,
};
use crate::shop::{KINDS, files, shop};

const CLAIMS: &[&str] = &["PersistentVolumeClaim"];

/// The shop with a service that keeps files, and without a database.
fn with_files() -> Release {
    let mut release = shop();
    release.objects.retain(|object| {
        !matches!(
            object.key.kind.as_str(),
            "StatefulSet" | "Job" | "Deployment"
        )
    });
    release.objects.insert(0, files());
    release
}

/// The same after the service left the file.
fn without_files() -> Release {
    let mut release = with_files();
    release.objects.remove(0);
    release
}

fn names(keys: &[ObjectKey]) -> Vec<String> {
    keys.iter().map(ToString::to_string).collect()
}

fn kept(removed: Option<Removed>) -> Vec<String> {
    names(&removed.expect("something was there").kept)
}

/// Holds V9.
#[test]
fn down_keeps_the_disks_of_a_service_and_says_so() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        ship(&client, &with_files()).await;
        let kept = kept(remove(&client, &with_files(), false).await);
        assert_eq!(
            kept,
            ["PersistentVolumeClaim/data-files-0", "Namespace/shop"]
        );
        let names = everything(&cluster, &["PersistentVolumeClaim", "apps/StatefulSet"]);
        assert_eq!(names, ["PersistentVolumeClaim/shop/data-files-0"]);
    });
}

/// Holds V9.
#[test]
fn down_with_data_removes_disks_that_a_down_before_has_kept() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        let before = everything(&cluster, KINDS);
        ship(&client, &with_files()).await;
        remove(&client, &with_files(), false).await;
        assert_eq!(
            kept(remove(&client, &with_files(), true).await),
            Vec::<String>::new()
        );
        assert_eq!(everything(&cluster, KINDS), before);
    });
}

#[test]
fn disks_that_were_kept_are_taken_up_again() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        ship(&client, &with_files()).await;
        remove(&client, &with_files(), false).await;
        let (outcome, lines) = ship(&client, &with_files()).await;
        assert!(outcome.ready, "{}", lines.join("\n"));
        assert_eq!(names(&outcome.kept), Vec::<String>::new());
        assert_eq!(everything(&cluster, CLAIMS).len(), 1);
        assert_eq!(
            planned(&client, &with_files()).await,
            Vec::<String>::new(),
            "nothing is left to do"
        );
    });
}

/// Holds V9.
#[test]
fn a_service_that_leaves_the_file_leaves_its_disks() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        ship(&client, &with_files()).await;
        let plan = planned(&client, &without_files()).await;
        let told = [
            "prune StatefulSet/files",
            "keep PersistentVolumeClaim/data-files-0",
        ];
        for line in told {
            assert!(plan.iter().any(|planned| planned == line), "{plan:?}");
        }
        let (outcome, _) = ship(&client, &without_files()).await;
        assert_eq!(names(&outcome.kept), ["PersistentVolumeClaim/data-files-0"]);
        assert_eq!(everything(&cluster, &["apps/StatefulSet"]).len(), 0);
        // They are still known when the rest goes.
        let kept = kept(remove(&client, &without_files(), false).await);
        assert_eq!(
            kept,
            ["PersistentVolumeClaim/data-files-0", "Namespace/shop"]
        );
        remove(&client, &without_files(), true).await;
        assert_eq!(everything(&cluster, CLAIMS).len(), 0);
    });
}

/// A `StatefulSet` that is gone can no longer say which claims were its own.
#[test]
fn a_down_that_is_cut_at_any_request_loses_no_disk() {
    let requests = virtually(async {
        let cluster = cluster("");
        ship(&client(&cluster), &with_files()).await;
        let (client, counter) = counting(&cluster, None);
        remove(&client, &with_files(), false).await;
        counter.count()
    });
    for at in (1..=requests).flat_map(|n| [Break::Before(n), Break::After(n)]) {
        virtually(async {
            let cluster = cluster("");
            ship(&client(&cluster), &with_files()).await;
            let (broken, _) = counting(&cluster, Some(at));
            let _ = try_to_remove(&broken, &with_files(), false, "first").await;
            remove(&client(&cluster), &with_files(), false).await;
            tokio::time::sleep(Duration::from_mins(1)).await;
            assert_eq!(everything(&cluster, CLAIMS).len(), 1, "{at:?}");
        });
    }
}
