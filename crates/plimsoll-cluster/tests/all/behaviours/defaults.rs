//! What the server fills in.

use serde_json::json;

use super::behaviours;
use super::harness::{At, deployment, pod, service};

behaviours![
    a_deployment_gets_its_defaults,
    a_container_gets_its_defaults,
    a_moving_tag_is_always_pulled,
    a_probe_gets_its_defaults,
    limits_become_requests,
    a_service_gets_an_address_and_target_ports,
    a_headless_service_gets_no_address,
    a_stateful_set_gets_its_defaults,
    a_job_runs_once_by_default,
    a_cron_job_gets_its_defaults,
    an_autoscaler_gets_its_defaults,
    a_network_policy_names_its_directions,
    plain_text_of_a_secret_is_encoded,
    a_name_is_generated,
];

async fn a_deployment_gets_its_defaults(at: At) {
    let mut body = deployment("a", 0);
    body["spec"]
        .as_object_mut()
        .expect("a spec")
        .remove("replicas");
    body["spec"]["paused"] = json!(true);
    let spec = at.create("deployments", body).await["spec"].clone();
    assert_eq!(spec["replicas"], 1);
    assert_eq!(
        spec["strategy"],
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}})
    );
    assert_eq!(
        (
            &spec["revisionHistoryLimit"],
            &spec["progressDeadlineSeconds"]
        ),
        (&json!(10), &json!(600))
    );
}

async fn a_container_gets_its_defaults(at: At) {
    let spec =
        at.create("deployments", deployment("a", 0)).await["spec"]["template"]["spec"].clone();
    assert_eq!(
        spec["containers"],
        json!([{
            "name": "main", "image": "example.com/main:1", "resources": {}, "imagePullPolicy": "IfNotPresent",
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        }])
    );
    assert_eq!(
        (
            &spec["restartPolicy"],
            &spec["terminationGracePeriodSeconds"]
        ),
        (&json!("Always"), &json!(30))
    );
    assert_eq!(
        (&spec["dnsPolicy"], &spec["schedulerName"]),
        (&json!("ClusterFirst"), &json!("default-scheduler"))
    );
    assert_eq!(spec["securityContext"], json!({}));
}

async fn a_moving_tag_is_always_pulled(at: At) {
    let mut body = deployment("a", 0);
    body["spec"]["template"]["spec"]["containers"][0]["image"] = json!("example.com/main");
    let object = at.create("deployments", body).await;
    assert_eq!(
        object["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"],
        "Always"
    );
}

async fn a_probe_gets_its_defaults(at: At) {
    let mut body = deployment("a", 0);
    body["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] =
        json!({"httpGet": {"port": 80}});
    let object = at.create("deployments", body).await;
    assert_eq!(
        object["spec"]["template"]["spec"]["containers"][0]["readinessProbe"],
        json!({
            "httpGet": {"port": 80, "path": "/", "scheme": "HTTP"},
            "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3,
        })
    );
}

async fn limits_become_requests(at: At) {
    let mut body = pod("a");
    body["spec"]["containers"][0]["resources"] =
        json!({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}});
    let object = at.create("pods", body).await;
    assert_eq!(
        object["spec"]["containers"][0]["resources"]["requests"],
        json!({"cpu": "500m", "memory": "1Gi"})
    );
    assert_eq!(object["status"]["qosClass"], "Burstable");
}

async fn a_service_gets_an_address_and_target_ports(at: At) {
    let spec = at
        .create("services", service("a", json!([{"port": 80}])))
        .await["spec"]
        .clone();
    assert_eq!(
        spec["ports"],
        json!([{"port": 80, "protocol": "TCP", "targetPort": 80}])
    );
    assert!(
        spec["clusterIP"]
            .as_str()
            .is_some_and(|ip| ip.starts_with("10.")),
        "{}",
        spec["clusterIP"]
    );
    assert_eq!(spec["clusterIPs"], json!([spec["clusterIP"]]));
    assert_eq!(
        (&spec["type"], &spec["sessionAffinity"]),
        (&json!("ClusterIP"), &json!("None"))
    );
    assert_eq!(
        (&spec["ipFamilyPolicy"], &spec["internalTrafficPolicy"]),
        (&json!("SingleStack"), &json!("Cluster"))
    );
}

