//! Plays the controllers of custom resources on a control plane: makes what they make, and writes the
//! conditions that they write. Nothing in a program under test knows of it.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

use super::ControlPlane;

const PAUSE: Duration = Duration::from_millis(400);
/// What conditions were written last: one time does for all.
const NOW: &str = "2026-01-01T00:00:00Z";

/// With these there is somebody who makes certificates.
const CERTIFICATES: &str = "certificates.cert-manager.io";

/// The kinds that are attended, as kubectl names them.
const KINDS: &[&str] = &[
    "externalsecrets.external-secrets.io",
    "secretstores.external-secrets.io",
    "clustersecretstores.external-secrets.io",
    "sealedsecrets.bitnami.com",
    CERTIFICATES,
    "issuers.cert-manager.io",
    "clusterissuers.cert-manager.io",
    "gatewayclasses.gateway.networking.k8s.io",
    "gateways.gateway.networking.k8s.io",
    "httproutes.gateway.networking.k8s.io",
    "grpcroutes.gateway.networking.k8s.io",
    "backendtrafficpolicies.gateway.envoyproxy.io",
    "clienttrafficpolicies.gateway.envoyproxy.io",
    "securitypolicies.gateway.envoyproxy.io",
    "clusters.postgresql.cnpg.io",
    "poolers.postgresql.cnpg.io",
    "rollouts.argoproj.io",
    "scaledobjects.keda.sh",
    "schedules.velero.io",
    "backupstoragelocations.velero.io",
    "policies.kyverno.io",
    "clusterpolicies.kyverno.io",
];

