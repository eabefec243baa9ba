//! `ApplicationSet`: what Applications are made from folders in Git, a list, or clusters.
//!
//! Parts are a set for each environment: only those that may go by themselves have a strategy, and none
//! waits for another environment. One set with steps for all would sync those that wait for a person,
//! or, with `maxUpdate: 0`, hold up every step after them.

use plimsoll_spec::app::deliver::Applications;
use serde_json::{Value, json};

use super::{Argo, Delivered, applications, ignored, rendered, sync_policy};
use crate::folders::{Folders, join};
use crate::stages::{self, StageKind};
use crate::{Environment, FileSet};

/// `ENV.yaml` with the set of its parts; of charts one set for all environments.
pub(super) fn add(argo: &Argo<'_, '_>, kind: Applications, files: &mut FileSet) {
    if argo.reads_charts() {
        add_charts(argo, files);
        return;
    }
    for env in &argo.environments {
        let set = match kind {
            Applications::Clusters => clusters(argo, env),
            _ => list(argo, env),
        };
        let comment = format!(
            "All of `{0}`: apply it once, after the project.\n\
             kubectl apply -n {1} -f project.yaml -f {0}.yaml",
            env.name(),
            argo.namespace()
        );
        argo.add(files, &format!("{}.yaml", env.name()), &comment, &set);
    }
}

/// The set of charts, and Applications of the namespaces, which no chart holds.
fn add_charts(argo: &Argo<'_, '_>, files: &mut FileSet) {
    let comment = format!(
        "Every chart in every environment. Repository, revision and value files are below.\n\
         kubectl apply -n {} -f project.yaml -f applications",
        argo.namespace()
    );
    let path = format!("applications/{}-services.yaml", argo.name());
    argo.add(files, &path, &comment, &charts(argo));
    for env in &argo.environments {
        if let Some(stage) = stages::namespaces(env) {
            let application = applications::application(argo, env, &stage.name, stage.kind);
            let path = format!("applications/{}-{}.yaml", env.name(), stage.name);
            let comment = "Namespaces, with their labels. Before the charts.";
            argo.add(files, &path, comment, &application);
        }
    }
}

/// Folders of charts × environments.
fn charts(argo: &Argo<'_, '_>) -> Value {
    let deliver = &argo.system.chosen().app.deliver;
    let elements: Vec<Value> = argo.environments.iter().map(|env| element(env)).collect();
    let generator = json!({
        "matrix": { "generators": [
            { "git": {
                "repoURL": argo.repo,
                "revision": deliver.branch.peek().as_str(),
                "directories": directories(argo),
            } },
            { "list": { "elements": elements } },
        ] }
    });
    let spec = json!({
        "project": argo.name(),
        "source": {
            "repoURL": argo.repo,
            "targetRevision": "{{ .revision }}",
            "path": "{{ .path.path }}",
            "helm": {
                "releaseName": "{{ .path.basename }}",
                "valueFiles": ["values-{{ .short }}.yaml"],
                "ignoreMissingValueFiles": true,
            },
        },
        "destination": {
            "name": "{{ .cluster }}",
            "server": "{{ .server }}",
            "namespace": "{{ .namespace }}",
        },
        "syncPolicy": sync_policy(false),
    });
    let metadata = json!({
        "name": format!("{}-{{{{ .short }}}}-{{{{ .path.basename }}}}", argo.name()),
        "labels": { "app.kubernetes.io/part-of": argo.name(), "environment": "{{ .env }}" },
    });
    let name = format!("{}-services", argo.name());
    let mut set = set(argo, &name, &generator, &metadata, spec, &argo.environments);
    let patch = "{{- if eq .automatic \"true\" }}\nspec:\n  syncPolicy:\n    automated:\n      \
                 prune: true\n      selfHeal: true\n{{- end }}\n";
    set["spec"]["templatePatch"] = json!(patch);
    set
}

