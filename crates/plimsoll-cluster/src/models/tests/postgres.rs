//! CloudNativePG.

use crate::controllers::testing::World;
use crate::models::platform::Component;
use crate::models::testing::{condition, prepared};
use crate::network::{Party, PortRef, Target, connection};
use serde_json::json;

const CLUSTER: &str = "postgresql.cnpg.io/Cluster";

fn world(instances: u64) -> World {
    let mut world = prepared(&[Component::named("cloudnative-pg")]);
    world.create(json!({
        "apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "db"},
        "spec": {"instances": instances, "storage": {"size": "10Gi"}, "bootstrap": {"initdb": {"database": "shop", "owner": "shop"}}},
    }));
    world
}

#[test]
fn a_cluster_comes_up_one_instance_after_the_other() {
    let mut world = world(3);
    world.pass(5);
    assert_eq!(world.state.list_in("Pod", "app").len(), 1);
    world.pass(600);
    let cluster = world.get(CLUSTER, "db");
    assert_eq!(
        cluster["status"]["phase"], "Cluster in healthy state",
        "{}",
        cluster["status"]
    );
    assert_eq!(
        (
            &cluster["status"]["readyInstances"],
            &cluster["status"]["currentPrimary"]
        ),
        (&json!(3), &json!("db-1"))
    );
    assert!(condition(&cluster, "Ready").starts_with("True ClusterIsReady"));
}

#[test]
fn its_services_lead_to_the_primary_and_to_the_replicas() {
    let mut world = world(2);
    world.pass(600);
    let caller = Party::pod(&world.state, &world.get("Pod", "db-1"));
    for (service, pod) in [("db-rw", "db-1"), ("db-ro", "db-2")] {
        let target = Target::Service {
            namespace: "app".to_owned(),
            name: service.to_owned(),
            port: PortRef::Number(5432),
        };
        let walk = connection(&world.state, &caller, &target);
        assert_eq!(
            walk.steps.last().map(|step| step.object.name.as_str()),
            Some(pod),
            "{walk:?}"
        );
    }
}

#[test]
fn the_applications_credentials_come_in_all_forms() {
    let mut world = world(1);
    world.pass(60);
    let secret = world.get("Secret", "db-app");
    let keys: Vec<_> = secret["data"]
        .as_object()
        .expect("data")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        [
            "dbname", "host", "jdbc-uri", "password", "pgpass", "port", "uri", "user", "username"
        ]
    );
}

#[test]
fn a_policy_that_cuts_the_operator_off_keeps_the_cluster_from_being_healthy() {
    let mut world = prepared(&[Component::named("cloudnative-pg")]);
    world.create(json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny"}, "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}}));
    world.create(json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "db"}, "spec": {"instances": 1, "storage": {"size": "1Gi"}}}));
    world.pass(300);
    let reason = world.get(CLUSTER, "db")["status"]["phaseReason"].clone();
    assert_eq!(
        reason,
        "HTTP communication issue: NetworkPolicy app/deny does not let the operator reach db-1 on 8000"
    );
    world.delete("networking.k8s.io/NetworkPolicy", "deny");
    world.pass(60);
    assert_eq!(
        world.get(CLUSTER, "db")["status"]["phase"],
        "Cluster in healthy state"
    );
}

#[test]
fn a_missing_secret_of_the_application_is_named() {
    let mut world = prepared(&[Component::named("cloudnative-pg")]);
    world.create(json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "db"},
        "spec": {"instances": 1, "storage": {"size": "1Gi"}, "bootstrap": {"initdb": {"secret": {"name": "mine"}}}}}));
    world.pass(60);
    assert_eq!(
        world.get(CLUSTER, "db")["status"]["phaseReason"],
        "Secret \"mine\" not found"
    );
}

#[test]
fn a_pooler_and_a_database_follow_their_cluster() {
    let mut world = world(1);
    world.create(json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Pooler", "metadata": {"name": "db-pool"},
        "spec": {"cluster": {"name": "db"}, "instances": 2, "type": "rw", "pgbouncer": {"poolMode": "session"}}}));
    world.create(json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Database", "metadata": {"name": "extra"}, "spec": {"cluster": {"name": "db"}, "name": "extra", "owner": "shop"}}));
    world.pass(600);
    assert_eq!(
        world.get("postgresql.cnpg.io/Pooler", "db-pool")["status"]["instances"],
        2
    );
    assert_eq!(
        world.get("postgresql.cnpg.io/Database", "extra")["status"]["applied"],
        true
    );
}
