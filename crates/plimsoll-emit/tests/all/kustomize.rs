//! Base and overlays, built by the real kustomize.

use std::path::Path;
use std::process::Command;

use plimsoll_emit::kustomize;
use plimsoll_source::{Entry, Node, Str};
use plimsoll_world::World;
use serde_json::{Value, json};

use crate::project::{
    EXAMPLES, Objects, Project, differences, document, objects, objects_of, write,
};

fn build(program: &Path, folder: &Path) -> Objects {
    let output = Command::new(program)
        .arg("build")
        .arg(folder)
        .output()
        .expect("kustomize starts");
    assert!(
        output.status.success(),
        "{}: {}",
        folder.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    objects(&output.stdout)
}

/// Holds S6, P8: every overlay of every example gives exactly the plain objects.
#[test]
fn every_overlay_of_every_example_gives_the_plain_objects() {
    let Some(program) = plimsoll_testkit::tool("kustomize") else {
        return;
    };
    let mut wrong = Vec::new();
    for example in EXAMPLES {
        let project = Project::example(example);
        let folder = tempfile::tempdir().expect("a folder");
        let worlds: Vec<&World> = project.worlds().iter().collect();
        let chosen = project.system().chosen;
        write(&kustomize::of_worlds(&worlds, chosen, "k"), folder.path());
        for world in worlds {
            let overlay = folder.path().join("k/overlays").join(&*world.environment);
            for line in differences(&objects_of(world), &build(&program, &overlay)) {
                wrong.push(format!("{example} {}: {line}", world.environment));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Holds S6: folders are named as the file says, with the parts that the document lists.
#[test]
fn sorcha_has_base_and_overlays_where_its_document_says() {
    let project = Project::example("sorcha");
    let files = kustomize::files(&project.system()).files;
    let at = "deployment/kubernetes";
    for path in [
        "base/kustomization.yaml",
        "base/namespace/namespace.yaml",
        "base/services/api-gateway/deployment.yaml",
        "base/services/api-gateway/service.yaml",
        "base/stores/db/statefulset.yaml",
        "overlays/development/kustomization.yaml",
        "overlays/staging/kustomization.yaml",
        "overlays/production/kustomization.yaml",
    ] {
        let path = format!("{at}/{path}");
        assert!(files.get(&path).is_some(), "{path}");
    }
    let development = document(
        &files,
        &format!("{at}/overlays/development/kustomization.yaml"),
    );
    assert_eq!(development["namespace"], "sorcha-development");
    let images = development["images"].as_array().expect("images");
    let tags: Vec<_> = images
        .iter()
        .map(|image| image["newTag"].as_str())
        .collect();
    assert_eq!(tags, vec![Some("dev-1"); 6]);
}

/// The environment that most is taken from has next to nothing in its overlay.
#[test]
fn one_environment_alone_needs_no_patch() {
    let project = Project::example("shop");
    let files = kustomize::files(&project.system()).files;
    let overlays: Vec<&str> = files
        .iter()
        .map(|(path, _)| path)
        .filter(|path| path.contains("overlays"))
        .collect();
    assert_eq!(overlays, ["kustomize/overlays/default/kustomization.yaml"]);
}

/// Environments that differ in any way at all, in kinds that kustomize knows and does not.
#[test]
fn randomly_changed_worlds_come_out_of_their_overlays() {
    let Some(program) = plimsoll_testkit::tool("kustomize") else {
        return;
    };
    let projects = ["traversion", "identity-platform", "starter"].map(Project::example);
    let mut wrong = Vec::new();
    for seed in 0..12_u64 {
        let mut dice = Dice(seed * 7919 + 1);
        let project = &projects[dice.below(projects.len())];
        let origin = &project.worlds()[0];
        let names = ["one", "two", "three"];
        let worlds = names.map(|name| dice.world(origin, name));
        let folder = tempfile::tempdir().expect("a folder");
        let all: Vec<&World> = worlds.iter().collect();
        write(
            &kustomize::of_worlds(&all, dice.below(3), ""),
            folder.path(),
        );
        for world in &worlds {
            let overlay = folder.path().join("overlays").join(&*world.environment);
            let mut expected = objects_of(world);
            expected.values_mut().for_each(without_empty_annotations);
            for line in differences(&expected, &build(&program, &overlay)) {
                wrong.push(format!("seed {seed} {}: {line}", world.environment));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Kustomize keeps notes of its own in annotations and leaves no empty map behind when it takes them
/// away, which is the same to an API server; no compiled world has an empty one.
fn without_empty_annotations(object: &mut Value) {
    let metadata = object["metadata"].as_object_mut();
    if let Some(metadata) = metadata
        && metadata.get("annotations") == Some(&json!({}))
    {
        metadata.remove("annotations");
    }
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let bound = u64::try_from(bound).expect("small");
        usize::try_from(self.0 % bound).expect("small")
    }

    fn world(&mut self, from: &World, name: &str) -> World {
        let mut world = from.clone();
        world.environment = Str::from(name);
        world.objects.retain(|_| self.below(8) > 0);
        for object in &mut world.objects {
            if self.below(3) == 0 {
                object.body = self.object(&object.body);
            }
        }
        world
    }

    /// Identity and namespace stay; all else may change.
    fn object(&mut self, body: &Node) -> Node {
        let entries = body.entries().iter().map(|entry| {
            let value = match entry.key.as_str() {
                "apiVersion" | "kind" => entry.value.clone(),
                "metadata" => self.metadata(&entry.value),
                _ => self.node(&entry.value),
            };
            Entry {
                value,
                ..entry.clone()
            }
        });
        let entries: Vec<Entry> = entries.collect();
        Node::map(body.origin().clone(), entries)
    }

    fn metadata(&mut self, metadata: &Node) -> Node {
        let entries = metadata.entries().iter().map(|entry| {
            let value = match entry.key.as_str() {
                "name" | "namespace" => entry.value.clone(),
                _ => self.node(&entry.value),
            };
            Entry {
                value,
                ..entry.clone()
            }
        });
        let entries: Vec<Entry> = entries.collect();
        Node::map(metadata.origin().clone(), entries)
    }

    fn node(&mut self, node: &Node) -> Node {
        match node {
            Node::Map(origin, entries) => {
                let mut new = Vec::new();
                for entry in entries.iter() {
                    if self.below(40) > 0 {
                        let value = self.node(&entry.value);
                        new.push(Entry {
                            value,
                            ..entry.clone()
                        });
                    }
                }
                if self.below(25) == 0 {
                    let text = Node::Text(origin.clone(), Str::from("yes"));
                    new.push(Entry {
                        key: Str::from("a/new~key"),
                        at: origin.clone(),
                        value: text,
                    });
                }
                Node::map(origin.clone(), new)
            }
            Node::Seq(origin, items) => {
                let mut new: Vec<Node> = Vec::new();
                for item in items.iter() {
                    if self.below(20) > 0 {
                        new.push(self.node(item));
                    }
                }
                if self.below(15) == 0 {
                    new.reverse();
                }
                Node::seq(origin.clone(), new)
            }
            Node::Text(origin, text) if self.below(20) == 0 => {
                Node::Text(origin.clone(), Str::from(format!("{text}x")))
            }
            Node::Int(origin, value) if self.below(10) == 0 => Node::Int(origin.clone(), value + 1),
            other => other.clone(),
        }
    }
}
