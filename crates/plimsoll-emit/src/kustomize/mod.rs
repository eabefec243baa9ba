//! Kustomize: a base of real objects, and one overlay for each environment with small computed
//! patches, so that `kustomize build overlays/ENV` gives the plain objects of that environment.

mod common;
mod edits;
mod images;
mod patch;
mod strategic;

use plimsoll_source::{Node, yaml};
use plimsoll_world::World;
use serde_json::{Map, Value, json};

use crate::folders::{Folders, join};
use crate::{Emitted, FileSet, System, document};
use common::{Common, Shared};
use patch::Patch;

/// Base and overlays of all environments.
pub fn files(system: &System<'_>) -> Emitted {
    let worlds: Vec<&World> = system.environments.iter().map(|env| env.world).collect();
    let folder = Folders::of(system).kustomize();
    Emitted {
        files: of_worlds(&worlds, system.chosen, &folder),
        ..Emitted::default()
    }
}

/// The same, of plain worlds; objects of the base stand in the main namespace of the chosen one.
pub fn of_worlds(worlds: &[&World], chosen: usize, folder: &str) -> FileSet {
    let shared = Shared::of(worlds, chosen);
    let mut files = FileSet::default();
    let base = join(folder, "base");
    let mut resources = Vec::new();
    for common in shared.base() {
        let path = common.path();
        files.add(join(&base, &path), yaml::write(common.base_body()));
        resources.push(path);
    }
    let kustomization = kustomization(json!({ "resources": resources }));
    files.add(
        join(&base, "kustomization.yaml"),
        document::commented(
            "What environments share. It is no environment by itself: apply one of the overlays.",
            &kustomization,
        ),
    );
    for (at, world) in worlds.iter().enumerate() {
        overlay(&shared, at, world, folder, &mut files);
    }
    files
}

fn overlay(shared: &Shared<'_>, at: usize, world: &World, folder: &str, files: &mut FileSet) {
    let overlay = join(folder, &format!("overlays/{}", world.environment));
    let mut resources = vec!["../../base".to_owned()];
    let mut patches = Vec::new();
    for common in shared.all() {
        if common.is_in_base() {
            let patch = match common.body(at) {
                Some(body) => Patch::between(common.base_body(), body),
                None => Some(Patch::delete(common.base_body())),
            };
            if let Some(patch) = patch {
                let path = format!("patches/{}", common.file_name());
                files.add(join(&overlay, &path), patch.text());
                patches.push(patch.entry(&path));
            }
        } else if let Some(body) = common.original(at) {
            let path = format!("resources/{}", common.path());
            files.add(join(&overlay, &path), yaml::write(body));
            resources.push(path);
        }
    }
    let mut content = Map::new();
    if let Some(namespace) = shared.namespace_of(at) {
        content.insert("namespace".into(), json!(namespace));
    }
    content.insert("resources".into(), json!(resources));
    patches.extend(shared.moves(at));
    if !patches.is_empty() {
        content.insert("patches".into(), Value::Array(patches));
    }
    let images = shared.images(at);
    if !images.is_empty() {
        content.insert("images".into(), Value::Array(images));
    }
    files.add(
        join(&overlay, "kustomization.yaml"),
        document::write(&kustomization(Value::Object(content))),
    );
}

fn kustomization(content: Value) -> Value {
    let mut whole = Map::new();
    whole.insert(
        "apiVersion".into(),
        json!("kustomize.config.k8s.io/v1beta1"),
    );
    whole.insert("kind".into(), json!("Kustomization"));
    if let Value::Object(content) = content {
        whole.extend(content);
    }
    Value::Object(whole)
}

/// How much of a file a tree takes.
fn length(node: &Node) -> usize {
    yaml::write(node).len()
}

impl Common<'_> {
    /// `services/api/deployment.yaml`: the folder of its block, then kind, then what else tells it
    /// apart.
    fn path(&self) -> String {
        join(&self.folder(), &self.file_name_in_folder())
    }
}
