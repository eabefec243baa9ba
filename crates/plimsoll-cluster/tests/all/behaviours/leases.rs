//! Leases, by which one of several writers holds the others off, and other writes that need a version.

use serde_json::{Value, json};

use super::behaviours;
use super::harness::At;

behaviours![
    a_lease_goes_to_the_first_of_two_takers,
    a_lease_is_taken_over_with_the_version_that_was_seen,
    a_lease_is_not_replaced_blindly,
    a_replaced_lease_that_is_missing_is_made,
    a_lease_lasts_longer_than_nothing,
    times_of_a_lease_have_microseconds,
];

const LEASES: &str = "coordination.k8s.io/leases";
const LEASE: &str = "coordination.k8s.io/leases/release";

fn lease(holder: &str) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "release"},
        "spec": {
            "holderIdentity": holder, "leaseDurationSeconds": 15,
            "renewTime": "2026-01-01T00:00:00.250000Z",
        },
    })
}

const CHANGED: &str = "Operation cannot be fulfilled on leases.coordination.k8s.io \"release\": the object has been modified; please apply your changes to the latest version and try again";

async fn a_lease_goes_to_the_first_of_two_takers(at: At) {
    let free = at.create(LEASES, lease("")).await;
    let claim = |holder: &str| {
        let mut claim = free.clone();
        claim["spec"]["holderIdentity"] = json!(holder);
        claim
    };
    at.put(LEASE, &claim("one")).await;
    let refused = at
        .try_put(LEASE, &claim("two"))
        .await
        .expect_err("it is held");
    assert_eq!((refused.code, refused.reason.as_str()), (409, "Conflict"));
    assert_eq!(refused.message, CHANGED);
    assert_eq!(at.get(LEASE).await["spec"]["holderIdentity"], "one");
}

async fn a_lease_is_taken_over_with_the_version_that_was_seen(at: At) {
    let first = at.create(LEASES, lease("one")).await;
    let take = |version: &Value| {
        json!({
            "metadata": {"resourceVersion": version},
            "spec": {"holderIdentity": "two", "leaseTransitions": 1},
        })
    };
    let version = &first["metadata"]["resourceVersion"];
    let taken = at.patch("merge", LEASE, take(version)).await;
    assert_eq!(taken["spec"]["holderIdentity"], "two");
    let refused = at
        .try_patch("merge", LEASE, take(version))
        .await
        .expect_err("it moved on");
    assert_eq!((refused.code, refused.message.as_str()), (409, CHANGED));
}

async fn a_lease_is_not_replaced_blindly(at: At) {
    at.create(LEASES, lease("one")).await;
    let refused = at
        .try_put(LEASE, &lease("two"))
        .await
        .expect_err("it names no version");
    assert_eq!((refused.code, refused.reason.as_str()), (422, "Invalid"));
    assert_eq!(
        refused.message,
        "leases.coordination.k8s.io \"release\" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update"
    );
}

async fn a_replaced_lease_that_is_missing_is_made(at: At) {
    let made = at.put(LEASE, &lease("one")).await;
    assert_eq!(made["spec"]["holderIdentity"], "one");
    assert!(made["metadata"]["uid"].is_string());
}

async fn a_lease_lasts_longer_than_nothing(at: At) {
    let mut body = lease("one");
    body["spec"]["leaseDurationSeconds"] = json!(0);
    let refused = at.try_create(LEASES, body).await.expect_err("no time");
    assert_eq!(
        refused.message,
        "Lease.coordination.k8s.io \"release\" is invalid: spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"
    );
    let mut body = lease("one");
    body["spec"]["leaseTransitions"] = json!(-1);
    let refused = at.try_create(LEASES, body).await.expect_err("below zero");
    assert_eq!(
        refused.message,
        "Lease.coordination.k8s.io \"release\" is invalid: spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0"
    );
}

async fn times_of_a_lease_have_microseconds(at: At) {
    let made = at.create(LEASES, lease("one")).await;
    assert_eq!(made["spec"]["renewTime"], "2026-01-01T00:00:00.250000Z");
    let mut body = lease("one");
    body["spec"]["renewTime"] = json!("2026-01-01T00:00:00Z");
    let refused = at
        .try_create(LEASES, body)
        .await
        .expect_err("whole seconds");
    assert_eq!((refused.code, refused.reason.as_str()), (400, "BadRequest"));
    assert_eq!(
        refused.message,
        "Lease in version \"v1\" cannot be handled as a Lease: parsing time \"2026-01-01T00:00:00Z\" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse \"Z\" as \".000000\""
    );
}
