//! Where copies of data go.

use indexmap::IndexMap;
use plimsoll_source::{Finding, Findings, Origin, Sourced, Str};

use super::names::exists;
use crate::app::job::When;
use crate::app::store::Copy;
use crate::app::{App, External};
use crate::rules::{relations, shapes};

/// Checks the copies of stores, claims and the cluster.
pub fn check(app: &App, findings: &mut Findings) {
    for backup in app.stores.values().filter_map(|store| store.backup.some()) {
        let copies = [
            &backup.full,
            &backup.incremental,
            &backup.offsite,
            &backup.archive,
        ];
        let copies: Vec<&Copy> = copies.into_iter().flatten().collect();
        targets(app, backup.to.as_ref(), &copies, &backup.origin, findings);
        drill(backup.drill.as_ref(), backup.full.as_ref(), findings);
    }
    for backup in app.claims.values().filter_map(|claim| claim.backup.some()) {
        let copies = [&backup.full, &backup.offsite, &backup.archive];
        let copies: Vec<&Copy> = copies.into_iter().flatten().collect();
        targets(app, backup.to.as_ref(), &copies, &backup.origin, findings);
        drill(backup.drill.as_ref(), backup.full.as_ref(), findings);
    }
    if let Some(to) = &app.platform.backup.to {
        bucket(&app.externals, to, findings);
    }
}

fn targets(
    app: &App,
    to: Option<&Sourced<Str>>,
    copies: &[&Copy],
    origin: &Origin,
    findings: &mut Findings,
) {
    let own = copies.iter().filter_map(|copy| copy.to.as_ref());
    for to in own.chain(to) {
        bucket(&app.externals, to, findings);
    }
    if copies.is_empty() {
        let finding = Finding::new(&shapes::MISSING_KEY, "a backup makes no copy");
        let finding = finding.mark_origin(origin, "which copy, and when?");
        findings.report(finding.help("add `full: daily 02:00`, or write `backup: none`"));
    }
    if to.is_none() && copies.iter().any(|copy| copy.to.is_none()) {
        let finding = Finding::new(&shapes::MISSING_KEY, "a backup lacks `to`");
        let finding = finding.mark_origin(origin, "where do copies go?");
        findings.report(finding.help("add `to: NAME`, an external with a `bucket`"));
    }
}

/// What a drill restores is the last whole copy.
fn drill(drill: Option<&When>, full: Option<&Copy>, findings: &mut Findings) {
    if let (Some(drill), None) = (drill, full) {
        let finding = Finding::new(&shapes::MISSING_KEY, "a drill has no copy to restore");
        let finding = finding.mark_origin(drill.when.origin(), "restores the last `full`");
        findings.report(finding.help("add `full: daily 02:00`"));
    }
}

fn bucket(externals: &IndexMap<Str, External>, to: &Sourced<Str>, findings: &mut Findings) {
    exists("external", to, externals.keys().map(Str::as_str), findings);
    let known = externals.get(to.peek());
    if known.is_some_and(|external| external.bucket.is_none()) {
        let what = format!("the external `{}` has no `bucket`", to.peek());
        let finding = Finding::new(&relations::UNKNOWN_THING, what);
        let finding = finding.mark_origin(to.origin(), "copies need a bucket");
        let help = format!("add `bucket: s3://…` to `externals.{}`", to.peek());
        findings.report(finding.help(help));
    }
}
