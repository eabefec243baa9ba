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

/// A container whose readiness probe passes later than that of the others.
fn late(name: &str) -> Value {
    json!({
        "name": name, "image": "acme/proxy:1", "restartPolicy": "Always",
        "ports": [{"containerPort": 9000}],
        "readinessProbe": {"tcpSocket": {"port": 9000}, "initialDelaySeconds": 30, "periodSeconds": 5},
    })
}

#[test]
fn a_pod_is_not_ready_before_its_sidecar_is() {
    let native = |spec: &mut Value| spec["initContainers"] = json!([late("proxy")]);
    let plain = |spec: &mut Value| {
        let mut proxy = late("proxy");
        proxy.as_object_mut().unwrap().shift_remove("restartPolicy");
        spec["containers"].as_array_mut().unwrap().push(proxy);
    };
    let forms: [&dyn Fn(&mut Value); 2] = [&native, &plain];
    for form in forms {
        let mut world = World::new();
        world.create(changed(form));
        world.pass(20);
        let pod = world.pod();
        let waits = conditions::find(&pod["status"], "ContainersReady").unwrap();
        assert_eq!(waits["message"], "containers with unready status: [proxy]");
        assert!(!is_ready(&world));
        world.pass(25);
        assert!(is_ready(&world));
    }
}

#[test]
fn events_name_the_container_that_they_are_about() {
    let mut world = World::new();
    world.create(changed(|spec| {
        spec["initContainers"] = json!([late("proxy")]);
    }));
    world.pass(40);
    let events = world.state.list_in("Event", "app");
    let about = |reason: &str| -> Vec<&str> {
        let found = events.iter().filter(|one| one["reason"] == reason);
        found
            .filter_map(|one| one["involvedObject"]["fieldPath"].as_str())
            .collect()
    };
    let mut started = about("Started");
    started.sort_unstable();
    assert_eq!(
        started,
        ["spec.containers{api}", "spec.initContainers{proxy}"]
    );
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
