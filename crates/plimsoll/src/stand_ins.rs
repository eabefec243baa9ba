//! What the application file says is there already, and the embedded cluster has not: something stands in
//! for it, as for secrets that people bring.

use crate::prepare::Ready;
use anyhow::{Result, anyhow};
use plimsoll_cluster::Cluster;
use plimsoll_spec::App;
use plimsoll_spec::app::route::TlsKind;
use plimsoll_world::World;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Who makes them.
const MANAGER: &str = "stand-in";
/// `{"auths":{}}` and `stand-in`, as Secrets hold them.
const NO_LOGINS: &str = "eyJhdXRocyI6e319";
const ANYTHING: &str = "c3RhbmQtaW4=";

/// Makes what is missing; what is there stays.
pub fn put(cluster: &Cluster, ready: &Ready) -> Result<()> {
    let Some(app) = ready.app() else {
        return Ok(());
    };
    for object in all(app, &ready.world) {
        let made = cluster.with(|state| state.create(MANAGER, object).map(drop));
        match made {
            Err(error) if error.reason == "AlreadyExists" => {}
            made => made.map_err(|error| {
                anyhow!("the embedded cluster refused a stand-in: {}", error.message)
            })?,
        }
    }
    Ok(())
}

/// Everything that stands in for something, namespaces first.
fn all(app: &App, world: &World) -> Vec<Value> {
    let objects: Vec<Value> = world
        .objects
        .iter()
        .map(|object| object.body.to_json())
        .collect();
    let mut inside = certificates(app, &objects);
    inside.extend(pull_secrets(app, &objects));
    inside.extend(claims(app));
    let mut all = namespaces(app, &inside);
    all.extend(inside);
    all.extend(classes(&objects));
    all
}

/// Namespaces that say `existing: true`, and those of what stands in them: what is there already has one.
fn namespaces(app: &App, inside: &[Value]) -> Vec<Value> {
    let settings = std::iter::once(&app.namespace).chain(app.namespaces.values());
    let existing = settings.filter(|namespace| *namespace.existing.peek());
    let existing = existing.map(|namespace| namespace.name.peek().as_str());
    let around = inside
        .iter()
        .filter_map(|object| object["metadata"]["namespace"].as_str());
    let names: BTreeSet<&str> = existing.chain(around).collect();
    let namespace = |name: &str| json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
    names.into_iter().map(namespace).collect()
}

/// Secrets of routes that say `tls: { secret: … }`.
fn certificates(app: &App, objects: &[Value]) -> Vec<Value> {
    let named = app
        .routes
        .values()
        .filter_map(|route| match route.tls.kind.peek() {
            TlsKind::Existing(name) => Some(name.as_str()),
            _ => None,
        });
    let data = json!({ "tls.crt": ANYTHING, "tls.key": ANYTHING });
    let secret =
        |(namespace, name): (String, String)| secret(&namespace, &name, "kubernetes.io/tls", &data);
    let used = |name: &str| {
        let of_gateways = used(objects, "certificateRefs", "name", name);
        of_gateways
            .into_iter()
            .chain(used_by_ingresses(objects, name))
            .collect::<Vec<_>>()
    };
    let all: BTreeSet<(String, String)> = named.flat_map(used).collect();
    all.into_iter().map(secret).collect()
}

/// The Secret of `images: { pull: { secret: … } }`.
fn pull_secrets(app: &App, objects: &[Value]) -> Vec<Value> {
    let pull = app.images.pull.as_ref();
    let Some(name) = pull.and_then(|pull| pull.secret.as_ref()) else {
        return Vec::new();
    };
    let data = json!({ ".dockerconfigjson": NO_LOGINS });
    used(objects, "imagePullSecrets", "name", name.peek())
        .into_iter()
        .map(|(namespace, name)| secret(&namespace, &name, "kubernetes.io/dockerconfigjson", &data))
        .collect()
}

fn secret(namespace: &str, name: &str, kind: &str, data: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": kind, "data": data,
        "metadata": { "namespace": namespace, "name": name },
    })
}

/// Claims that say `existing: true`.
fn claims(app: &App) -> Vec<Value> {
    let existing = app.claims.values().filter(|claim| *claim.existing.peek());
    existing
        .map(|claim| {
            let mode = if *claim.shared.peek() {
                "ReadWriteMany"
            } else {
                "ReadWriteOnce"
            };
            json!({
                "apiVersion": "v1", "kind": "PersistentVolumeClaim",
                "metadata": {
                    "namespace": claim.namespace.peek().as_str(),
                    "name": claim.name.peek().as_str(),
                },
                "spec": {
                    "accessModes": [mode],
                    "resources": { "requests": { "storage": claim.size.peek().to_string() } },
                },
            })
        })
        .collect()
}

/// Classes of disks and priorities that objects name and nobody brings.
fn classes(objects: &[Value]) -> Vec<Value> {
    let brought = |kind: &str, name: &str| {
        objects
            .iter()
            .any(|object| object["kind"] == kind && object["metadata"]["name"] == name)
    };
    let mut disks = BTreeSet::new();
    let mut priorities = BTreeSet::new();
    for object in objects {
        texts(object, "storageClassName", &mut disks);
        texts(object, "storageClass", &mut disks);
        texts(object, "priorityClassName", &mut priorities);
    }
    disks.retain(|name| !brought("StorageClass", name));
    priorities.retain(|name| !brought("PriorityClass", name));
    let disk = |name: String| {
        json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": { "name": name },
            "provisioner": "embedded.csi", "reclaimPolicy": "Delete",
            "volumeBindingMode": "WaitForFirstConsumer", "allowVolumeExpansion": true,
        })
    };
    let priority = |name: String| {
        json!({
            "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
            "metadata": { "name": name }, "value": 0,
        })
    };
    let disks = disks.into_iter().map(disk);
    disks.chain(priorities.into_iter().map(priority)).collect()
}

/// The namespaces of objects that name something in a list, with its name.
fn used(objects: &[Value], list: &str, key: &str, name: &str) -> BTreeSet<(String, String)> {
    let names = |object: &&Value| {
        let mut found = Vec::new();
        lists(object, list, &mut found);
        found.iter().any(|item| item[key] == name)
    };
    namespaces_of(objects.iter().filter(names), name)
}

fn used_by_ingresses(objects: &[Value], name: &str) -> BTreeSet<(String, String)> {
    let ingresses = objects.iter().filter(|object| object["kind"] == "Ingress");
    let names = |object: &&Value| {
        let entries = object["spec"]["tls"].as_array().into_iter().flatten();
        entries.into_iter().any(|tls| tls["secretName"] == name)
    };
    namespaces_of(ingresses.filter(names), name)
}

fn namespaces_of<'a>(
    objects: impl Iterator<Item = &'a Value>,
    name: &str,
) -> BTreeSet<(String, String)> {
    let namespaces = objects.filter_map(|object| object["metadata"]["namespace"].as_str());
    namespaces
        .map(|namespace| (namespace.to_owned(), name.to_owned()))
        .collect()
}

/// The items of every list under this key, however deep.
fn lists<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::Array(items) if name == key => found.extend(items),
                    _ => lists(value, key, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| lists(item, key, found)),
        _ => {}
    }
}

/// Every text under this key, however deep.
fn texts(value: &Value, key: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == key => {
                        found.insert(text.clone());
                    }
                    _ => texts(value, key, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, key, found)),
        _ => {}
    }
}
