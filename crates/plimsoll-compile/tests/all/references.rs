//! Every reference of an object leads to an object that is made, or to a Secret that somebody brings.

use crate::project::{EXAMPLES, compiled, read_well, text, world};
use plimsoll_source::Node;
use plimsoll_world::{Object, World};
use std::collections::BTreeSet;

/// What an object refers to: kind and name, and the namespace where it is another one.
type Reference = (&'static str, String, Option<String>);

/// The text at a key.
fn word(node: &Node, key: &str) -> Option<String> {
    node.get(key)?.text().map(ToString::to_string)
}

/// Visits every map of a tree with the key that it stands under.
fn maps<'a>(node: &'a Node, under: &str, visit: &mut dyn FnMut(&str, &'a Node)) {
    if matches!(node, Node::Map(..)) {
        visit(under, node);
    }
    for entry in node.entries() {
        maps(&entry.value, &entry.key, visit);
    }
    node.items()
        .iter()
        .for_each(|item| maps(item, under, visit));
}

fn references(object: &Object) -> Vec<Reference> {
    let mut all: Vec<Reference> = Vec::new();
    maps(&object.body, "", &mut |under, map| {
        let name = word(map, "name");
        let place = word(map, "namespace");
        let optional = map.get("optional").is_some();
        match (under, name) {
            ("secretKeyRef" | "secretRef" | "imagePullSecrets", Some(name)) if !optional => {
                all.push(("Secret", name, None));
            }
            ("configMapKeyRef" | "configMapRef" | "configMap", Some(name)) => {
                all.push(("ConfigMap", name, None));
            }
            ("backendRefs" | "service", Some(name)) if map.get("port").is_some() => {
                all.push(("Service", name, place));
            }
            ("parentRefs", Some(name)) => all.push(("Gateway", name, place)),
            ("scaleTargetRef", Some(name)) => match word(map, "kind").as_deref() {
                Some("StatefulSet") => all.push(("StatefulSet", name, None)),
                Some("Rollout") => all.push(("Rollout", name, None)),
                _ => all.push(("Deployment", name, None)),
            },
            _ => {}
        }
        if let ("secret", Some(name)) = (under, word(map, "secretName")) {
            all.push(("Secret", name, None));
        }
        if let Some(name) = word(map, "serviceAccountName") {
            all.push(("ServiceAccount", name, None));
        }
        if let Some(name) = word(map, "claimName") {
            all.push(("PersistentVolumeClaim", name, None));
        }
    });
    all
}

/// Names of Secrets that a controller makes from an object.
fn brought(world: &World) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for object in &world.objects {
        let target: &[&str] = match object.key.kind.as_str() {
            "ExternalSecret" => &["spec", "target", "name"],
            "Certificate" => &["spec", "secretName"],
            "SealedSecret" => &["metadata", "name"],
            // CloudNativePG makes the Secret of its owner, its authority and its certificates.
            "Cluster" => {
                let name = &object.key.name;
                names.extend(
                    ["app", "ca", "server", "replication"].map(|end| format!("{name}-{end}")),
                );
                continue;
            }
            _ => continue,
        };
        names.extend(
            object
                .body
                .at(target)
                .and_then(Node::text)
                .map(ToString::to_string),
        );
    }
    names
}

#[test]
fn every_reference_leads_somewhere() {
    for example in EXAMPLES {
        let loaded = read_well(&text(example));
        for ((environment, compiled), loaded) in
            compiled(&loaded).into_iter().zip(&loaded.environments)
        {
            let world = world(&compiled);
            let app = loaded.app.as_ref().expect("an application");
            let mut secrets = brought(&world);
            secrets.extend(
                compiled
                    .secrets
                    .values()
                    .map(|secret| secret.name.peek().to_string()),
            );
            // One that exists already, as the file says.
            let pull = app
                .images
                .pull
                .as_ref()
                .and_then(|pull| pull.secret.as_ref());
            secrets.extend(pull.map(|name| name.peek().to_string()));
            for object in &world.objects {
                for (kind, name, namespace) in references(object) {
                    let here = object.key.namespace.as_ref().map(ToString::to_string);
                    let namespace = namespace.or(here);
                    let is_there = world.objects.iter().any(|other| {
                        other.key.kind == kind
                            && other.key.name == name
                            && other.key.namespace.as_ref().map(ToString::to_string) == namespace
                    });
                    let is_brought = kind == "Secret" && secrets.contains(&name);
                    // What the platform runs is not ours: its namespace is none that we make.
                    let ours = world.objects.iter().any(|other| {
                        other.key.namespace.as_ref().map(ToString::to_string) == namespace
                            && other.key.kind == "NetworkPolicy"
                    });
                    assert!(
                        is_there || is_brought || !ours,
                        "{example} {environment}: {} names {kind}/{name}",
                        object.key
                    );
                }
            }
        }
    }
}
