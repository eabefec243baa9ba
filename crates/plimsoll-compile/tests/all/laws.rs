//! What holds for every application.

use crate::project::{EXAMPLES, compiled, read_well, text, world};
use plimsoll_schema::{Minor, find_kind, validate_object};
use plimsoll_source::yaml;
use plimsoll_world::{Object, Unit, World};
use std::collections::BTreeSet;

fn bytes(world: &World) -> Vec<u8> {
    world
        .objects
        .iter()
        .flat_map(|object| yaml::write(&object.body))
        .collect()
}

fn every_world() -> Vec<(String, World)> {
    let of = |example: &&str| {
        let loaded = read_well(&text(example));
        compiled(&loaded)
            .into_iter()
            .map(|(env, compiled)| (format!("{example} {env}"), world(&compiled)))
            .collect::<Vec<_>>()
    };
    EXAMPLES.iter().flat_map(of).collect()
}

#[test]
fn the_same_file_gives_the_same_bytes() {
    let (one, two) = (every_world(), every_world());
    for ((name, one), (_, two)) in one.iter().zip(&two) {
        assert_eq!(bytes(one), bytes(two), "{name}");
    }
}

#[test]
fn no_two_objects_have_one_name() {
    for (name, world) in every_world() {
        let mut seen = BTreeSet::new();
        for object in &world.objects {
            assert!(
                seen.insert(object.key.clone()),
                "{name}: two {}",
                object.key
            );
        }
    }
}

#[test]
fn every_object_is_valid_at_every_version() {
    for example in EXAMPLES {
        let loaded = read_well(&text(example));
        for environment in &loaded.environments {
            let app = environment.app.as_ref().expect("an application");
            for target in Minor::all() {
                let compiled = plimsoll_compile::compile(app, target);
                for object in world(&compiled).objects {
                    let found = find_kind(&object.key.api_version, &object.key.kind);
                    let (schemas, _) =
                        found.unwrap_or_else(|| panic!("{example}: {} is known", object.key));
                    let problems = validate_object(schemas, &object.body.to_json(), target);
                    assert!(
                        problems.is_empty(),
                        "{example} {target}: {}: {problems:#?}",
                        object.key
                    );
                }
            }
        }
    }
}

/// Holds V4: every pod of ours is admitted under `restricted`.
#[test]
fn every_container_is_restricted() {
    for (name, world) in every_world() {
        for object in &world.objects {
            for path in [
                &["spec", "template", "spec"][..],
                &["spec", "jobTemplate", "spec", "template", "spec"],
            ] {
                let Some(pod) = object.body.at(path) else {
                    continue;
                };
                let at = format!("{name}: {}", object.key);
                let flag = |node: &plimsoll_source::Node, path: &[&str]| {
                    node.at(path).map(plimsoll_source::Node::to_json)
                };
                assert_eq!(
                    flag(pod, &["enableServiceLinks"]),
                    Some(false.into()),
                    "{at}"
                );
                assert_eq!(
                    flag(pod, &["securityContext", "runAsNonRoot"]),
                    Some(true.into()),
                    "{at}"
                );
                let lists = ["initContainers", "containers"]
                    .into_iter()
                    .filter_map(|key| pod.get(key));
                for container in lists.flat_map(plimsoll_source::Node::items) {
                    let context = container
                        .get("securityContext")
                        .unwrap_or_else(|| panic!("{at}: a context"));
                    assert_eq!(
                        flag(context, &["allowPrivilegeEscalation"]),
                        Some(false.into()),
                        "{at}"
                    );
                    assert_eq!(
                        flag(context, &["readOnlyRootFilesystem"]),
                        Some(true.into()),
                        "{at}"
                    );
                    assert_eq!(
                        flag(context, &["capabilities", "drop", "0"]),
                        Some("ALL".into()),
                        "{at}"
                    );
                }
            }
        }
    }
}

#[test]
fn nothing_holds_a_placeholder() {
    for (name, world) in every_world() {
        // Scripts of stores are programs: `${…}` is theirs.
        let ours = |object: &&Object| !matches!(object.unit, Unit::Store(_));
        let bytes: Vec<u8> = world
            .objects
            .iter()
            .filter(ours)
            .flat_map(|object| yaml::write(&object.body))
            .collect();
        let text = String::from_utf8(bytes).expect("text");
        for word in ["${", "REPLACE_WITH", "TODO", "changeme"] {
            assert!(!text.contains(word), "{name} holds {word}");
        }
    }
}

