//! The project: which repositories, namespaces and kinds its Applications may use.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Argo, Delivered};

/// The `AppProject`.
pub(super) fn project(argo: &Argo<'_, '_>) -> Value {
    let project = &argo.system.chosen().app.deliver.project;
    let sources: Vec<&str> = match &project.sources {
        Some(sources) => sources
            .iter()
            .map(|source| source.peek().as_str())
            .collect(),
        None => vec![&argo.repo],
    };
    let kinds: Vec<Value> = match &project.kinds {
        Some(kinds) => {
            let kinds = kinds.iter().map(|kind| kind.peek().as_str());
            kinds
                .map(|kind| json!({ "group": "*", "kind": kind }))
                .collect()
        }
        None => cluster_kinds(argo),
    };
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": { "name": argo.name(), "namespace": argo.namespace() },
        "spec": {
            "description": format!("{}, by plimsoll", argo.name()),
            "sourceRepos": sources,
            "destinations": destinations(argo),
            "clusterResourceWhitelist": kinds,
            "roles": roles(argo),
            "orphanedResources": { "warn": true },
        }
    })
}

/// Every namespace of every environment, on its cluster, and Argo CD's own for child Applications.
fn destinations(argo: &Argo<'_, '_>) -> Vec<Value> {
    let named = &argo.system.chosen().app.deliver.project.destinations;
    let mut all = BTreeSet::new();
    for env in &argo.environments {
        let mut cluster = env.destination();
        let namespaces: BTreeSet<&str> = match named {
            Some(named) => named.iter().map(|name| name.peek().as_str()).collect(),
            None => {
                let objects = env.world.objects.iter();
                objects
                    .filter_map(|object| object.key.namespace.as_deref())
                    .collect()
            }
        };
        for namespace in namespaces {
            cluster["namespace"] = json!(namespace);
            all.insert(cluster.to_string());
        }
    }
    let own = json!({
        "server": "https://kubernetes.default.svc",
        "namespace": argo.namespace()
    });
    all.insert(own.to_string());
    let parsed = all.iter().map(|text| serde_json::from_str(text));
    parsed
        .collect::<Result<_, _>>()
        .expect("it was written as JSON")
}

/// Kinds without namespace that are made.
fn cluster_kinds(argo: &Argo<'_, '_>) -> Vec<Value> {
    let objects = argo.environments.iter().flat_map(|env| &env.world.objects);
    let outside = objects.filter(|object| object.key.namespace.is_none());
    let kinds: BTreeSet<(&str, &str)> = outside
        .map(|object| (object.key.group(), object.key.kind.as_str()))
        .collect();
    let kinds = kinds.into_iter();
    kinds
        .map(|(group, kind)| json!({ "group": group, "kind": kind }))
        .collect()
}

/// Roles of the project, with their policies and the group of the same name.
fn roles(argo: &Argo<'_, '_>) -> Vec<Value> {
    let roles = &argo.system.chosen().app.platform.gitops.roles;
    let role = |(name, rules): (
        &plimsoll_source::Str,
        &Vec<plimsoll_source::Sourced<plimsoll_source::Str>>,
    )| {
        let subject = format!("proj:{}:{name}", argo.name());
        let policies: Vec<String> = rules
            .iter()
            .map(|rule| format!("p, {subject}, {}", rule.peek()))
            .collect();
        json!({ "name": name.as_str(), "groups": [name.as_str()], "policies": policies })
    };
    roles.iter().map(role).collect()
}
