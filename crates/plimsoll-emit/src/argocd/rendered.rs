//! Plain objects for Applications, with the annotations that Argo CD orders by.

use plimsoll_world::{Object, Unit};

use super::Argo;
use crate::folders::join;
use crate::stages::{self, Stage, StageKind};
use crate::{Environment, FileSet, disks};

/// One folder for each Application of each environment that reads no chart.
pub(super) fn add(argo: &Argo<'_, '_>, files: &mut FileSet) {
    for env in &argo.environments {
        let stages = if argo.reads_charts() {
            stages::namespaces(env).into_iter().collect()
        } else {
            stages::of(env)
        };
        for stage in stages {
            let folder = folder(argo, env, &stage.name);
            let annotations = |object: &Object| annotations(env, &stage, object);
            stages::write(env, &stage, &folder, &annotations, files);
            if stage.kind == StageKind::Migrations {
                let path = join(&folder, "90-migrated-configmap.yaml");
                files.add(path, marker(env, &stage.objects));
            }
        }
    }
}

/// Where the objects of an Application are.
pub(super) fn folder(argo: &Argo<'_, '_>, env: &Environment<'_>, stage: &str) -> String {
    join(&argo.folder, &format!("rendered/{}/{stage}", env.name()))
}

/// Hooks are no part of the difference that Argo CD sees. This is, and it changes with them.
fn marker(env: &Environment<'_>, jobs: &[&Object]) -> Vec<u8> {
    let names: Vec<&str> = jobs.iter().map(|job| job.key.name.as_str()).collect();
    let marker = serde_json::json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": format!("{}-migrated", env.world.application),
            "namespace": env.world.namespace.as_str(),
            "labels": { "app.kubernetes.io/part-of": env.world.application.as_str() }
        },
        "data": { "jobs": names.join("\n") },
    });
    let comment = "Names what the hooks beside it have run, so that a new one is a difference.";
    crate::document::commented(comment, &marker)
}

fn annotations(
    env: &Environment<'_>,
    stage: &Stage<'_>,
    object: &Object,
) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    if stages::is_gate(object) {
        all.push(("argocd.argoproj.io/hook", "PreSync".to_owned()));
        let policy = "BeforeHookCreation".to_owned();
        all.push(("argocd.argoproj.io/hook-delete-policy", policy));
    }
    // Pending is Progressing, and what comes after this Application would wait for it.
    if stage.kind == StageKind::Claims {
        all.push(("argocd.argoproj.io/ignore-healthcheck", "true".to_owned()));
    }
    let wave = if disks::is_disk(object) {
        wave_of_disk(env, stage, object)
    } else {
        wave(env, object)
    };
    if wave != 0 {
        all.push(("argocd.argoproj.io/sync-wave", wave.to_string()));
    }
    if object.protected {
        let options = "Prune=false,Delete=false".to_owned();
        all.push(("argocd.argoproj.io/sync-options", options));
    }
    all
}

/// A wave ends when its disks are bound, so a disk is in that of the first pod that binds it.
fn wave_of_disk(env: &Environment<'_>, stage: &Stage<'_>, disk: &Object) -> i64 {
    let objects = stage.objects.iter();
    let pods = objects.filter(|object| disks::binds(object, disk));
    pods.map(|object| wave(env, object)).min().unwrap_or(0)
}

/// Migrations count up from −5, lower where more than five follow each other; before stores stands
/// what they need.
fn wave(env: &Environment<'_>, object: &Object) -> i64 {
    if let (Unit::Migration(name), true) = (&object.unit, stages::is_gate(object)) {
        let app = env.app;
        let deepest = app
            .migrations
            .keys()
            .map(|name| stages::depth(app, name))
            .max();
        let length = deepest.unwrap_or(0) + 1;
        let first = i64::try_from(length.max(5)).unwrap_or(i64::MAX);
        return i64::try_from(stages::depth(app, name)).unwrap_or(0) - first;
    }
    match (object.key.kind.as_str(), &object.unit) {
        ("Namespace", _) => -30,
        (
            "ServiceAccount"
            | "Role"
            | "RoleBinding"
            | "ClusterRole"
            | "ClusterRoleBinding"
            | "Secret"
            | "SealedSecret"
            | "ExternalSecret"
            | "SecretProviderClass"
            | "ConfigMap"
            | "NetworkPolicy"
            | "CiliumNetworkPolicy"
            | "ResourceQuota"
            | "LimitRange"
            | "Issuer"
            | "Certificate",
            _,
        ) => -20,
        (_, Unit::Store(_)) => -10,
        // A job of its own before the services comes after the migrations.
        _ if stages::is_gate(object) => -1,
        _ => 0,
    }
}
