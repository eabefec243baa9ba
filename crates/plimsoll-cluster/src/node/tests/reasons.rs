//! Reasons that stand in API objects, in images or in faults.

use super::*;

#[test]
fn a_pod_without_faults_is_ready_after_four_seconds() {
    let mut world = World::new();
    world.create(pod("api"));
    world.pass(3);
    assert!(!is_ready(&world));
    // One second for the sandbox, three for the process.
    world.pass(1);
    assert!(is_ready(&world));
    assert_eq!(world.pod()["status"]["phase"], "Running");
}

#[test]
fn a_missing_secret_keeps_the_container_from_being_made_until_it_comes() {
    let mut world = World::new();
    world.create(changed(|spec| {
        container(spec)["env"] =
            json!([{"name": "URL", "valueFrom": {"secretKeyRef": {"name": "db", "key": "url"}}}]);
    }));
    world.pass(5);
    let (reason, message) = waiting(&world);
    assert_eq!(
        (reason.as_str(), message.as_str()),
        ("CreateContainerConfigError", "secret \"db\" not found")
    );
    secret(&mut world, "url");
    world.pass(5);
    assert!(is_ready(&world));
}

#[test]
fn a_missing_key_of_a_secret_is_named() {
    let mut world = World::new();
    secret(&mut world, "uri");
    world.create(changed(|spec| {
        container(spec)["env"] =
            json!([{"name": "URL", "valueFrom": {"secretKeyRef": {"name": "db", "key": "url"}}}]);
    }));
    world.pass(5);
    assert_eq!(waiting(&world).1, "couldn't find key url in Secret app/db");
}

#[test]
fn a_missing_config_map_is_named_and_an_optional_one_is_not_missed() {
    let mut world = World::new();
    world.create(changed(|spec| {
        container(spec)["envFrom"] = json!([{"configMapRef": {"name": "settings"}}]);
    }));
    world.pass(5);
    assert_eq!(waiting(&world).1, "configmap \"settings\" not found");
    let mut world = World::new();
    world.create(changed(|spec| {
        container(spec)["envFrom"] =
            json!([{"configMapRef": {"name": "settings", "optional": true}}]);
    }));
    world.pass(5);
    assert!(is_ready(&world));
}

#[test]
fn a_missing_volume_source_keeps_the_pod_creating_and_says_so_in_an_event() {
    let mut world = World::new();
    world.create(changed(|spec| {
        spec["volumes"] = json!([{"name": "tls", "secret": {"secretName": "db"}}]);
    }));
    world.pass(5);
    assert_eq!(waiting(&world).0, "ContainerCreating");
    let wanted = "MountVolume.SetUp failed for volume \"tls\" : secret \"db\" not found";
    assert_eq!(world.events("FailedMount"), [wanted]);
    secret(&mut world, "url");
    world.pass(5);
    assert!(is_ready(&world));
}

#[test]
fn a_missing_key_of_a_mounted_config_map_is_named() {
    let mut world = World::new();
    world.create(json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "1"},
    }));
    world.create(changed(|spec| {
        let items = json!([{"key": "b", "path": "b"}]);
        spec["volumes"] =
            json!([{"name": "cfg", "configMap": {"name": "settings", "items": items}}]);
    }));
    world.pass(5);
    let wanted =
        "MountVolume.SetUp failed for volume \"cfg\" : references non-existent config key: b";
    assert_eq!(world.events("FailedMount"), [wanted]);
}

#[test]
fn a_claim_that_does_not_exist_or_is_not_bound_keeps_the_pod_unscheduled() {
    let mut world = World::new();
    world.create(changed(|spec| {
        spec["volumes"] = json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]);
    }));
    let message = scheduled(&world.pod()).unwrap()["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        message.starts_with("0/6 nodes are available: persistentvolumeclaim \"data\" not found."),
        "{message}"
    );
    world.create(json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"], "storageClassName": "none",
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }));
    let message = scheduled(&world.pod()).unwrap()["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        message.contains("pod has unbound immediate PersistentVolumeClaims"),
        "{message}"
    );
}

#[test]
fn an_image_that_is_missing_is_pulled_in_vain() {
    let mut world = World::faulty("image=api");
    world.create(pod("api"));
    world.pass(1);
    assert_eq!(waiting(&world).0, "ErrImagePull");
    world.pass(5);
    let (reason, message) = waiting(&world);
    assert_eq!(reason, "ImagePullBackOff");
    assert_eq!(message, "Back-off pulling image \"ghcr.io/acme/api:1\"");
}

#[test]
fn a_root_image_must_not_be_told_to_be_no_root() {
    let strict = || changed(|spec| spec["securityContext"] = json!({"runAsNonRoot": true}));
    let mut world = with_image(root());
    world.create(strict());
    world.pass(5);
    let (reason, message) = waiting(&world);
    assert_eq!(reason, "CreateContainerConfigError");
    assert_eq!(
        message,
        "container has runAsNonRoot and image will run as root"
    );
    let mut world = World::new();
    world.create(strict());
    world.pass(5);
    assert!(is_ready(&world));
    let mut world = with_image(root());
    world.create(changed(|spec| {
        spec["securityContext"] = json!({"runAsNonRoot": true, "runAsUser": 1000});
    }));
    world.pass(5);
    assert!(is_ready(&world));
}

#[test]
fn a_probe_on_a_port_that_nobody_declares_never_passes() {
    let mut world = World::new();
    world.create(changed(|spec| {
        container(spec)["readinessProbe"] = json!({"httpGet": {"path": "/ready", "port": 9999}});
    }));
    world.pass(300);
    assert!(!is_ready(&world));
    assert_eq!(restarts(&world), 0);
    assert!(world.events("Unhealthy")[0].ends_with(":9999: connect: connection refused"));
}

