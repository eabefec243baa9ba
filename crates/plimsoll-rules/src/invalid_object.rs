//! An object that the API server would refuse: a field that it does not know, or of a wrong type.

use crate::Objects;
use plimsoll_schema::{Minor, Problem, find_kind, kubernetes, validate_object};
use plimsoll_source::{Finding, Findings, Level, Node, Rule};
use plimsoll_world::Object;
use rayon::prelude::*;

/// The bad pattern.
pub static RULE: Rule = Rule {
    code: "PL0502",
    name: "invalid-object",
    level: Level::Error,
    consequence: "the API server refuses the object, and the release stops there",
    docs: "Every object is checked against the schema of its kind at the target version: unknown \
           fields, missing ones, wrong types, and fields that this version does not have yet.",
};

/// Reports every problem of every object at the line that made it.
pub fn check(objects: Objects, findings: &mut Findings) {
    let all = objects.world.objects.par_iter().with_min_len(64);
    let found = all.flat_map_iter(|object| problems(object, objects.target));
    for finding in found.collect::<Vec<_>>() {
        findings.report(finding);
    }
}

fn problems(object: &Object, target: Minor) -> Vec<Finding> {
    let known = find_kind(&object.key.api_version, &object.key.kind);
    let schemas = match known {
        Some((schemas, _)) => schemas,
        // A group without a domain is of Kubernetes itself, so the kind is misspelt or gone.
        None if !object.key.group().contains('.') => kubernetes(),
        None => return Vec::new(),
    };
    let problems = validate_object(schemas, &object.body, target);
    let finding = |problem: Problem| {
        let path = problem.path.to_string();
        let message = format!("{}: `{path}`: {}", object.key, problem.kind);
        Finding::new(&RULE, message)
            .mark_origin(nearest(&object.body, &path).origin(), "made of this")
            .about(object.key.to_string())
    };
    problems.into_iter().map(finding).collect()
}

/// The node at a path, or the innermost that is there.
fn nearest<'a>(body: &'a Node, path: &str) -> &'a Node {
    let mut path = path;
    loop {
        if let Some(node) = plimsoll_world::why::find(body, path) {
            return node;
        }
        match path.rfind(['.', '[']) {
            Some(at) => path = &path[..at],
            None => return body,
        }
    }
}
