//! Flux: one source and three Kustomizations for each environment, each of which waits until what
//! comes before it is ready.

use plimsoll_source::Findings;
use plimsoll_spec::app::deliver::By;
use plimsoll_spec::app::platform::GitopsUse;
use plimsoll_world::Object;
use serde_json::{Value, json};

use crate::folders::{Folders, join};
use crate::stages::{self, StageKind};
use crate::{Emitted, Environment, FileSet, System, document, repository};

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
    for env in repository::environments(system, By::Flux) {
        let mut objects = vec![source(env, &repo)];
        let mut before: Option<String> = None;
        for kind in [
            StageKind::Foundation,
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
                objects.push(kustomization(env, &name, &path, before.as_deref()));
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
    }
    Emitted { files, findings }
}

fn word(kind: StageKind) -> &'static str {
    match kind {
        StageKind::Foundation => "foundation",
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

fn kustomization(env: &Environment<'_>, name: &str, path: &str, before: Option<&str>) -> Value {
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
            // Ready means that all of it is: stores answer, migrations have succeeded.
            "wait": true,
            "sourceRef": { "kind": "GitRepository", "name": source_name(env) },
        },
    });
    if let Some(before) = before {
        object["spec"]["dependsOn"] = json!([{ "name": before }]);
    }
    // A branch that is not applied at once waits for `flux resume kustomization`.
    if *env.app.deliver.sync.peek() == plimsoll_spec::app::deliver::Sync::Manual {
        object["spec"]["suspend"] = json!(true);
    }
    object
}