#[test]
fn a_process_that_needs_more_memory_than_its_limit_is_killed() {
    let mut world = with_image(ImageFacts {
        memory: 64 << 20,
        ..ImageFacts::default()
    });
    let limited = |limit: &str| {
        changed(|spec| container(spec)["resources"] = json!({"limits": {"memory": limit}}))
    };
    world.create(limited("32Mi"));
    world.pass(4);
    let pod = world.pod();
    assert_eq!(
        pod["status"]["containerStatuses"][0]["lastState"]["terminated"]["reason"],
        "OOMKilled"
    );
    assert_eq!(
        pod["status"]["containerStatuses"][0]["lastState"]["terminated"]["exitCode"],
        137
    );
    let mut world = with_image(ImageFacts {
        memory: 64 << 20,
        ..ImageFacts::default()
    });
    world.create(limited("64Mi"));
    world.pass(5);
    assert!(is_ready(&world));
}

#[test]
fn a_path_that_a_process_writes_must_be_writable() {
    let facts = || ImageFacts {
        writes: vec!["/var/cache/app".to_owned()],
        ..ImageFacts::default()
    };
    let sealed = |mount: Option<&str>| {
        changed(|spec| {
            container(spec)["securityContext"] = json!({"readOnlyRootFilesystem": true});
            if let Some(path) = mount {
                container(spec)["volumeMounts"] = json!([{"name": "cache", "mountPath": path}]);
                spec["volumes"] = json!([{"name": "cache", "emptyDir": {}}]);
            }
        })
    };
    let mut world = with_image(facts());
    world.create(sealed(None));
    world.pass(4);
    assert!(
        world
            .log(&world.pod())
            .contains("Read-only file system: /var/cache/app")
    );
    let mut world = with_image(facts());
    world.create(sealed(Some("/var/cache")));
    world.pass(5);
    assert!(is_ready(&world));
    let mut world = with_image(facts());
    world.create(sealed(Some("/var/other")));
    world.pass(5);
    assert!(!is_ready(&world));
}

#[test]
fn a_start_that_takes_longer_than_the_startup_probe_allows_is_ended() {
    let probed = |failures: i64| {
        changed(|spec| {
            container(spec)["startupProbe"] = json!({"tcpSocket": {"port": 8080}, "periodSeconds": 2, "failureThreshold": failures});
        })
    };
    let mut world = with_image(ImageFacts {
        start_seconds: 30,
        ..ImageFacts::default()
    });
    world.create(probed(5));
    world.pass(20);
    assert!(restarts(&world) > 0);
    assert_eq!(
        world.events("Killing"),
        ["Container api failed startup probe, will be restarted"]
    );
    let mut world = with_image(ImageFacts {
        start_seconds: 30,
        ..ImageFacts::default()
    });
    world.create(probed(20));
    world.pass(60);
    assert!(is_ready(&world));
    assert_eq!(restarts(&world), 0);
}

#[test]
fn a_liveness_probe_that_asks_the_wrong_port_restarts_a_working_container() {
    let mut world = World::new();
    world.create(changed(|spec| {
        container(spec)["livenessProbe"] = json!({"tcpSocket": {"port": 9999}, "periodSeconds": 5});
    }));
    world.pass(30);
    assert!(restarts(&world) > 0);
    assert_eq!(
        world.events("Killing"),
        ["Container api failed liveness probe, will be restarted"]
    );
}

#[test]
fn a_known_image_needs_its_variables() {
    let database = |env: Value| {
        changed(|spec| {
            container(spec)["image"] = json!("postgres:18");
            container(spec)["env"] = env;
            container(spec)["readinessProbe"] =
                json!({"tcpSocket": {"port": 5432}, "periodSeconds": 1});
        })
    };
    let mut world = World::new();
    world.create(database(json!([])));
    world.pass(4);
    assert!(
        world
            .log(&world.pod())
            .contains("needs one of POSTGRES_PASSWORD")
    );
    let mut world = World::new();
    world.create(database(
        json!([{"name": "POSTGRES_PASSWORD", "value": "x"}]),
    ));
    world.pass(6);
    assert!(is_ready(&world));
}

#[test]
fn a_disk_without_a_group_cannot_be_written_by_an_ordinary_user() {
    let with_group = |group: Value| {
        let mut world = with_image(ImageFacts {
            writes: vec!["/data".to_owned()],
            ..ImageFacts::default()
        });
        world.create(json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "standard"},
            "provisioner": "embedded", "volumeBindingMode": "Immediate",
        }));
        world.create(json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
            "spec": {
                "accessModes": ["ReadWriteOnce"], "storageClassName": "standard",
                "resources": {"requests": {"storage": "1Gi"}},
            },
        }));
        world.create(changed(|spec| {
            spec["volumes"] =
                json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]);
            container(spec)["volumeMounts"] = json!([{"name": "data", "mountPath": "/data"}]);
            spec["securityContext"] = json!({"runAsUser": 1000, "fsGroup": group});
        }));
        world.pass(8);
        world
    };
    let world = with_group(Value::Null);
    assert!(world.log(&world.pod()).contains("Permission denied: /data"));
    assert!(is_ready(&with_group(json!(1000))));
}

#[test]
fn faults_crash_and_slow_what_they_name_and_nothing_else() {
    let mut world = World::faulty("crash=api");
    world.create(pod("api"));
    world.create(pod("web"));
    world.pass(60);
    assert!(
        world
            .log(&world.get("Pod", "api"))
            .contains("fault crash=api")
    );
    assert_eq!(world.ready(), 1);
    let mut world = World::faulty("slow=api:60s");
    world.create(pod("api"));
    world.pass(63);
    assert!(!is_ready(&world));
    world.pass(1);
    assert!(is_ready(&world));
}
