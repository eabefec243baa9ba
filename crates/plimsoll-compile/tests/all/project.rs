//! Applications for tests: the examples of the repository, and texts.

use plimsoll_compile::{Compiled, compile};
use plimsoll_schema::Minor;
use plimsoll_spec::load::{Files, Loaded, load};
use plimsoll_world::{Values, World, evaluate};
use std::collections::BTreeMap;

/// Every example of the repository.
pub const EXAMPLES: [&str; 6] = [
    "shop",
    "traversion",
    "tartware",
    "sorcha",
    "starter",
    "identity-platform",
];

/// Files in memory.
#[derive(Clone, Default)]
pub struct Memory(pub BTreeMap<String, String>);

impl Files for Memory {
    fn read(&self, path: &str) -> std::io::Result<Option<String>> {
        Ok(self.0.get(path).cloned())
    }

    fn glob(&self, pattern: &str) -> Vec<String> {
        let (before, after) = pattern.split_once('*').unwrap_or((pattern, ""));
        let found = |path: &&String| path.starts_with(before) && path.ends_with(after);
        self.0.keys().filter(found).cloned().collect()
    }
}

/// The text of an example's application file.
pub fn text(example: &str) -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
    std::fs::read_to_string(format!("{root}/{example}/plimsoll.yaml"))
        .expect("the example is there")
}

/// Reads a text as an application file.
pub fn read(text: &str) -> Loaded {
    let files = Memory(BTreeMap::from([(
        "plimsoll.yaml".to_owned(),
        text.to_owned(),
    )]));
    load(&files, "plimsoll.yaml", &[])
}

/// Reads a text that must have no error.
pub fn read_well(text: &str) -> Loaded {
    let loaded = read(text);
    let report = plimsoll_source::render::short(&loaded.findings, &loaded.sources);
    assert!(!loaded.findings.any_error(), "{report}");
    loaded
}

/// Every environment of a loaded application, compiled for its own version.
pub fn compiled(loaded: &Loaded) -> Vec<(String, Compiled)> {
    let app = |environment: &plimsoll_spec::load::LoadedEnvironment| {
        let app = environment.app.as_ref()?;
        let target = app.cluster.version.peek().parse().unwrap_or(Minor::LAST);
        Some((environment.name.to_string(), compile(app, target)))
    };
    loaded.environments.iter().filter_map(app).collect()
}

/// The objects of an environment.
pub fn world(compiled: &Compiled) -> World {
    evaluate(&compiled.blueprint, &Values::of_the_file())
}

/// The objects of the environment that is chosen without being named.
pub fn default_world(text: &str) -> World {
    let loaded = read_well(text);
    world(&compiled(&loaded).swap_remove(loaded.default).1)
}
