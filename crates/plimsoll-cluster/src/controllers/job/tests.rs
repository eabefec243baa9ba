//! Jobs in virtual time.

use serde_json::{Value, json};

use crate::controllers::conditions;
use crate::controllers::testing::World;
use crate::node::facts::{Facts, ImageFacts};
use crate::node::machines::Machines;

fn job(spec: Value) -> Value {
    let mut job = json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "import"},
        "spec": {
            "completions": 1,
            "parallelism": 1,
            "backoffLimit": 6,
            "template": {"spec": {
                "restartPolicy": "Never",
                "containers": [{"name": "import", "image": "acme/import:1"}],
            }},
        },
    });
    for (field, value) in spec.as_object().unwrap() {
        job["spec"][field] = value.clone();
    }
    job
}

/// A world in which the image ends with this code.
fn ending(code: i64) -> World {
    let facts = ImageFacts {
        exit_code: code,
        ..ImageFacts::default()
    };
    let facts = Facts::with(vec![("acme/import".to_owned(), facts)]);
    World::with(&Machines::default(), facts, "")
}

fn reason(world: &World, kind: &str) -> String {
    let job = world.get("batch/Job", "import");
    conditions::find(&job["status"], kind)
        .map_or("", |one| one["reason"].as_str().unwrap())
        .to_owned()
}

#[test]
fn a_job_completes_and_says_so_in_both_conditions() {
    let mut world = ending(0);
    world.create(job(json!({"completions": 3, "parallelism": 2})));
    assert_eq!(world.pods().len(), 2);
    world.pass(60);
    let done = world.get("batch/Job", "import");
    assert_eq!(done["status"]["succeeded"], 3);
    assert_eq!(done["status"]["active"], Value::Null);
    assert!(done["status"]["completionTime"].is_string());
    assert_eq!(reason(&world, "SuccessCriteriaMet"), "CompletionsReached");
    assert_eq!(reason(&world, "Complete"), "CompletionsReached");
}

#[test]
fn failed_pods_are_replaced_ever_later_until_the_limit() {
    let mut world = ending(1);
    world.create(job(json!({"backoffLimit": 2})));
    world.pass(8);
    assert_eq!(world.pods().len(), 1);
    // The pod ended after 6 seconds; its successor comes 10 seconds later.
    world.pass(8);
    assert_eq!(world.pods().len(), 2);
    world.pass(60);
    assert_eq!(world.get("batch/Job", "import")["status"]["failed"], 3);
    assert_eq!(reason(&world, "FailureTarget"), "BackoffLimitExceeded");
    assert_eq!(reason(&world, "Failed"), "BackoffLimitExceeded");
    assert_eq!(
        world.events("BackoffLimitExceeded"),
        ["Job has reached the specified backoff limit"]
    );
}

#[test]
fn a_job_past_its_deadline_fails_and_its_pods_go() {
    let mut world = ending(0);
    let facts = ImageFacts {
        run_seconds: 1000,
        ..ImageFacts::default()
    };
    let facts = Facts::with(vec![("acme/import".to_owned(), facts)]);
    world.runner = crate::controllers::runner::Runner::new(crate::controllers::standard(
        facts,
        <_>::default(),
    ));
    world.create(job(json!({"activeDeadlineSeconds": 30})));
    world.pass(29);
    assert_eq!(world.pods().len(), 1);
    world.pass(40);
    assert_eq!(world.pods().len(), 0);
    assert_eq!(reason(&world, "Failed"), "DeadlineExceeded");
}

#[test]
fn a_suspended_job_has_no_pods_until_it_is_resumed() {
    let mut world = ending(0);
    world.create(job(json!({"suspend": true})));
    world.pass(10);
    assert_eq!(world.pods().len(), 0);
    assert_eq!(reason(&world, "Suspended"), "JobSuspended");
    world.edit("batch/Job", "import", |job| {
        job["spec"]["suspend"] = json!(false);
    });
    world.pass(30);
    assert_eq!(reason(&world, "Complete"), "CompletionsReached");
    assert_eq!(reason(&world, "Suspended"), "JobResumed");
}

#[test]
fn a_failure_policy_ends_the_job_at_the_first_matching_exit() {
    let mut world = ending(42);
    let rules = json!([{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}}]);
    world.create(job(json!({"podFailurePolicy": {"rules": rules}})));
    world.pass(30);
    assert_eq!(world.get("batch/Job", "import")["status"]["failed"], 1);
    assert_eq!(reason(&world, "Failed"), "PodFailurePolicy");
}

#[test]
fn with_on_failure_the_container_restarts_in_its_pod() {
    let mut world = ending(1);
    let mut object = job(json!({"backoffLimit": 3}));
    object["spec"]["template"]["spec"]["restartPolicy"] = json!("OnFailure");
    world.create(object);
    world.pass(20);
    assert_eq!(world.pods().len(), 1);
    world.pass(300);
    assert_eq!(reason(&world, "Failed"), "BackoffLimitExceeded");
}

#[test]
fn indexed_jobs_give_each_pod_its_number() {
    let mut world = ending(0);
    world.create(job(
        json!({"completions": 3, "parallelism": 3, "completionMode": "Indexed"}),
    ));
    let hosts: Vec<_> = world
        .pods()
        .iter()
        .map(|pod| pod["spec"]["hostname"].clone())
        .collect();
    assert_eq!(hosts, ["import-0", "import-1", "import-2"]);
    world.pass(30);
    assert_eq!(
        world.get("batch/Job", "import")["status"]["completedIndexes"],
        "0-2"
    );
}
