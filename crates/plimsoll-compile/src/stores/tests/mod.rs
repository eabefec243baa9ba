//! Stores as objects: what a file gives, field by field.

mod backup;
mod engines;
mod operator;
mod pooler;
mod postgres;
mod redis;

use crate::{Compiled, compile};
use plimsoll_schema::{Minor, find_kind, validate_object};
use plimsoll_world::{Values, World, evaluate};
use serde_json::Value;
use std::collections::BTreeMap;

/// What one file gives.
pub struct Made {
    /// Before evaluation.
    pub compiled: Compiled,
    /// After.
    pub world: World,
}

/// Compiles the first environment of a file with an application `shop`.
pub fn made_for(text: &str, target: &str) -> Made {
    let files = BTreeMap::from([("plimsoll.yaml".to_owned(), format!("app: shop\n{text}"))]);
    let mut loaded = plimsoll_spec::load(&files, "plimsoll.yaml", &[]);
    let errors: Vec<String> = loaded
        .findings
        .sorted()
        .iter()
        .filter(|finding| finding.level == plimsoll_source::Level::Error)
        .map(|finding| format!("{} {}", finding.rule.code, finding.message))
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    let app = loaded.environments.remove(0).app.expect("an application");
    let target = Minor::all()
        .find(|minor| minor.to_string() == target)
        .expect("a known version");
    let compiled = compile(&app, target);
    let world = evaluate(&compiled.blueprint, &Values::of_the_file());
    Made { compiled, world }
}

/// The same for 1.36.
pub fn made(text: &str) -> Made {
    made_for(text, "1.36")
}

impl Made {
    /// An object by `Kind/name`.
    pub fn object(&self, wanted: &str) -> Value {
        let found = self.world.find(wanted);
        let found = found.unwrap_or_else(|| panic!("no {wanted} among {:?}", self.names()));
        found.body.to_json()
    }

    /// Whether there is such an object.
    pub fn has(&self, wanted: &str) -> bool {
        self.world.find(wanted).is_some()
    }

    /// `Kind/name` of all objects.
    pub fn names(&self) -> Vec<String> {
        self.world
            .objects
            .iter()
            .map(|object| object.key.to_string())
            .collect()
    }

    /// A file of a store's engine.
    pub fn file(&self, store: &str, key: &str) -> String {
        let prefix = format!("{store}-engine-");
        let found =
            self.world.objects.iter().find(|object| {
                object.key.kind == "ConfigMap" && object.key.name.starts_with(&prefix)
            });
        let map = found.expect("a ConfigMap of the engine").body.to_json();
        map["data"][key].as_str().expect("the file").to_owned()
    }

    /// Names of all findings of compiling.
    pub fn findings(self) -> Vec<&'static str> {
        let sorted = self.compiled.findings.sorted();
        sorted.iter().map(|finding| finding.rule.name).collect()
    }
}

/// A container of a pod template by its name.
pub fn container<'a>(object: &'a Value, name: &str) -> &'a Value {
    let spec = &object["spec"]["template"]["spec"];
    let all = ["containers", "initContainers"];
    let mut all = all.iter().filter_map(|key| spec[*key].as_array()).flatten();
    all.find(|container| container["name"] == name)
        .unwrap_or_else(|| panic!("no container {name}"))
}

/// A variable of a container by its name.
pub fn variable<'a>(container: &'a Value, name: &str) -> &'a Value {
    let list = container["env"].as_array().expect("variables");
    list.iter()
        .find(|variable| variable["name"] == name)
        .unwrap_or_else(|| panic!("no variable {name}"))
}

/// Every object is what its schema says, at the oldest and the newest version.
pub fn assert_valid(text: &str) {
    for target in ["1.27", "1.37"] {
        let made = made_for(text, target);
        let at = Minor::all().find(|minor| minor.to_string() == target);
        for object in &made.world.objects {
            let body = object.body.to_json();
            let found = find_kind(&object.key.api_version, &object.key.kind);
            let (schemas, _) = found.unwrap_or_else(|| panic!("unknown kind {}", object.key));
            let problems = validate_object(schemas, &body, at.expect("a known version"));
            let problems: Vec<String> = problems
                .iter()
                .filter(|p| !format!("{p:?}").contains("BadEnum { allowed: []"))
                .map(|p| format!("{p:?}"))
                .collect();
            assert!(problems.is_empty(), "{target} {}: {problems:?}", object.key);
        }
    }
}