/// Folders that hold charts: beside them may stand the namespaces of the Helmfile.
fn directories(argo: &Argo<'_, '_>) -> Vec<Value> {
    let folders = Folders::of(argo.system);
    let charts = folders.chart("*");
    let mut directories = vec![json!({ "path": charts })];
    if charts == join(&folders.helmfile(), "*") {
        directories.push(json!({ "path": folders.namespaces(), "exclude": true }));
    }
    directories
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

/// The parts of an environment, each written out.
fn list(argo: &Argo<'_, '_>, env: &Environment<'_>) -> Value {
    let generator = parts(argo, env);
    parts_set(argo, env, &generator, "{{ .part }}", env.destination())
}

/// Clusters with the label of an environment × its parts.
fn clusters(argo: &Argo<'_, '_>, env: &Environment<'_>) -> Value {
    let selector = json!({ "matchLabels": { "environment": env.name() } });
    let generator = json!({ "matrix": { "generators": [
        { "clusters": { "selector": selector } },
        parts(argo, env),
    ] } });
    let namespace = env.world.namespace.as_str();
    let destination = json!({ "server": "{{ .server }}", "namespace": namespace });
    let name = "{{ .part }}-{{ .nameNormalized }}";
    parts_set(argo, env, &generator, name, destination)
}

fn parts(argo: &Argo<'_, '_>, env: &Environment<'_>) -> Value {
    let element = |stage: &stages::Stage<'_>| {
        json!({
            "part": stage.name,
            "stage": word(stage.kind),
            "path": rendered::folder(argo, env, &stage.name),
        })
    };
    let elements: Vec<Value> = stages::of(env).iter().map(element).collect();
    json!({ "list": { "elements": elements } })
}

fn parts_set(
    argo: &Argo<'_, '_>,
    env: &Environment<'_>,
    generator: &Value,
    part: &str,
    destination: Value,
) -> Value {
    let metadata = json!({
        "name": format!("{}-{}-{part}", argo.name(), env.short()),
        "labels": {
            "app.kubernetes.io/part-of": argo.name(),
            "environment": env.name(),
            "stage": "{{ .stage }}",
        },
    });
    let spec = json!({
        "project": argo.name(),
        "source": {
            "repoURL": argo.repo,
            "targetRevision": env.branch(),
            "path": "{{ .path }}",
        },
        "destination": destination,
        "syncPolicy": env.sync_policy(),
    });
    let name = format!("{}-{}", argo.name(), env.short());
    let mut set = set(argo, &name, generator, &metadata, spec, &[env]);
    if env.is_automatic() {
        set["spec"]["strategy"] = steps();
    }
    set
}

fn word(kind: StageKind) -> &'static str {
    match kind {
        StageKind::Foundation => "foundation",
        StageKind::Claims => "claims",
        StageKind::Migrations => "migrations",
        StageKind::Service => "service",
    }
}

/// Progressive syncs: the controller syncs one stage after the other, and turns `automated` of the
/// Applications off but for its `prune`. Where `applicationsetcontroller.enable.progressive.syncs` is
/// not set, `automated` holds and stages are tried again until what they need is there.
fn steps() -> Value {
    let step = |stage: &str| json!({ "matchExpressions": [{ "key": "stage", "operator": "In", "values": [stage] }] });
    let steps = ["foundation", "claims", "migrations", "service"].map(step);
    json!({ "type": "RollingSync", "rollingSync": { "steps": steps } })
}

fn set(
    argo: &Argo<'_, '_>,
    name: &str,
    generator: &Value,
    metadata: &Value,
    mut spec: Value,
    environments: &[&Environment<'_>],
) -> Value {
    if let Some(ignored) = ignored(environments) {
        spec["ignoreDifferences"] = ignored;
    }
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": { "name": name, "namespace": argo.namespace() },
        "spec": {
            "goTemplate": true,
            "goTemplateOptions": ["missingkey=error"],
            "generators": [generator],
            "template": { "metadata": metadata, "spec": spec },
            // An Application that is no longer made keeps its objects.
            "syncPolicy": { "preserveResourcesOnDeletion": true },
        },
    })
}