async fn a_headless_service_gets_no_address(at: At) {
    let mut body = service("a", json!([]));
    body["spec"]["clusterIP"] = json!("None");
    let spec = at.create("services", body).await["spec"].clone();
    assert_eq!(
        (&spec["clusterIP"], &spec["clusterIPs"]),
        (&json!("None"), &json!(["None"]))
    );
}

async fn a_stateful_set_gets_its_defaults(at: At) {
    let spec = at.create("statefulsets", json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "a"},
        "spec": {
            "serviceName": "a", "replicas": 0, "selector": {"matchLabels": {"app": "a"}},
            "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "main", "image": "x:1"}]}},
            "volumeClaimTemplates": [{
                "metadata": {"name": "data"},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
            }],
        },
    })).await["spec"].clone();
    assert_eq!(spec["podManagementPolicy"], "OrderedReady");
    assert_eq!(
        spec["updateStrategy"],
        json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 0, "maxUnavailable": 1}})
    );
    assert_eq!(
        spec["persistentVolumeClaimRetentionPolicy"],
        json!({"whenDeleted": "Retain", "whenScaled": "Retain"})
    );
    let claim = &spec["volumeClaimTemplates"][0];
    assert_eq!(
        (
            &claim["kind"],
            &claim["spec"]["volumeMode"],
            &claim["status"]["phase"]
        ),
        (
            &json!("PersistentVolumeClaim"),
            &json!("Filesystem"),
            &json!("Pending")
        )
    );
}

async fn a_job_runs_once_by_default(at: At) {
    let spec = at.create("jobs", json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"},
        "spec": {"suspend": true, "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "x:1"}]}}},
    })).await["spec"].clone();
    let got = (
        &spec["completions"],
        &spec["parallelism"],
        &spec["backoffLimit"],
        &spec["completionMode"],
    );
    assert_eq!(got, (&json!(1), &json!(1), &json!(6), &json!("NonIndexed")));
    assert_eq!(spec["podReplacementPolicy"], "TerminatingOrFailed");
}

async fn a_cron_job_gets_its_defaults(at: At) {
    let spec = at.create("cronjobs", json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "a"},
        "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": {
            "spec": {"restartPolicy": "OnFailure", "containers": [{"name": "main", "image": "x:1"}]},
        }}}},
    })).await["spec"].clone();
    assert_eq!(
        (&spec["concurrencyPolicy"], &spec["suspend"]),
        (&json!("Allow"), &json!(false))
    );
    assert_eq!(
        (
            &spec["successfulJobsHistoryLimit"],
            &spec["failedJobsHistoryLimit"]
        ),
        (&json!(3), &json!(1))
    );
}

async fn an_autoscaler_gets_its_defaults(at: At) {
    let spec = at.create("horizontalpodautoscalers", json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "a"},
        "spec": {"maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"}},
    })).await["spec"].clone();
    assert_eq!(spec["minReplicas"], 1);
    assert_eq!(
        spec["metrics"][0]["resource"],
        json!({"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}})
    );
}

async fn a_network_policy_names_its_directions(at: At) {
    let policy = |name: &str, spec| json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name}, "spec": spec});
    let only = at
        .create(
            "networkpolicies",
            policy(
                "a",
                json!({"podSelector": {}, "ingress": [{"ports": [{"port": 80}]}]}),
            ),
        )
        .await;
    assert_eq!(only["spec"]["policyTypes"], json!(["Ingress"]));
    assert_eq!(only["spec"]["ingress"][0]["ports"][0]["protocol"], "TCP");
    let both = at
        .create(
            "networkpolicies",
            policy("b", json!({"podSelector": {}, "egress": [{}]})),
        )
        .await;
    assert_eq!(both["spec"]["policyTypes"], json!(["Ingress", "Egress"]));
}

async fn plain_text_of_a_secret_is_encoded(at: At) {
    let body = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"x": "hello"}, "data": {"y": "aGk="}});
    let object = at.create("secrets", body).await;
    assert_eq!(object["data"], json!({"x": "aGVsbG8=", "y": "aGk="}));
    assert_eq!(object["type"], "Opaque");
    assert!(object.get("stringData").is_none());
}

async fn a_name_is_generated(at: At) {
    let body =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "made-"}});
    let object = at.create("configmaps", body).await;
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    assert!(name.starts_with("made-") && name.len() == 10, "{name}");
}
