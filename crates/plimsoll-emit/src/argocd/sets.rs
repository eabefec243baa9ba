//! `ApplicationSet`: what Applications are made from folders in Git, a list, or clusters.

use plimsoll_spec::app::deliver::Applications;
use serde_json::{Value, json};

use super::{Argo, Delivered, ignored, rendered};
use crate::stages::{self, StageKind};
use crate::{Environment, FileSet};

/// One set for all environments; of clusters one for each, since the cluster says which it is.
pub(super) fn add(argo: &Argo<'_, '_>, kind: Applications, files: &mut FileSet) {
    let set = if argo.reads_charts() {
        charts(argo)
    } else if kind == Applications::Clusters {
        clusters(argo)
    } else {
        list(argo)
    };
    let comment =
        "Every part of every environment. Repository, revision and value files are below.";
    let path = format!("applications/{}-services.yaml", argo.name());
    argo.add(files, &path, comment, &set);
}

/// Folders of charts × environments.
fn charts(argo: &Argo<'_, '_>) -> Value {
    let deliver = &argo.system.chosen().app.deliver;
    let folder = crate::folders::Folders::of(argo.system).chart("*");
    let elements: Vec<Value> = argo.environments.iter().map(|env| element(env)).collect();
    let generator = json!({
        "matrix": { "generators": [
            { "git": {
                "repoURL": argo.repo,
                "revision": deliver.branch.peek().as_str(),
                "directories": [{ "path": folder }],
            } },
            { "list": { "elements": elements } },
        ] }
    });
    let source = json!({
        "repoURL": argo.repo,
        "targetRevision": "{{ .revision }}",
        "path": "{{ .path.path }}",
        "helm": {
            "releaseName": "{{ .path.basename }}",
            "valueFiles": ["values-{{ .short }}.yaml"],
            "ignoreMissingValueFiles": true,
        },
    });
    set(argo, &generator, &source, "{{ .path.basename }}", None)
}

/// Parts × environments, each written out.
fn list(argo: &Argo<'_, '_>) -> Value {
    let mut elements = Vec::new();
    for env in &argo.environments {
        for stage in stages::of(env) {
            let mut element = element(env);
            element["part"] = json!(stage.name);
            element["stage"] = json!(word(stage.kind));
            element["path"] = json!(rendered::folder(argo, env, &stage.name));
            elements.push(element);
        }
    }
    let generator = json!({ "list": { "elements": elements } });
    set(argo, &generator, &plain(argo), "{{ .part }}", Some(steps()))
}

/// Clusters with the label of an environment × its parts.
fn clusters(argo: &Argo<'_, '_>) -> Value {
    let generators = argo.environments.iter().map(|env| {
        let elements: Vec<Value> = stages::of(env)
            .iter()
            .map(|stage| {
                let mut element = element(env);
                element["part"] = json!(stage.name);
                element["stage"] = json!(word(stage.kind));
                element["path"] = json!(rendered::folder(argo, env, &stage.name));
                element
                    .as_object_mut()
                    .expect("an object")
                    .remove("cluster");
                element.as_object_mut().expect("an object").remove("server");
                element
            })
            .collect();
        json!({ "matrix": { "generators": [
            { "clusters": { "selector": { "matchLabels": { "environment": env.name() } } } },
            { "list": { "elements": elements } },
        ] } })
    });
    let generators: Vec<Value> = generators.collect();
    let mut set = set(
        argo,
        &Value::Null,
        &plain(argo),
        "{{ .part }}-{{ .nameNormalized }}",
        Some(steps()),
    );
    set["spec"]["generators"] = Value::Array(generators);
    set["spec"]["template"]["spec"]["destination"] =
        json!({ "server": "{{ .server }}", "namespace": "{{ .namespace }}" });
    set
}

/// What is known of an environment.
fn element(env: &Environment<'_>) -> Value {
    let mut element = json!({
        "env": env.name(),
        "short": env.short(),
        "revision": env.branch(),
        "namespace": env.world.namespace.as_str(),
        "automatic": env.is_automatic().to_string(),
    });
    let destination = env.destination();
    for (from, to) in [("name", "cluster"), ("server", "server")] {
        element[to] = json!(destination[from].as_str().unwrap_or_default());
    }
    element
}

fn plain(argo: &Argo<'_, '_>) -> Value {
    json!({
        "repoURL": argo.repo,
        "targetRevision": "{{ .revision }}",
        "path": "{{ .path }}",
    })
}

fn word(kind: StageKind) -> &'static str {
    match kind {
        StageKind::Foundation => "foundation",
        StageKind::Migrations => "migrations",
        StageKind::Service => "service",
    }
}

/// Progressive syncs: one stage after the other. They need
/// `applicationsetcontroller.enable.progressive.syncs`.
fn steps() -> Value {
    let step = |stage: &str| json!({ "matchExpressions": [{ "key": "stage", "operator": "In", "values": [stage] }] });
    json!({
        "type": "RollingSync",
        "rollingSync": { "steps": [step("foundation"), step("migrations"), step("service")] },
    })
}

fn set(
    argo: &Argo<'_, '_>,
    generator: &Value,
    source: &Value,
    part: &str,
    strategy: Option<Value>,
) -> Value {
    let name = argo.name();
    let environments: Vec<&Environment<'_>> = argo.environments.clone();
    let mut labels = json!({
        "app.kubernetes.io/part-of": name,
        "environment": "{{ .env }}",
    });
    if strategy.is_some() {
        labels["stage"] = json!("{{ .stage }}");
    }
    let mut spec = json!({
        "project": name,
        "source": source,
        "destination": {
            "name": "{{ .cluster }}",
            "server": "{{ .server }}",
            "namespace": "{{ .namespace }}",
        },
        "syncPolicy": { "syncOptions": ["ServerSideApply=true", "RespectIgnoreDifferences=true"] },
    });
    if let Some(ignored) = ignored(&environments) {
        spec["ignoreDifferences"] = ignored;
    }
    let mut set = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": { "name": format!("{name}-services"), "namespace": argo.namespace() },
        "spec": {
            "goTemplate": true,
            "goTemplateOptions": ["missingkey=error"],
            "generators": [generator],
            "template": {
                "metadata": {
                    "name": format!("{name}-{{{{ .short }}}}-{part}"),
                    "labels": labels,
                },
                "spec": spec,
            },
            // An Application that is no longer made keeps its objects.
            "syncPolicy": { "preserveResourcesOnDeletion": true },
        },
    });
    match strategy {
        // It syncs by itself, stage by stage, and forbids any other automation.
        Some(strategy) => set["spec"]["strategy"] = strategy,
        None => {
            let patch = "{{- if eq .automatic \"true\" }}\nspec:\n  syncPolicy:\n    automated:\n      \
                         prune: true\n      selfHeal: true\n{{- end }}\n";
            set["spec"]["templatePatch"] = json!(patch);
        }
    }
    set
}
