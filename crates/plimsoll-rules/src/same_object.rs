//! Two blocks that make one object.

use crate::Subject;
use plimsoll_source::{Finding, Findings, Level, Origin, Rule};
use plimsoll_spec::App;
use plimsoll_world::{Object, Unit};
use std::collections::{BTreeMap, BTreeSet};

/// The bad pattern.
pub static RULE: Rule = Rule {
    code: "PL0509",
    name: "same-object",
    level: Level::Error,
    consequence: "the object of the one would replace that of the other, and take over its pods",
    docs: "Two blocks make an object of one kind, namespace and name: a job and a service of one name, or a service \
           with a name that another block makes of its own (`STORE-pods`, `STORE-backup`, `MIGRATION-migrate`, \
           `default-deny`).",
};

/// Reports each pair of blocks that make an object of one kind, namespace and name: once for a pair,
/// however many objects they share.
pub fn check(subject: &Subject, findings: &mut Findings) {
    let mut seen: BTreeMap<_, &Object> = BTreeMap::new();
    let mut told: BTreeSet<(&Unit, &Unit)> = BTreeSet::new();
    for object in &subject.world.objects {
        let key = &object.key;
        let key = (key.group(), &key.kind, &key.namespace, &key.name);
        let Some(first) = seen.insert(key, object) else {
            continue;
        };
        if told.insert((&first.unit, &object.unit)) {
            findings.report(found(subject.app, first, object));
        }
    }
}

fn found(app: &App, first: &Object, second: &Object) -> Finding {
    let what = if first.unit == second.unit {
        format!("{} makes {} twice", second.unit, second.key)
    } else {
        format!("{} and {} both make {}", first.unit, second.unit, second.key)
    };
    let places = [place(app, first), place(app, second)];
    Finding::new(&RULE, what)
        .mark_origin(places[1], "this one")
        .mark_origin(places[0], "and this one")
        .about(second.key.to_string())
        .help("give one of the two another name")
}

/// Where the block of an object was written; of what the application shares, the object itself.
fn place<'a>(app: &'a App, object: &'a Object) -> &'a Origin {
    let block = match &object.unit {
        Unit::Service(name) => app.services.get(name).map(|service| &service.origin),
        Unit::Store(name) => app.stores.get(name).map(|store| &store.origin),
        Unit::Job(name) => app.jobs.get(name).map(|job| &job.origin),
        Unit::Migration(name) => app.migrations.get(name).map(|migration| &migration.origin),
        Unit::Claim(name) => app.claims.get(name).map(|claim| claim.name.origin()),
        Unit::Route(name) => app.routes.get(name).map(|route| route.name.origin()),
        Unit::Namespace(_) | Unit::Shared => None,
    };
    let block = block.filter(|origin| origin.place().is_some());
    block.unwrap_or_else(|| object.body.origin())
}