#[test]
fn every_selector_of_a_service_selects_pods() {
    for (name, world) in every_world() {
        let labels: Vec<_> = world
            .objects
            .iter()
            .filter_map(|object| object.body.at(&["spec", "template", "metadata", "labels"]))
            .collect();
        for service in world
            .objects
            .iter()
            .filter(|object| object.key.kind == "Service")
        {
            let Some(selector) = service.body.at(&["spec", "selector"]) else {
                continue;
            };
            let selects = |labels: &&&plimsoll_source::Node| {
                selector
                    .entries()
                    .iter()
                    // Labels that a controller adds are not in templates.
                    .filter(|entry| {
                        !entry.key.contains("pod-index") && !entry.key.contains("pod-name")
                    })
                    .all(|entry| {
                        labels
                            .get(&entry.key)
                            .is_some_and(|value| *value == entry.value)
                    })
            };
            assert!(
                labels.iter().any(|l| selects(&l)),
                "{name}: {} selects nothing",
                service.key
            );
        }
    }
}

/// Holds V9: what holds data says to every tool that deletes that it stays.
#[test]
fn protected_objects_tell_helm_argo_cd_and_flux_to_keep_them() {
    let words = [
        ("helm.sh/resource-policy", "keep"),
        (
            "argocd.argoproj.io/sync-options",
            "Prune=false,Delete=false",
        ),
        ("kustomize.toolkit.fluxcd.io/prune", "disabled"),
    ];
    let mut missing = Vec::new();
    let mut protected = 0;
    for (name, world) in every_world() {
        for object in world.objects.iter().filter(|object| object.protected) {
            protected += 1;
            let body = object.body.to_json();
            for (key, value) in words {
                if body["metadata"]["annotations"][key] != value {
                    missing.push(format!(
                        "{name}: {}/{} lacks {key}",
                        object.key.kind, object.key.name
                    ));
                }
            }
        }
    }
    assert!(protected > 5);
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// The text with the services of its first block in the reverse order.
fn turned_round(text: &str) -> Option<String> {
    let start = text.find("\nservices:\n")? + "\nservices:\n".len();
    let rest = &text[start..];
    let end = rest
        .match_indices('\n')
        .map(|(at, _)| at + 1)
        .find(|at| rest[*at..].starts_with(|c: char| c.is_ascii_alphabetic()))?;
    let mut services: Vec<String> = Vec::new();
    for line in rest[..end].lines() {
        let begins = line.starts_with("  ") && !line[2..].starts_with([' ', '#']);
        match services.last_mut() {
            Some(last) if !begins => {
                last.push_str(line);
                last.push('\n');
            }
            None if !begins => return None,
            _ => services.push(format!("{line}\n")),
        }
    }
    services.reverse();
    Some(format!(
        "{}{}{}",
        &text[..start],
        services.concat(),
        &rest[end..]
    ))
}

/// Rules of a policy and listeners of a gateway follow each other as the services do: their order
/// says nothing either.
fn as_sets(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(map) => map.values_mut().for_each(as_sets),
        serde_json::Value::Array(items) => {
            items.iter_mut().for_each(as_sets);
            items.sort_by_key(ToString::to_string);
        }
        _ => {}
    }
}

#[test]
fn the_order_of_services_says_nothing() {
    let mut compared = 0;
    for example in EXAMPLES {
        let Some(other) = turned_round(&text(example)) else {
            continue;
        };
        let all = |text: &str| -> Vec<Vec<String>> {
            let worlds = compiled(&read_well(text)).into_iter();
            let worlds = worlds.map(|(_, compiled)| world(&compiled));
            let sets = worlds.map(|world| {
                let objects = world.objects.iter().map(|object| {
                    let mut value = object.body.to_json();
                    as_sets(&mut value);
                    value.to_string()
                });
                let mut objects: Vec<String> = objects.collect();
                objects.sort();
                objects
            });
            sets.collect()
        };
        assert_eq!(all(&text(example)), all(&other), "{example}");
        compared += 1;
    }
    assert!(compared >= 4, "{compared} examples list services");
}
