//! Restarts, init containers, sidecars and the end of pods.

use super::*;

#[test]
fn restarts_wait_ever_longer() {
    let mut world = World::faulty("crash=api");
    world.create(pod("api"));
    let mut seen = Vec::new();
    for second in 1..=200 {
        world.pass(1);
        let count = usize::try_from(restarts(&world)).unwrap();
        if count > seen.len() {
            seen.push(second);
        }
    }
    // It starts at 1 and runs a second each time: at once, then after 10, 20, 40 and 80 seconds.
    assert_eq!(seen, [2, 13, 34, 75, 156]);
    let (reason, message) = waiting(&world);
    assert_eq!(reason, "CrashLoopBackOff");
    assert!(
        message.starts_with("back-off 2m40s restarting failed container=api pod=api_app("),
        "{message}"
    );
}

#[test]
fn init_containers_run_one_after_the_other_before_the_rest() {
    let mut world = World::new();
    world.create(changed(|spec| {
        spec["initContainers"] = json!([
            {"name": "first", "image": "acme/first:1"},
            {"name": "second", "image": "acme/second:1"},
        ]);
    }));
    world.pass(8);
    let status = world.pod()["status"].clone();
    assert_eq!(status["phase"], "Pending");
    assert_eq!(
        status["initContainerStatuses"][0]["state"]["terminated"]["exitCode"],
        0
    );
    assert!(status["initContainerStatuses"][1]["state"]["running"].is_object());
    assert_eq!(
        status["containerStatuses"][0]["state"]["waiting"]["reason"],
        "PodInitializing"
    );
    world.pass(10);
    assert!(is_ready(&world));
}

#[test]
fn a_sidecar_starts_before_the_rest_and_stays() {
    let mut world = World::new();
    world.create(changed(|spec| {
        spec["initContainers"] =
            json!([{"name": "proxy", "image": "acme/proxy:1", "restartPolicy": "Always"}]);
    }));
    world.pass(6);
    let status = world.pod()["status"].clone();
    assert!(status["initContainerStatuses"][0]["state"]["running"].is_object());
    assert!(is_ready(&world));
}

#[test]
fn a_pod_that_may_end_ends_and_takes_its_sidecar_with_it() {
    let mut world = World::new();
    world.create(changed(|spec| {
        spec["restartPolicy"] = json!("Never");
        spec["initContainers"] =
            json!([{"name": "proxy", "image": "acme/proxy:1", "restartPolicy": "Always"}]);
    }));
    world.pass(10);
    let status = world.pod()["status"].clone();
    assert_eq!(status["phase"], "Succeeded");
    assert!(status["initContainerStatuses"][0]["state"]["terminated"].is_object());
}

#[test]
fn a_deleted_pod_goes_when_its_hook_and_process_are_done() {
    let mut world = World::new();
    world.create(changed(|spec| {
        spec["terminationGracePeriodSeconds"] = json!(30);
        container(spec)["lifecycle"] = json!({"preStop": {"sleep": {"seconds": 10}}});
    }));
    world.pass(10);
    world.delete("Pod", "api");
    world.pass(10);
    assert!(!gone(&world));
    world.pass(1);
    assert!(gone(&world));
}

#[test]
fn a_readiness_gate_holds_a_pod_back() {
    let mut world = World::new();
    world.create(changed(|spec| {
        spec["readinessGates"] = json!([{"conditionType": "acme.example/ok"}]);
    }));
    world.pass(10);
    assert!(!is_ready(&world));
    let pod = world.pod();
    assert!(conditions::is_true(&pod["status"], "ContainersReady"));
    let ready = conditions::find(&pod["status"], "Ready").unwrap();
    assert_eq!(ready["reason"], "ReadinessGatesNotReady");
}

#[test]
fn a_pod_past_its_own_deadline_fails() {
    let mut world = World::new();
    world.create(changed(|spec| spec["activeDeadlineSeconds"] = json!(20)));
    world.pass(19);
    assert!(is_ready(&world));
    world.pass(2);
    assert_eq!(world.pod()["status"]["phase"], "Failed");
    assert_eq!(world.pod()["status"]["reason"], "DeadlineExceeded");
}
