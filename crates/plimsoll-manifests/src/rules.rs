//! What is wrong with texts that should hold objects: `PL0701` and above.

use plimsoll_source::{Finding, Findings, Level, Node, Rule};
use plimsoll_world::{Object, ObjectKey};
use std::collections::BTreeMap;

/// Every rule of this crate, in the order of the codes.
pub static ALL: &[&Rule] = &[&NOT_AN_OBJECT, &OBJECT_TWICE, &HOOK_LEFT_OUT];

/// A document that is no Kubernetes object.
pub static NOT_AN_OBJECT: Rule = Rule {
    code: "PL0701",
    name: "no-manifest",
    level: Level::Error,
    consequence: "nothing can be made of it, and the API server would refuse it",
    docs: "Every document of a manifest says `apiVersion`, `kind` and `metadata.name`. A folder that holds other files \
           beside manifests is no folder of manifests: name the files, or move the others.",
};

/// One object in two documents.
pub static OBJECT_TWICE: Rule = Rule {
    code: "PL0702",
    name: "object-twice",
    level: Level::Error,
    consequence: "the one that is applied last wins, and which that is depends on the names of files",
    docs: "Two documents have the same kind, namespace and name. Remove one of them, or give it another name.",
};

/// A hook without a moment in a release.
pub static HOOK_LEFT_OUT: Rule = Rule {
    code: "PL0703",
    name: "hook-left-out",
    level: Level::Info,
    consequence: "it is not shipped",
    docs: "Hooks of a chart that Helm runs before or after an installation or an upgrade are Jobs of the release, in \
           that order. Tests, and hooks for deletion and rollback, have no moment in a release: they are left out.",
};

/// Those that are objects.
pub(crate) fn objects(bodies: Vec<Node>, findings: &mut Findings) -> Vec<Node> {
    let (objects, others): (Vec<Node>, Vec<Node>) = bodies
        .into_iter()
        .partition(|body| ObjectKey::of(body).is_some());
    for other in others {
        let has = |path: &[&str]| other.at(path).and_then(Node::text).is_some();
        let missing: Vec<&str> = [
            ("apiVersion", &["apiVersion"][..]),
            ("kind", &["kind"]),
            ("metadata.name", &["metadata", "name"]),
        ]
        .into_iter()
        .filter(|(_, path)| !has(path))
        .map(|(name, _)| name)
        .collect();
        let what = format!(
            "no Kubernetes object: it has no `{}`",
            missing.join("`, no `")
        );
        findings.report(
            Finding::new(&NOT_AN_OBJECT, what)
                .mark_origin(other.origin(), "this document")
                .help(format!(
                    "write `{}`, or leave the file out",
                    missing.join("`, `")
                )),
        );
    }
    objects
}

/// Reports what is there twice.
pub(crate) fn twice(objects: &[Object], findings: &mut Findings) {
    let mut known: BTreeMap<(&str, &ObjectKey), &Object> = BTreeMap::new();
    for object in objects {
        let Some(first) = known.insert((object.key.group(), &object.key), object) else {
            continue;
        };
        findings.report(
            Finding::new(&OBJECT_TWICE, format!("{} is there twice", object.key))
                .mark_origin(object.body.origin(), "here")
                .mark_origin(first.body.origin(), "and here")
                .about(object.key.to_string())
                .help("remove one of them"),
        );
    }
}

/// Reports a hook that is left out.
pub(crate) fn hook_left_out(body: &Node, moments: &str, findings: &mut Findings) {
    let name = ObjectKey::of(body).map_or_else(|| "a hook".to_owned(), |key| key.to_string());
    findings.report(
        Finding::new(
            &HOOK_LEFT_OUT,
            format!("{name} is a hook of `{moments}` and is left out"),
        )
        .mark_origin(body.origin(), "this hook")
        .about(name),
    );
}
