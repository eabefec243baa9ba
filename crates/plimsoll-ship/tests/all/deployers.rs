//! Two shippers at once, and records larger than one Secret.

use std::time::Duration;

use futures::future::join;
use plimsoll_ship::ShipError;
use serde_json::json;

use crate::harness::{
    Break, client, cluster, counting, everything, remove, ship, try_to_ship, virtually,
};
use crate::shop::{object, reconfigured, shop};

#[test]
fn of_two_shippers_at_once_one_is_told_who_the_other_is() {
    virtually(async {
        let cluster = cluster("");
        let (one, two) = (client(&cluster), client(&cluster));
        let late = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            try_to_ship(&two, &reconfigured(), "second").await.0
        };
        let mut slow = shop();
        slow.objects[0].body["spec"]["minReadySeconds"] = json!(120);
        let first = try_to_ship(&one, &slow, "first");
        let ((first, _), second) = Box::pin(join(first, late)).await;
        assert!(first.expect("shipped").ready);
        match second {
            Err(ShipError::Leased { holder }) => assert_eq!(holder, "first"),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn a_lease_of_a_dead_shipper_is_taken_over() {
    virtually(async {
        let cluster = cluster("");
        let (broken, _) = counting(&cluster, Some(Break::Before(25)));
        let dead = try_to_ship(&broken, &shop(), "dead").await.0;
        assert!(dead.is_err());
        let leases = everything(&cluster, &["coordination.k8s.io/Lease"]);
        assert_eq!(leases.len(), 1);
        let (outcome, _) = ship(&client(&cluster), &shop()).await;
        assert!(outcome.ready);
        let leases = everything(&cluster, &["coordination.k8s.io/Lease"]);
        assert_eq!(leases, Vec::<String>::new());
    });
}

#[test]
fn a_memory_larger_than_a_secret_is_split_and_goes_whole() {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        let mut release = shop();
        // Text that does not compress well: one hash after the other.
        for number in 0..8 {
            let noise: String = (0..4_000)
                .map(|line| plimsoll_ship::inventory::hash(&json!([number, line])))
                .collect();
            let content = json!({ "data": { "noise": noise } });
            release.objects.push(object(
                "v1",
                "ConfigMap",
                &format!("noise-{number}"),
                &content,
            ));
        }
        let memories = || {
            let secrets = everything(&cluster, &["Secret"]);
            secrets
                .into_iter()
                .filter(|name| name.contains("plimsoll.release"))
                .count()
        };
        ship(&client, &release).await;
        let one = memories();
        for number in 8..40 {
            let noise: String = (0..4_000)
                .map(|line| plimsoll_ship::inventory::hash(&json!([number, line])))
                .collect();
            let content = json!({ "data": { "noise": noise } });
            release.objects.push(object(
                "v1",
                "ConfigMap",
                &format!("noise-{number}"),
                &content,
            ));
        }
        ship(&client, &release).await;
        let many = memories();
        assert!(one == 1 && many > 1, "{one} {many}");
        let (outcome, _) = ship(&client, &shop()).await;
        assert_eq!(outcome.objects.pruned, 40);
        remove(&client, &shop(), false)
            .await
            .expect("something was there");
        assert_eq!(memories(), 0);
    });
}
