//! What goes with what: owners, finalizers, namespaces, finished Jobs.

use serde_json::{Value, json};

use crate::controllers::testing::{World, deployment};
use crate::object;
use crate::state::{DeleteOptions, Propagation};

fn config_map(name: &str, owner: Option<&Value>) -> Value {
    let mut map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
    if let Some(owner) = owner {
        map["metadata"]["ownerReferences"] = json!([{
            "apiVersion": "v1", "kind": "ConfigMap", "blockOwnerDeletion": true,
            "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
        }]);
    }
    map
}

fn options(propagation: Propagation) -> DeleteOptions {
    DeleteOptions {
        propagation: Some(propagation),
        ..DeleteOptions::default()
    }
}

#[test]
fn what_a_deployment_made_goes_with_it() {
    let mut world = World::new();
    world.create(deployment("api", 2));
    world.pass(30);
    world.delete("apps/Deployment", "api");
    assert!(world.find("apps/Deployment", "api").is_none());
    world.pass(60);
    assert_eq!(world.pods().len(), 0);
    assert_eq!(world.state.list("apps/ReplicaSet").len(), 0);
}

#[test]
fn in_the_foreground_the_owner_goes_last() {
    let mut world = World::new();
    world.create(deployment("api", 1));
    world.pass(30);
    world.delete_with("apps/Deployment", "api", &options(Propagation::Foreground));
    assert!(object::is_terminating(&world.get("apps/Deployment", "api")));
    world.pass(60);
    assert!(world.find("apps/Deployment", "api").is_none());
    assert_eq!(world.pods().len(), 0);
}

#[test]
fn orphans_stay_and_forget_their_owner() {
    let mut world = World::new();
    let owner = world.create(config_map("owner", None));
    world.create(config_map("child", Some(&owner)));
    world.delete_with("ConfigMap", "owner", &options(Propagation::Orphan));
    assert!(world.find("ConfigMap", "owner").is_none());
    assert!(object::owners(&world.get("ConfigMap", "child")).is_empty());
}

#[test]
fn an_object_whose_owner_was_never_there_goes() {
    let mut world = World::new();
    let nobody =
        json!({"metadata": {"name": "nobody", "uid": "00000000-0000-4000-a000-000000000000"}});
    world.create(config_map("child", Some(&nobody)));
    assert!(world.find("ConfigMap", "child").is_none());
}

#[test]
fn one_of_two_owners_is_enough_to_stay() {
    let mut world = World::new();
    let first = world.create(config_map("first", None));
    let second = world.create(config_map("second", None));
    let mut child = config_map("child", Some(&first));
    let more = config_map("x", Some(&second))["metadata"]["ownerReferences"][0].clone();
    child["metadata"]["ownerReferences"]
        .as_array_mut()
        .unwrap()
        .push(more);
    world.create(child);
    world.delete("ConfigMap", "first");
    assert_eq!(object::owners(&world.get("ConfigMap", "child")).len(), 1);
    world.delete("ConfigMap", "second");
    assert!(world.find("ConfigMap", "child").is_none());
}

#[test]
fn a_namespace_has_its_account_and_certificate_and_goes_with_all_that_is_in_it() {
    let mut world = World::new();
    assert!(world.find("ServiceAccount", "default").is_some());
    assert!(world.find("ConfigMap", "kube-root-ca.crt").is_some());
    world.create(deployment("api", 2));
    world.pass(30);
    world.delete("Namespace", "app");
    world.pass(60);
    assert!(world.find("Namespace", "app").is_none());
    let left: Vec<_> = world
        .state
        .all()
        .filter(|one| object::namespace(one) == "app")
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_finished_job_goes_after_its_time() {
    let mut world = World::new();
    world.create(json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "once"},
        "spec": {
            "completions": 1, "parallelism": 1, "ttlSecondsAfterFinished": 100,
            "template": {"spec": {
                "restartPolicy": "Never",
                "containers": [{"name": "once", "image": "acme/once:1"}],
            }},
        },
    }));
    world.pass(90);
    assert!(world.find("batch/Job", "once").is_some());
    world.pass(30);
    assert!(world.find("batch/Job", "once").is_none());
    assert_eq!(world.pods().len(), 0);
}
