//! Flux: one source and up to four Kustomizations for each environment, each of which waits until what
//! comes before it is ready; or, for who wants releases of Helm, one `HelmRelease` for each chart.

use plimsoll_source::Findings;
use plimsoll_spec::app::deliver::By;
use plimsoll_spec::app::platform::GitopsUse;
use plimsoll_world::Object;
use serde_json::{Value, json};

use crate::folders::{Folders, join};
use crate::helm::chart::Chart;
use crate::stages::{self, StageKind};
use crate::{Emitted, Environment, FileSet, System, disks, document, helm, repository};

const NAMESPACE: &str = "flux-system";

/// The files, if the application says where its repository is.
pub fn files(system: &System<'_>) -> Emitted {
    let mut findings = Findings::default();
    let Some(repo) = repository::of(system, By::Flux, GitopsUse::Flux, &mut findings) else {
        return Emitted {
            findings,
            ..Emitted::default()
        };
    };
    let folder = Folders::of(system).flux();
    let mut files = FileSet::default();
    // What they say about charts is said where charts are written.
    let charts = helm::charts(system, &mut Findings::default());
    for env in repository::environments(system, By::Flux) {
        let mut objects = vec![source(env, &repo)];
        let mut before: Option<String> = None;
        for kind in [
            StageKind::Foundation,
            StageKind::Claims,
            StageKind::Migrations,
            StageKind::Service,
        ] {
            let name = format!("{}-{}-{}", env.world.application, env.name(), word(kind));
            let below = format!("rendered/{}/{}", env.name(), word(kind));
            let path = join(&folder, &below);
            let mut is_there = false;
            for stage in stages::of(env).iter().filter(|stage| stage.kind == kind) {
                let path = match kind {
                    StageKind::Service => join(&path, &stage.name),
                    _ => path.clone(),
                };
                stages::write(env, stage, &path, &annotations, &mut files);
                is_there = true;
            }
            if is_there {
                objects.push(kustomization(env, kind, &name, &path, before.as_deref()));
                before = Some(name);
            }
        }
        let comment = format!(
            "All of `{}`: kubectl apply -f {}.yaml",
            env.name(),
            env.name()
        );
        let path = join(&folder, &format!("{}.yaml", env.name()));
        files.add(path, document::stream(&comment, &objects));
        let path = join(&folder, &format!("helm/{}.yaml", env.name()));
        let comment = format!(
            "All of `{0}` as releases of Helm, instead of {0}.yaml: kubectl apply -f helm/{0}.yaml",
            env.name()
        );
        let objects = releases(system, env, &charts, &repo);
        files.add(path, document::stream(&comment, &objects));
    }
    Emitted { files, findings }
}

/// Namespaces, which no chart holds, the source, and the charts in their order.
fn releases(
    system: &System<'_>,
    env: &Environment<'_>,
    charts: &[Chart],
    repo: &str,
) -> Vec<Value> {
    let objects = env.world.objects.iter();
    let namespaces = objects.filter(|object| object.key.kind == "Namespace");
    let mut all: Vec<Value> = namespaces.map(|object| object.body.to_json()).collect();
    all.push(source(env, repo));
    let folders = Folders::of(system);
    all.extend(
        charts
            .iter()
            .map(|chart| release(system, env, chart, &folders.chart(&chart.name))),
    );
    all
}

/// A release is tried again before it is given up, and a failed upgrade goes back.
fn release(system: &System<'_>, env: &Environment<'_>, chart: &Chart, path: &str) -> Value {
    let name = |chart: &str| format!("{}-{chart}", source_name(env));
    let file = |name: &str| format!("{path}/{name}");
    let own = file(&format!("values-{}.yaml", env.short()));
    let values = if chart.of_service {
        // It holds all values: those of a developer are not in Git.
        vec![own]
    } else {
        vec![file("values.yaml"), own]
    };
    let mut object = json!({
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": { "name": name(&chart.name), "namespace": NAMESPACE },
        "spec": {
            "interval": "10m",
            "timeout": format!("{}s", env.app.deliver.deadline.peek().secs()),
            "releaseName": chart.name,
            "targetNamespace": env.world.namespace.as_str(),
            "storageNamespace": env.world.namespace.as_str(),
            "chart": { "spec": {
                "chart": format!("./{path}"),
                // Another commit is another chart: versions of charts in Git stay as they are.
                "reconcileStrategy": "Revision",
                "sourceRef": { "kind": "GitRepository", "name": source_name(env) },
                "valuesFiles": values,
            } },
            "install": { "remediation": { "retries": 3 } },
            "upgrade": { "remediation": { "retries": 3, "remediateLastFailure": true } },
        },
    });
    // Helm waits until a disk is bound, which a pod of a later release does.
    if disks::chart_has_unbound(system, chart) {
        for action in ["install", "upgrade"] {
            object["spec"][action]["disableWait"] = json!(true);
        }
    }
    let before: Vec<Value> = chart
        .needs
        .iter()
        .map(|before| json!({ "name": name(before) }))
        .collect();
    if !before.is_empty() {
        object["spec"]["dependsOn"] = json!(before);
    }
    if is_manual(env) {
        object["spec"]["suspend"] = json!(true);
    }
    object
}

/// A branch that is not applied at once waits for `flux resume`.
fn is_manual(env: &Environment<'_>) -> bool {
    *env.app.deliver.sync.peek() == plimsoll_spec::app::deliver::Sync::Manual
}

fn word(kind: StageKind) -> &'static str {
    match kind {
        StageKind::Foundation => "foundation",
        StageKind::Claims => "volume-claims",
        StageKind::Migrations => "migrations",
        StageKind::Service => "services",
    }
}

/// Data survives whatever Git says.
fn annotations(object: &Object) -> Vec<(&'static str, String)> {
    if object.protected {
        vec![("kustomize.toolkit.fluxcd.io/prune", "disabled".to_owned())]
    } else {
        Vec::new()
    }
}

fn source(env: &Environment<'_>, repo: &str) -> Value {
    json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": { "name": source_name(env), "namespace": NAMESPACE },
        "spec": {
            "interval": "1m",
            "url": repo,
            "ref": { "branch": env.app.deliver.branch.peek().as_str() },
        },
    })
}

fn source_name(env: &Environment<'_>) -> String {
    format!("{}-{}", env.world.application, env.name())
}

fn kustomization(
    env: &Environment<'_>,
    kind: StageKind,
    name: &str,
    path: &str,
    before: Option<&str>,
) -> Value {
    let deadline = env.app.deliver.deadline.peek().secs();
    let mut object = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": { "name": name, "namespace": NAMESPACE },
        "spec": {
            "interval": "10m",
            "retryInterval": "2m",
            "timeout": format!("{deadline}s"),
            "path": format!("./{path}"),
            "prune": true,
            // Ready means that all of it is: stores answer, migrations have succeeded. Disks are bound by
            // pods that come later.
            "wait": kind != StageKind::Claims,
            "sourceRef": { "kind": "GitRepository", "name": source_name(env) },
        },
    });
    if let Some(before) = before {
        object["spec"]["dependsOn"] = json!([{ "name": before }]);
    }
    if is_manual(env) {
        object["spec"]["suspend"] = json!(true);
    }
    object
}
