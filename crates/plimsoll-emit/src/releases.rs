//! Our charts as releases of a Helmfile, with the namespaces that they go into.

use std::collections::BTreeSet;

use plimsoll_source::{Findings, yaml};
use plimsoll_spec::app::deliver::By;
use plimsoll_world::Unit;
use serde_json::{Map, Value, json};

use crate::folders::{Folders, join, relative};
use crate::{Emitted, Environment, FileSet, System, disks, document, helm, helmfile};

const NAMESPACES: &str = "namespaces/{{ .Environment.Name }}.yaml";

/// `helm/helmfile.yaml`: `helmfile -e ENV template` and `apply` work on it.
pub fn files(system: &System<'_>) -> Emitted {
    let folders = Folders::of(system);
    let folder = folders.helmfile();
    let mut files = FileSet::default();
    let mut environments = Map::new();
    let on_clusters = |env: &&Environment<'_>| *env.app.deliver.by.peek() != By::Compose;
    for env in system.environments.iter().filter(on_clusters) {
        let values = json!({
            "namespace": env.world.namespace.as_str(),
            "short": env.short(),
        });
        environments.insert(env.name().to_owned(), helmfile::environment(env, &values));
        let path = join(&folders.namespaces(), &format!("{}.yaml", env.name()));
        files.add(path, namespaces(env));
    }
    // What they say about charts is said where charts are written.
    let charts = helm::charts(system, &mut Findings::default());
    let releases: Vec<Value> = charts
        .iter()
        .enumerate()
        .map(|(at, chart)| {
            let path = relative(&folder, &folders.chart(&chart.name));
            let path = if path.starts_with('.') {
                path
            } else {
                format!("./{path}")
            };
            let mut release = json!({
                "name": chart.name,
                "namespace": "{{ .Values.namespace }}",
                "chart": path,
                "values": [format!("{path}/values-{{{{ .Values.short }}}}.yaml")],
            });
            let mut hooks = Vec::new();
            if at == 0 {
                hooks.push(helmfile::apply_before(NAMESPACES));
            }
            // Helm would wait for its disks, which pods of later releases bind; those need the stores.
            if disks::chart_has_unbound(system, chart) {
                release["wait"] = json!(false);
                release["waitForJobs"] = json!(false);
                hooks.extend(stores(system));
            }
            if !hooks.is_empty() {
                release["hooks"] = json!(hooks);
            }
            let needs = chart.needs.iter();
            let needs: Vec<String> = needs
                .map(|before| format!("{{{{ .Values.namespace }}}}/{before}"))
                .collect();
            if !needs.is_empty() {
                release["needs"] = json!(needs);
            }
            release
        })
        .collect();
    let state = json!({
        // Namespaces are made by the hook, with their labels.
        "helmDefaults": { "wait": true, "waitForJobs": true, "timeout": 900, "createNamespace": false },
        "releases": releases,
    });
    let name = &system.chosen().world.application;
    let header = format!("The releases of {name}: helmfile -e ENV template, or apply.");
    let documents = [json!({ "environments": environments }), state];
    files.add(
        join(&folder, "helmfile.yaml"),
        document::stream(&header, &documents),
    );
    Emitted {
        files,
        ..Emitted::default()
    }
}

/// Hooks that wait for the stores that pods of ours are, in each of their namespaces.
fn stores(system: &System<'_>) -> Vec<Value> {
    let mut namespaces = BTreeSet::new();
    for env in &system.environments {
        for object in &env.world.objects {
            let is_store = matches!(object.unit, Unit::Store(_));
            if is_store && object.key.kind == "StatefulSet" {
                namespaces.extend(object.key.namespace.as_ref().map(|name| {
                    if *name == env.world.namespace {
                        "{{ .Values.namespace }}"
                    } else {
                        name.as_str()
                    }
                }));
            }
        }
    }
    let application = &system.chosen().world.application;
    let namespaces = namespaces.into_iter();
    namespaces
        .map(|namespace| helmfile::await_stores_after(application, namespace))
        .collect()
}

/// The namespaces of an environment that are ours.
fn namespaces(env: &Environment<'_>) -> Vec<u8> {
    let objects = env.world.objects.iter();
    let namespaces = objects.filter(|object| object.key.kind == "Namespace");
    let mut text =
        b"# No chart holds a namespace: uninstalling a release would take all in it along.\n"
            .to_vec();
    text.extend(yaml::write_all(namespaces.map(|object| &object.body)));
    text
}
