//! Migrations and jobs.

use plimsoll_source::{Finding, Findings, Str};
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

fn circle(app: &App, start: &Migration, findings: &mut Findings) {
    let (mut open, mut seen) = (vec![start], Vec::new());
    while let Some(migration) = open.pop() {
        for before in &migration.after {
            if before.peek() == start.name.peek() {
                let what = format!("the migration `{}` waits for itself", start.name.peek());
                let finding = Finding::new(&relations::CIRCLE, what);
                findings.report(finding.mark_origin(before.origin(), "leads back"));
                return;
            }
            let next = app.migrations.get(before.peek());
            if let Some(next) = next.filter(|_| !seen.contains(&before.peek())) {
                seen.push(before.peek());
                open.push(next);
            }
        }
    }
}
