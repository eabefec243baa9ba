//! Applications for tests: the examples of the repository in all their environments.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plimsoll_compile::{Compiled, compile};
use plimsoll_emit::{Environment, FileSet, System};
use plimsoll_schema::Minor;
use plimsoll_source::{Findings, Sources, yaml};
use plimsoll_spec::load::{Files, Loaded, load};
use plimsoll_testkit::ControlPlane;
use plimsoll_world::{Values, World, evaluate};
use serde_json::Value;
use std::sync::OnceLock;

/// Every example of the repository.
pub const EXAMPLES: [&str; 6] = [
    "shop",
    "traversion",
    "tartware",
    "sorcha",
    "starter",
    "identity-platform",
];

/// An application in all its environments.
pub struct Project {
    loaded: Loaded,
    compiled: Vec<Compiled>,
    worlds: Vec<World>,
}

/// A text in the place of an application file, and what stands beside it.
struct Beside {
    text: String,
    folder: PathBuf,
}

impl Files for Beside {
    fn read(&self, path: &str) -> std::io::Result<Option<String>> {
        if path == "plimsoll.yaml" {
            return Ok(Some(self.text.clone()));
        }
        Ok(std::fs::read_to_string(self.folder.join(path)).ok())
    }

    fn glob(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}

impl Project {
    /// An example of the repository.
    pub fn example(name: &str) -> Self {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples")).join(name);
        let text = std::fs::read_to_string(folder.join("plimsoll.yaml"));
        Self::beside(&text.expect("the example is there"), folder)
    }

    /// A text without errors.
    pub fn of(text: &str) -> Self {
        Self::beside(text, PathBuf::from("/nowhere"))
    }

    fn beside(text: &str, folder: PathBuf) -> Self {
        let text = text.to_owned();
        let loaded = load(&Beside { text, folder }, "plimsoll.yaml", &[]);
        let report = plimsoll_source::render::short(&loaded.findings, &loaded.sources);
        assert!(!loaded.findings.any_error(), "{report}");
        let compiled: Vec<Compiled> = loaded
            .environments
            .iter()
            .map(|environment| {
                let app = environment.app.as_ref().expect("it is without errors");
                let target = app.cluster.version.peek().parse().unwrap_or(Minor::LAST);
                compile(app, target)
            })
            .collect();
        let worlds = compiled
            .iter()
            .map(|compiled| evaluate(&compiled.blueprint, &Values::of_the_file()));
        Self {
            worlds: worlds.collect(),
            compiled,
            loaded,
        }
    }

    /// What outputs are made of.
    pub fn system(&self) -> System<'_> {
        let apps = self.loaded.environments.iter();
        let rest = self.compiled.iter().zip(&self.worlds);
        let environments = apps
            .zip(rest)
            .map(|(loaded, (compiled, world))| Environment {
                app: loaded.app.as_ref().expect("it is without errors"),
                tree: &loaded.tree,
                blueprint: &compiled.blueprint,
                world,
            });
        System {
            environments: environments.collect(),
            chosen: self.loaded.default,
        }
    }

    /// Findings as text, a line each.
    pub fn text_of(&self, findings: &Findings) -> String {
        plimsoll_source::render::short(findings, &self.loaded.sources)
    }

    /// Findings with all that they say.
    pub fn full_text_of(&self, findings: &Findings) -> String {
        plimsoll_source::render::json(findings, &self.loaded.sources).to_string()
    }

    /// The objects of all environments.
    pub fn worlds(&self) -> &[World] {
        &self.worlds
    }
}

/// Objects by kind, namespace and name.
pub type Objects = BTreeMap<String, Value>;

/// The objects of a stream of YAML documents.
pub fn objects(text: &[u8]) -> Objects {
    let mut found = Objects::new();
    for object in documents(text) {
        let key = key(&object);
        assert!(found.insert(key.clone(), object).is_none(), "{key} twice");
    }
    found
}

/// The documents of a stream.
pub fn documents(text: &[u8]) -> Vec<Value> {
    let text = String::from_utf8(text.to_vec()).expect("text");
    let mut sources = Sources::default();
    let file = sources.add("stream", text);
    let mut findings = Findings::default();
    let documents = yaml::read(&sources, file, &mut findings);
    let report = plimsoll_source::render::short(&findings, &sources);
    assert!(findings.is_empty(), "{report}");
    documents
        .iter()
        .map(|node| node.resolve().to_json())
        .collect()
}

/// The objects of a world.
pub fn objects_of(world: &World) -> Objects {
    let bodies = world.objects.iter().map(|object| object.body.to_json());
    bodies.map(|body| (key(&body), body)).collect()
}

/// What identifies an object.
pub fn key(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!(
        "{} {}/{} in {}",
        text(&object["apiVersion"]),
        text(&object["kind"]),
        text(&object["metadata"]["name"]),
        text(&object["metadata"]["namespace"])
    )
}

/// Differences of two sets of objects, a line each.
pub fn differences(expected: &Objects, found: &Objects) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, object) in expected {
        match found.get(key) {
            None => lines.push(format!("{key} is missing")),
            Some(other) if other != object => {
                lines.push(format!(
                    "{key} differs:\n  expected {object}\n  found    {other}"
                ));
            }
            Some(_) => {}
        }
    }
    let more = found.keys().filter(|key| !expected.contains_key(*key));
    lines.extend(more.map(|key| format!("{key} is too much")));
    lines
}

/// Writes files into a folder.
pub fn write(files: &FileSet, folder: &Path) {
    for (path, bytes) in files.iter() {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
        std::fs::write(path, bytes).expect("writes");
    }
}

/// The one document of a file.
pub fn document(files: &FileSet, path: &str) -> Value {
    let bytes = files.get(path).unwrap_or_else(|| {
        let paths: Vec<&str> = files.iter().map(|(path, _)| path).collect();
        panic!("there is no {path}, but {paths:#?}")
    });
    let mut documents = documents(bytes);
    assert_eq!(documents.len(), 1, "{path}");
    documents.remove(0)
}

/// A real control plane with all definitions, which the tests of this program share: each uses
/// namespaces of its own.
pub fn control_plane() -> Option<&'static ControlPlane> {
    static PLANE: OnceLock<Option<&'static ControlPlane>> = OnceLock::new();
    *PLANE.get_or_init(|| {
        ControlPlane::shared(plimsoll_testkit::Minor::V1_37).and_then(ControlPlane::with_crds)
    })
}
