//! The law of waves: whatever waits for whatever, a release comes up in an order that holds, or is refused
//! because there is none.

use std::collections::BTreeSet;

use plimsoll_ship::{Desired, Event, GraphError, Release, ShipError, What, up};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestCaseError};
use serde_json::json;

use crate::harness::{client, cluster, everything, options, virtually};
use crate::shop::{namespace, object, shop, template};

/// One waits for another: to exist, or to be ready.
#[derive(Debug, Clone, Copy)]
struct Wait {
    waiting: usize,
    before: usize,
    ready: bool,
}

/// One that is ready as soon as it is there, one that starts pods, and one that runs to its end.
fn one(number: usize) -> Desired {
    let name = format!("o{number}");
    let container = json!({ "image": "ghcr.example/o:1" });
    let mut pod = template(&name, &container);
    match number % 3 {
        0 => object("v1", "ConfigMap", &name, &json!({ "data": { "a": "b" } })),
        1 => {
            let labels = json!({ "matchLabels": { "app.kubernetes.io/name": name } });
            let spec = json!({ "replicas": 1, "selector": labels, "template": pod });
            object("apps/v1", "Deployment", &name, &json!({ "spec": spec }))
        }
        _ => {
            pod["spec"]["restartPolicy"] = json!("Never");
            object(
                "batch/v1",
                "Job",
                &name,
                &json!({ "spec": { "template": pod } }),
            )
        }
    }
}

fn release(count: usize, waits: &[Wait]) -> Release {
    let mut objects: Vec<Desired> = (0..count).map(one).collect();
    for wait in waits {
        let before = objects[wait.before].key.clone();
        let waiting = &mut objects[wait.waiting];
        if wait.ready {
            waiting.after.push(before);
        } else {
            waiting.exists_after.push(before);
        }
    }
    objects.push(namespace());
    Release {
        objects,
        secrets: Vec::new(),
        ..shop()
    }
}

/// Whether an order exists: things are taken away as long as one waits for nothing that is left.
fn has_an_order(count: usize, waits: &[Wait]) -> bool {
    let mut left: BTreeSet<usize> = (0..count).collect();
    loop {
        let waits_still = |one: &usize| {
            let mut own = waits.iter().filter(|wait| wait.waiting == *one);
            own.any(|wait| left.contains(&wait.before))
        };
        let Some(free) = left.iter().copied().find(|one| !waits_still(one)) else {
            return left.is_empty();
        };
        left.remove(&free);
    }
}

fn holds(count: usize, waits: &[Wait]) -> Result<(), TestCaseError> {
    virtually(async {
        let cluster = cluster("");
        let client = client(&cluster);
        let release = release(count, waits);
        let mut heard = Vec::new();
        let mut listener = |event: &Event| heard.push((event.object.clone(), event.what.clone()));
        let outcome = up(&client, &release, &options("law"), &mut listener).await;
        if !has_an_order(count, waits) {
            let Err(ShipError::Graph(GraphError::Cycle(ring))) = outcome else {
                return Err(TestCaseError::fail(format!(
                    "a ring was shipped: {outcome:?}"
                )));
            };
            prop_assert!(ring.len() > 1 && ring.first() == ring.last(), "{:?}", ring);
            let written = everything(&cluster, &["ConfigMap", "apps/Deployment", "batch/Job"]);
            prop_assert!(written.is_empty(), "{:?}", written);
            return Ok(());
        }
        let outcome = outcome.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(outcome.ready, "{:?}", outcome.failure);
        let when = |number: usize, what: &What| {
            let key = &release.objects[number].key;
            heard
                .iter()
                .position(|(object, heard)| object == key && heard == what)
        };
        let made = |number| when(number, &What::Created).expect("everything is made");
        for wait in waits {
            // What is ready as soon as it is there does not say so again.
            let ready = when(wait.before, &What::Ready).filter(|_| wait.ready);
            let there = ready.unwrap_or_else(|| made(wait.before));
            prop_assert!(there < made(wait.waiting), "{:?}: {:?}", wait, heard);
        }
        let again = up(&client, &release, &options("law"), &mut |_: &Event| {}).await;
        let again = again.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(!again.changed_something());
        Ok(())
    })
}

fn graphs() -> impl Strategy<Value = (usize, Vec<Wait>)> {
    (1_usize..14).prop_flat_map(|count| {
        let wait = (0..count, 0..count, any::<bool>(), 0_u8..10);
        // Most of them look back only, so that most graphs have an order.
        let wait = wait.prop_map(|(one, other, ready, luck)| match luck {
            0 => (one, other, ready),
            _ => (one.max(other), one.min(other), ready),
        });
        let waits = proptest::collection::vec(wait, 0..24);
        waits.prop_map(move |waits| {
            let apart = waits.into_iter().filter(|(one, other, _)| one != other);
            let waits = apart.map(|(waiting, before, ready)| Wait {
                waiting,
                before,
                ready,
            });
            (count, waits.collect())
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(11),
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_waits_for_whatever_comes_up_in_order_or_is_refused_for_its_ring((count, waits) in graphs()) {
        holds(count, &waits)?;
    }
}
