//! The instances of a Cluster: a claim and a pod each, the next one once the former is ready.

use super::super::writing::owned;
use super::{HEALTHY, WRITER, cut_off, objects};
use crate::controllers::{pods, read};
use crate::object;
use crate::state::{DeleteOptions, State};
use serde_json::{Value, json};

/// Makes the next missing instance, or removes a surplus one; returns the phase and what is in the way.
pub(super) fn advance(state: &mut State, cluster: &Value) -> (&'static str, String) {
    let (namespace, name) = (object::namespace(cluster), object::name(cluster));
    let wanted = cluster["spec"]["instances"].as_u64().unwrap_or(1);
    for number in 1..=wanted {
        let instance = format!("{name}-{number}");
        let phase = if number == 1 {
            "Setting up primary"
        } else {
            "Creating a new replica"
        };
        let Some(pod) = state.get("Pod", namespace, &instance) else {
            let made = make(state, cluster, &instance, number == 1);
            return (
                phase,
                if made {
                    String::new()
                } else {
                    format!("the pod {instance} was refused")
                },
            );
        };
        if let Some(why) = cut_off(state, &pod) {
            return (
                "Instance Status Extraction Error: HTTP communication issue",
                why,
            );
        }
        if !pods::is_ready(&pod) {
            return (
                if number == 1 {
                    phase
                } else {
                    "Waiting for the instances to become active"
                },
                String::new(),
            );
        }
    }
    for pod in pods::of(state, cluster)
        .iter()
        .filter(|pod| number_of(pod, name) > wanted)
    {
        let deleted = state.delete(
            "Pod",
            namespace,
            object::name(pod),
            &DeleteOptions::default(),
        );
        debug_assert!(deleted.is_ok(), "a listed pod can be deleted: {deleted:?}");
    }
    (HEALTHY, String::new())
}

fn number_of(pod: &Value, cluster: &str) -> u64 {
    let tail = object::name(pod)
        .strip_prefix(cluster)
        .and_then(|tail| tail.strip_prefix('-'));
    tail.and_then(|number| number.parse().ok())
        .unwrap_or_default()
}

fn make(state: &mut State, cluster: &Value, instance: &str, primary: bool) -> bool {
    let mut claims = vec![("", &cluster["spec"]["storage"])];
    if cluster["spec"]["walStorage"].is_object() {
        claims.push(("-wal", &cluster["spec"]["walStorage"]));
    }
    let made = claims.iter().all(|(suffix, storage)| {
        WRITER.put(
            state,
            cluster,
            claim(cluster, &format!("{instance}{suffix}"), storage),
        )
    });
    made && WRITER.put(
        state,
        cluster,
        owned(pod(cluster, instance, primary), cluster),
    )
}

fn claim(cluster: &Value, name: &str, storage: &Value) -> Value {
    let mut claim = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"namespace": object::namespace(cluster), "name": name, "labels": {"cnpg.io/cluster": object::name(cluster)}},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage["size"].as_str().unwrap_or("1Gi")}}},
    });
    if let Some(class) = storage["storageClass"].as_str() {
        claim["spec"]["storageClassName"] = json!(class);
    }
    owned(claim, cluster)
}

fn labels(cluster: &Value, instance: &str, primary: bool) -> Value {
    let role = if primary { "primary" } else { "replica" };
    let mut labels = cluster
        .pointer("/spec/inheritedMetadata/labels")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let own = [
        ("cnpg.io/cluster", object::name(cluster)),
        ("cnpg.io/instanceName", instance),
        ("cnpg.io/instanceRole", role),
        ("role", role),
        ("cnpg.io/podRole", "instance"),
        ("app.kubernetes.io/managed-by", "cloudnative-pg"),
        ("app.kubernetes.io/name", "postgresql"),
        ("app.kubernetes.io/instance", object::name(cluster)),
        ("app.kubernetes.io/component", "database"),
    ];
    labels.extend(
        own.iter()
            .map(|(key, value)| ((*key).to_owned(), json!(value))),
    );
    Value::Object(labels)
}

fn pod(cluster: &Value, instance: &str, primary: bool) -> Value {
    let security = json!({
        "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}, "privileged": false,
        "readOnlyRootFilesystem": true, "runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"},
    });
    let mut spec = json!({
        "containers": [{
            "name": "postgres",
            "image": objects::image(cluster),
            "command": ["/controller/manager", "instance", "run"],
            "ports": [
                {"name": "postgresql", "containerPort": 5432, "protocol": "TCP"},
                {"name": "metrics", "containerPort": 9187, "protocol": "TCP"},
                {"name": "status", "containerPort": 8000, "protocol": "TCP"},
            ],
            "readinessProbe": {"httpGet": {"path": "/readyz", "port": 8000, "scheme": "HTTPS"}, "periodSeconds": 10},
            "resources": cluster["spec"]["resources"].as_object().cloned().unwrap_or_default(),
            "securityContext": security,
            "volumeMounts": [
                {"name": "pgdata", "mountPath": "/var/lib/postgresql/data"},
                {"name": "scratch-data", "mountPath": "/run"},
                {"name": "scratch-data", "mountPath": "/controller"},
                {"name": "shm", "mountPath": "/dev/shm"},
            ],
        }],
        "hostname": instance,
        "serviceAccountName": object::name(cluster),
        "securityContext": {"fsGroup": 26, "runAsGroup": 26, "runAsUser": 26, "runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
        "terminationGracePeriodSeconds": cluster["spec"]["stopDelay"].as_u64().unwrap_or(1800),
        "volumes": [
            {"name": "pgdata", "persistentVolumeClaim": {"claimName": instance}},
            {"name": "scratch-data", "emptyDir": {}},
            {"name": "shm", "emptyDir": {"medium": "Memory"}},
        ],
    });
    place(cluster, &mut spec);
    json!({
        "apiVersion": "v1", "kind": "Pod", "spec": spec,
        "metadata": {"namespace": object::namespace(cluster), "name": instance, "labels": labels(cluster, instance, primary)},
    })
}

/// What the Cluster says about placement. Anti-affinity is preferred unless it says otherwise.
fn place(cluster: &Value, spec: &mut Value) {
    let affinity = &cluster["spec"]["affinity"];
    for field in ["nodeSelector", "tolerations"] {
        if !affinity[field].is_null() {
            spec[field] = affinity[field].clone();
        }
    }
    for field in ["topologySpreadConstraints", "priorityClassName"] {
        if !cluster["spec"][field].is_null() {
            spec[field] = cluster["spec"][field].clone();
        }
    }
    let key = affinity["topologyKey"]
        .as_str()
        .unwrap_or("kubernetes.io/hostname");
    let term = json!({"topologyKey": key, "labelSelector": {"matchLabels": {"cnpg.io/cluster": object::name(cluster), "cnpg.io/podRole": "instance"}}});
    if affinity["enablePodAntiAffinity"] == false {
        return;
    }
    spec["affinity"]["podAntiAffinity"] = match read::text(
        cluster,
        "/spec/affinity/podAntiAffinityType",
    ) {
        "required" => json!({"requiredDuringSchedulingIgnoredDuringExecution": [term]}),
        _ => {
            json!({"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]})
        }
    };
}
