//! One Application for each part of each environment, and one above them that keeps their order.

use serde_json::{Value, json};

use super::{Argo, Delivered, ignored, rendered};
use crate::stages::{self, StageKind};
use crate::{Environment, FileSet};

/// `APPLICATIONS/ENV/PART.yaml`, and `ENV.yaml` beside the folder, which is what a person applies.
pub(super) fn add(argo: &Argo<'_, '_>, files: &mut FileSet) {
    for env in &argo.environments {
        let folder = format!("applications/{}", env.name());
        for stage in stages::of(env) {
            let application = application(argo, env, &stage.name, stage.kind);
            let path = format!("{folder}/{}.yaml", stage.name);
            argo.add(files, &path, about(stage.kind), &application);
        }
        let comment = format!(
            "All of `{}`: apply it once, after the project.\n\
             kubectl apply -n {} -f project.yaml -f {}.yaml",
            env.name(),
            argo.namespace(),
            env.name()
        );
        let path = format!("{}.yaml", env.name());
        argo.add(files, &path, &comment, &root(argo, env, &folder));
    }
}

fn about(kind: StageKind) -> &'static str {
    match kind {
        StageKind::Foundation => {
            "What belongs to no service: namespaces, stores, secrets. First of all."
        }
        StageKind::Claims => {
            "Disks that are bound when their first pod comes, which is later. Nobody waits for them."
        }
        StageKind::Migrations => {
            "Migrations: PreSync hooks, one wave after the other. Services come after them."
        }
        StageKind::Service => "One service. After the migrations.",
    }
}

/// The Application of a part, in the wave of its kind.
pub(super) fn application(
    argo: &Argo<'_, '_>,
    env: &Environment<'_>,
    stage: &str,
    kind: StageKind,
) -> Value {
    let wave = match kind {
        StageKind::Foundation => "-3",
        StageKind::Claims => "-2",
        StageKind::Migrations => "-1",
        StageKind::Service => "0",
    };
    let mut spec = json!({
        "project": argo.name(),
        "source": {
            "repoURL": argo.repo,
            "targetRevision": env.branch(),
            "path": rendered::folder(argo, env, stage),
        },
        "destination": env.destination(),
        "syncPolicy": env.sync_policy(),
    });
    if let Some(ignored) = ignored(&[env]) {
        spec["ignoreDifferences"] = ignored;
    }
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": format!("{}-{}-{stage}", argo.name(), env.short()),
            "namespace": argo.namespace(),
            "labels": labels(argo, env, stage),
            "annotations": { "argocd.argoproj.io/sync-wave": wave },
        },
        "spec": spec,
    })
}

fn labels(argo: &Argo<'_, '_>, env: &Environment<'_>, stage: &str) -> Value {
    json!({
        "app.kubernetes.io/part-of": argo.name(),
        "app.kubernetes.io/component": stage,
        "environment": env.name(),
    })
}

/// The Application of Applications. Its waves hold because `argocd-cm` tells their health.
fn root(argo: &Argo<'_, '_>, env: &Environment<'_>, folder: &str) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": format!("{}-{}", argo.name(), env.short()),
            "namespace": argo.namespace(),
            "labels": labels(argo, env, "all"),
        },
        "spec": {
            "project": argo.name(),
            "source": {
                "repoURL": argo.repo,
                "targetRevision": env.branch(),
                "path": crate::folders::join(&argo.folder, folder),
            },
            "destination": {
                "server": "https://kubernetes.default.svc",
                "namespace": argo.namespace(),
            },
            "syncPolicy": env.sync_policy(),
        },
    })
}