/// A stand-in that ends with this value.
#[derive(Debug)]
pub struct StandIn {
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl StandIn {
    /// Starts it. Definitions that come later are attended too.
    pub fn start(plane: &'static ControlPlane) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let stop = stopped.clone();
        let thread = std::thread::spawn(move || {
            let mut done = BTreeSet::new();
            while !stop.load(Ordering::SeqCst) {
                round(plane, &mut done);
                std::thread::sleep(PAUSE);
            }
        });
        Self {
            stopped,
            thread: Some(thread),
        }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Looks at every object once; what was answered in this generation is left alone.
fn round(plane: &ControlPlane, done: &mut BTreeSet<String>) {
    let served = plane.run(&["get", "crd", "-o", "name"]).unwrap_or_default();
    let mut served: Vec<&str> = KINDS
        .iter()
        .copied()
        .filter(|kind| {
            served
                .lines()
                .any(|line| line.ends_with(&format!("/{kind}")))
        })
        .collect();
    if served.is_empty() {
        return;
    }
    if served.contains(&CERTIFICATES) {
        served.push("ingresses.networking.k8s.io");
    }
    let listed = plane.run(&["get", &served.join(","), "-A", "-o", "json"]);
    let listed: Value = serde_json::from_str(&listed.unwrap_or_default()).unwrap_or_default();
    for object in listed["items"].as_array().into_iter().flatten() {
        let part = |key: &str| object["metadata"][key].to_string();
        let seen = format!("{}{}", part("uid"), part("generation"));
        if !done.contains(&seen) && attend(plane, object) {
            done.insert(seen);
        }
    }
}

fn attend(plane: &ControlPlane, object: &Value) -> bool {
    let (made, status) = answer(object);
    for one in made {
        let arguments = [
            "apply",
            "--server-side",
            "--field-manager=stand-in",
            "--validate=false",
            "-f",
            "-",
        ];
        feed(plane.kubectl().args(arguments), &one);
    }
    let text = |key: &str| {
        object["metadata"][key]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let group = object["apiVersion"].as_str().unwrap_or_default();
    let group = group.split('/').next().unwrap_or_default();
    let kind = format!("{}.{group}", object["kind"].as_str().unwrap_or_default());
    let (name, namespace) = (text("name"), text("namespace"));
    let patch = json!({ "status": status }).to_string();
    let mut patching = vec!["patch", &kind, &name, "--type=merge", "-p", &patch];
    if !namespace.is_empty() {
        patching.extend(["-n", &namespace]);
    }
    // Some definitions have no such subresource.
    let below = [patching.clone(), vec!["--subresource=status"]].concat();
    plane.run(&below).or_else(|_| plane.run(&patching)).is_ok()
}

fn feed(command: &mut Command, object: &Value) {
    let command = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else {
        return;
    };
    if let Some(mut input) = child.stdin.take() {
        drop(input.write_all(object.to_string().as_bytes()));
    }
    drop(child.wait());
}

/// What the controller of an object makes, and the status that it writes.
fn answer(object: &Value) -> (Vec<Value>, Value) {
    let generation = &object["metadata"]["generation"];
    let is = |name: &str, reason: &str| {
        json!({ "type": name, "status": "True", "reason": reason, "message": "",
            "lastTransitionTime": NOW, "observedGeneration": generation })
    };
    // Without a generation, for kinds whose conditions have none.
    let plain = |name: &str| json!({ "type": name, "status": "True", "reason": name, "message": "", "lastTransitionTime": NOW });
    let spec = &object["spec"];
    let number = |key: &str| spec[key].as_i64().unwrap_or(1);
    match object["kind"].as_str().unwrap_or_default() {
        "ExternalSecret" => (
            external_secret(object),
            json!({ "conditions": [plain("Ready")] }),
        ),
        "SealedSecret" => {
            let keys = keys_of(&spec["encryptedData"]);
            let status =
                json!({ "conditions": [plain("Synced")], "observedGeneration": generation });
            (vec![secret(object, &name(object), &keys, "Opaque")], status)
        }
        "Certificate" => {
            let target = spec["secretName"].as_str().unwrap_or_default();
            let keys = ["tls.crt", "tls.key", "ca.crt"].map(str::to_owned);
            let made = secret(object, target, &keys, "kubernetes.io/tls");
            (vec![made], json!({ "conditions": [is("Ready", "Ready")] }))
        }
        // cert-manager makes the certificates of those that ask for them.
        "Ingress" => {
            let entries = spec["tls"].as_array().into_iter().flatten();
            let names = entries.filter_map(|tls| tls["secretName"].as_str());
            let annotations = object["metadata"]["annotations"].to_string();
            let names = names.filter(|_| annotations.contains("cert-manager.io/"));
            let keys = ["tls.crt", "tls.key", "ca.crt"].map(str::to_owned);
            let made = names.map(|name| secret(object, name, &keys, "kubernetes.io/tls"));
            (made.collect(), json!({}))
        }
        "GatewayClass" => (
            vec![],
            json!({ "conditions": [is("Accepted", "Accepted")] }),
        ),
        "Gateway" => (vec![], gateway(spec, is)),
        "HTTPRoute" | "GRPCRoute" => (
            vec![],
            parents("parents", "parentRef", &spec["parentRefs"], is),
        ),
        kind if kind.ends_with("Policy")
            && object["apiVersion"] == "gateway.envoyproxy.io/v1alpha1" =>
        {
            (
                vec![],
                parents("ancestors", "ancestorRef", &spec["targetRefs"], is),
            )
        }
        "Cluster" => {
            let pods = number("instances");
            let status = json!({ "phase": "Cluster in healthy state", "instances": pods,
                "readyInstances": pods, "conditions": [plain("Ready")] });
            (postgres(object), status)
        }
        "Pooler" => (vec![], json!({ "instances": number("instances") })),
        "Rollout" => {
            let pods = number("replicas");
            let seen = generation.to_string();
            (
                vec![],
                json!({ "phase": "Healthy", "observedGeneration": seen, "replicas": pods,
                "readyReplicas": pods, "updatedReplicas": pods, "availableReplicas": pods }),
            )
        }
        "Schedule" => (vec![], json!({ "phase": "Enabled" })),
        "BackupStorageLocation" => (vec![], json!({ "phase": "Available" })),
        "ScaledObject" => (
            vec![autoscaler(object)],
            json!({ "conditions": [plain("Ready")] }),
        ),
        "SecretStore" | "ClusterSecretStore" | "Policy" | "ClusterPolicy" => {
            (vec![], json!({ "conditions": [plain("Ready")] }))
        }
        _ => (vec![], json!({ "conditions": [is("Ready", "Ready")] })),
    }
}

fn name(object: &Value) -> String {
    object["metadata"]["name"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn keys_of(map: &Value) -> Vec<String> {
    map.as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| key.clone())
        .collect()
}

/// A Secret that belongs to the object; every value is `stand-in` in base64.
fn secret(object: &Value, name: &str, keys: &[String], kind: &str) -> Value {
    let metadata = &object["metadata"];
    let owner = json!({ "apiVersion": object["apiVersion"], "kind": object["kind"],
        "name": metadata["name"], "uid": metadata["uid"] });
    let data: serde_json::Map<String, Value> = keys
        .iter()
        .map(|key| (key.clone(), json!("c3RhbmQtaW4=")))
        .collect();
    json!({ "apiVersion": "v1", "kind": "Secret", "type": kind, "data": data, "metadata": {
        "name": name, "namespace": metadata["namespace"], "ownerReferences": [owner] } })
}

fn external_secret(object: &Value) -> Vec<Value> {
    let target = &object["spec"]["target"];
    let data = object["spec"]["data"].as_array().into_iter().flatten();
    let mut keys: Vec<String> = data
        .filter_map(|one| one["secretKey"].as_str())
        .map(str::to_owned)
        .collect();
    keys.extend(keys_of(&target["template"]["data"]));
    let kind = target["template"]["type"].as_str().unwrap_or("Opaque");
    let called = target["name"]
        .as_str()
        .map_or_else(|| name(object), str::to_owned);
    vec![secret(object, &called, &keys, kind)]
}

fn gateway(spec: &Value, is: impl Fn(&str, &str) -> Value) -> Value {
    let words = ["Accepted", "Programmed", "ResolvedRefs"];
    let listeners = spec["listeners"].as_array().into_iter().flatten();
    let listeners: Vec<Value> = listeners
        .map(|listener| {
            json!({ "name": listener["name"], "attachedRoutes": 0, "supportedKinds": [],
            "conditions": words.map(|word| is(word, word)) })
        })
        .collect();
    json!({ "conditions": [is("Accepted", "Accepted"), is("Programmed", "Programmed")],
        "listeners": listeners, "addresses": [{ "type": "IPAddress", "value": "192.0.2.10" }] })
}

/// A status with one entry for each object that this one hangs on.
fn parents(list: &str, reference: &str, refs: &Value, is: impl Fn(&str, &str) -> Value) -> Value {
    let of = |parent: &Value| {
        json!({ reference: parent, "controllerName": "example.org/stand-in",
            "conditions": [is("Accepted", "Accepted"), is("ResolvedRefs", "ResolvedRefs")] })
    };
    let entries: Vec<Value> = refs.as_array().into_iter().flatten().map(of).collect();
    json!({ list: entries })
}

/// The autoscaler that KEDA makes: it brings the workload to its fewest pods.
fn autoscaler(object: &Value) -> Value {
    let (metadata, spec) = (&object["metadata"], &object["spec"]);
    let target = &spec["scaleTargetRef"];
    let or = |key: &str, usual: &str| target[key].as_str().unwrap_or(usual).to_owned();
    let owner = json!({ "apiVersion": object["apiVersion"], "kind": object["kind"],
        "name": metadata["name"], "uid": metadata["uid"] });
    json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {
        "name": format!("keda-hpa-{}", name(object)), "namespace": metadata["namespace"],
        "ownerReferences": [owner] },
        "spec": {
            "scaleTargetRef": { "apiVersion": or("apiVersion", "apps/v1"),
                "kind": or("kind", "Deployment"), "name": target["name"] },
            "minReplicas": spec["minReplicaCount"].as_i64().unwrap_or(1).max(1),
            "maxReplicas": spec["maxReplicaCount"].as_i64().unwrap_or(100),
        } })
}

fn postgres(object: &Value) -> Vec<Value> {
    let keys = ["username", "password", "uri", "host", "port", "dbname"].map(str::to_owned);
    let cluster = name(object);
    let named = |suffix: &str| format!("{cluster}-{suffix}");
    let basic = |suffix| secret(object, &named(suffix), &keys, "kubernetes.io/basic-auth");
    let service = |suffix| {
        json!({ "apiVersion": "v1", "kind": "Service", "metadata": {
            "name": named(suffix), "namespace": object["metadata"]["namespace"] },
            "spec": { "ports": [{ "name": "postgres", "port": 5432 }],
                "selector": { "cnpg.io/cluster": cluster } } })
    };
    vec![
        basic("app"),
        basic("superuser"),
        service("rw"),
        service("ro"),
        service("r"),
    ]
}
