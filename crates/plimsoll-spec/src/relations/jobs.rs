//! Migrations and jobs.

use plimsoll_source::{Finding, Findings, Origin, Str};
use std::collections::BTreeMap;

use super::names::exists;
use crate::app::migration::Tool;
use crate::app::{App, Migration};
use crate::rules::relations;

/// Checks migrations.
pub fn check(app: &App, findings: &mut Findings) {
    let mut migrators: BTreeMap<String, &Migration> = BTreeMap::new();
    for migration in app.migrations.values() {
        form(migration, findings);
        for before in &migration.after {
            exists(
                "migration",
                before,
                app.migrations.keys().map(Str::as_str),
                findings,
            );
        }
        circle(app, migration, findings);
        let own = migration
            .tool
            .as_ref()
            .is_some_and(|tool| *tool.peek() == Tool::Own);
        if own || !*migration.enabled.peek() {
            continue;
        }
        let database = migration.target.to_string();
        let Some(other) = migrators.insert(database.clone(), migration) else {
            continue;
        };
        let what = format!("two migrations of `{database}`");
        let finding = Finding::new(&relations::TWO_MIGRATORS, what)
            .mark_origin(&migration.origin, "this one")
            .mark_origin(&other.origin, "and this one");
        findings.report(finding);
    }
}

/// A tool or a command, and what goes with it.
fn form(migration: &Migration, findings: &mut Findings) {
    let commanded = migration.command.is_some() || migration.args.is_some();
    let tool = migration.tool.as_ref().map(plimsoll_source::Sourced::peek);
    let problem = match tool {
        None if !commanded => Some("has neither `tool` nor `command`"),
        Some(_) if commanded => Some("has both `tool` and `command`"),
        Some(Tool::Own) if migration.service.is_none() => {
            Some("has `tool: self`, and no `service` that migrates")
        }
        Some(Tool::Own) => None,
        Some(_) if migration.folder.is_none() => Some("has a `tool`, and no `folder` of its files"),
        _ => None,
    };
    if let Some(problem) = problem {
        let what = format!("the migration `{}` {problem}", migration.name.peek());
        let finding = Finding::new(&relations::CHOICE, what);
        findings.report(finding.mark_origin(&migration.origin, "this migration"));
    }
}

/// Every migration of a circle finds it; the first by name says so.
fn circle(app: &App, start: &Migration, findings: &mut Findings) {
    let name = start.name.peek();
    let reached = reached(app, start);
    let ring = reached.keys().filter(|other| {
        let other = app.migrations.get(**other);
        other.is_some_and(|other| self::reached(app, other).contains_key(name))
    });
    if let (Some(origin), Some(first)) = (reached.get(name), ring.min())
        && *first == name
    {
        let what = format!("the migration `{name}` waits for itself");
        let finding = Finding::new(&relations::CIRCLE, what);
        findings.report(finding.mark_origin(origin, "leads back"));
    }
}

/// Migrations that come before one, with the places that say so.
fn reached<'a>(app: &'a App, start: &'a Migration) -> BTreeMap<&'a Str, &'a Origin> {
    let (mut open, mut reached) = (vec![start], BTreeMap::new());
    while let Some(migration) = open.pop() {
        for before in &migration.after {
            if reached.insert(before.peek(), before.origin()).is_none() {
                open.extend(app.migrations.get(before.peek()));
            }
        }
    }
    reached
}
