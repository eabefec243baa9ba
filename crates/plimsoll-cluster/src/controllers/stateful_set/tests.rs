//! StatefulSets in virtual time.

use serde_json::{Value, json};

use crate::controllers::testing::{World, template};
use crate::object;

fn stateful_set(replicas: i64) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "db"},
        "spec": {
            "replicas": replicas,
            "serviceName": "db",
            "selector": {"matchLabels": {"app": "db"}},
            "podManagementPolicy": "OrderedReady",
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            "template": template("db"),
        },
    })
}

fn storage(world: &mut World, mode: &str) {
    world.create(json!({
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "standard"},
        "provisioner": "embedded",
        "reclaimPolicy": "Delete",
        "volumeBindingMode": mode,
    }));
}

fn with_disk(mut set: Value) -> Value {
    set["spec"]["volumeClaimTemplates"] = json!([{
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "standard",
            "resources": {"requests": {"storage": "10Gi"}},
        },
    }]);
    set
}

fn names(world: &World) -> Vec<String> {
    world
        .pods()
        .iter()
        .map(|pod| object::name(pod).to_owned())
        .collect()
}

fn images(world: &World) -> Vec<String> {
    let image = |pod: &Value| {
        pod["spec"]["containers"][0]["image"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    world.pods().iter().map(|pod| image(pod)).collect()
}

#[test]
fn pods_come_one_after_the_other() {
    let mut world = World::new();
    world.create(stateful_set(3));
    for _ in 0..60 {
        let before = world.pods();
        assert!(
            before
                .iter()
                .filter(|pod| !crate::controllers::pods::is_ready(pod))
                .count()
                <= 1
        );
        world.pass(1);
    }
    assert_eq!(names(&world), ["db-0", "db-1", "db-2"]);
    assert_eq!(world.ready(), 3);
}

#[test]
fn parallel_pods_come_at_once() {
    let mut world = World::new();
    let mut set = stateful_set(3);
    set["spec"]["podManagementPolicy"] = json!("Parallel");
    world.create(set);
    assert_eq!(names(&world), ["db-0", "db-1", "db-2"]);
}

#[test]
fn an_update_goes_from_the_highest_number_down_to_the_partition() {
    let mut world = World::new();
    world.create(stateful_set(3));
    world.pass(60);
    world.edit("apps/StatefulSet", "db", |set| {
        set["spec"]["template"]["spec"]["containers"][0]["image"] = json!("acme/db:2");
        set["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = json!(1);
    });
    world.pass(120);
    assert_eq!(
        images(&world),
        ["ghcr.io/acme/db:1", "acme/db:2", "acme/db:2"]
    );
    let status = world.get("apps/StatefulSet", "db")["status"].clone();
    assert_eq!(status["updatedReplicas"], 2);
    assert_ne!(status["currentRevision"], status["updateRevision"]);
    world.edit("apps/StatefulSet", "db", |set| {
        set["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = json!(0);
    });
    world.pass(60);
    let status = world.get("apps/StatefulSet", "db")["status"].clone();
    assert_eq!(status["currentRevision"], status["updateRevision"]);
}

#[test]
fn a_scale_down_takes_the_highest_number_first() {
    let mut world = World::new();
    world.create(stateful_set(3));
    world.pass(60);
    world.edit("apps/StatefulSet", "db", |set| {
        set["spec"]["replicas"] = json!(1);
    });
    assert!(object::is_terminating(&world.get("Pod", "db-2")));
    assert!(!object::is_terminating(&world.get("Pod", "db-1")));
    world.pass(60);
    assert_eq!(names(&world), ["db-0"]);
}

#[test]
fn claims_are_bound_where_their_pod_runs_and_stay_when_it_goes() {
    let mut world = World::new();
    storage(&mut world, "WaitForFirstConsumer");
    world.create(with_disk(stateful_set(2)));
    world.pass(60);
    assert_eq!(world.ready(), 2);
    let claim = world.get("PersistentVolumeClaim", "data-db-1");
    assert_eq!(claim["status"]["phase"], "Bound");
    assert_eq!(claim["status"]["capacity"]["storage"], "10Gi");
    world.delete("apps/StatefulSet", "db");
    world.pass(60);
    assert_eq!(world.pods().len(), 0);
    assert!(world.find("PersistentVolumeClaim", "data-db-1").is_some());
}

#[test]
fn claims_go_with_the_set_if_the_retention_policy_says_so() {
    let mut world = World::new();
    storage(&mut world, "Immediate");
    let mut set = with_disk(stateful_set(2));
    set["spec"]["persistentVolumeClaimRetentionPolicy"] =
        json!({"whenDeleted": "Delete", "whenScaled": "Delete"});
    world.create(set);
    world.pass(60);
    world.edit("apps/StatefulSet", "db", |set| {
        set["spec"]["replicas"] = json!(1);
    });
    world.pass(60);
    assert!(world.find("PersistentVolumeClaim", "data-db-1").is_none());
    world.delete("apps/StatefulSet", "db");
    world.pass(60);
    assert!(world.find("PersistentVolumeClaim", "data-db-0").is_none());
    assert_eq!(world.state.list("PersistentVolume").len(), 0);
}
