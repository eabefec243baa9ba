//! Labels that pods want of nodes, and labels that nodes have.

use plimsoll_source::{Finding, Findings, Sourced, Str};

use crate::app::App;
use crate::rules::relations;

/// Checks what everything with pods wants, where the file says what nodes have.
pub fn check(app: &App, findings: &mut Findings) {
    if app.cluster.nodes.labels.is_empty() {
        return;
    }
    let services = app.services.values().map(|service| &service.placement);
    let jobs = app.jobs.values().map(|job| &job.placement);
    let migrations = app
        .migrations
        .values()
        .map(|migration| &migration.placement);
    let stores = app.stores.values().map(|store| &store.placement);
    for placement in services.chain(jobs).chain(migrations).chain(stores) {
        for (label, value) in &placement.peek().nodes {
            wanted(app, label, value, findings);
        }
    }
}

/// Labels of Kubernetes' own are given by the cluster.
fn wanted(app: &App, label: &Str, value: &Sourced<Str>, findings: &mut Findings) {
    let had = app.cluster.nodes.labels.get(label);
    if label.contains("kubernetes.io/") || had.is_some_and(|had| had.peek() == value.peek()) {
        return;
    }
    let what = format!("no node has `{label}: {}`", value.peek());
    let finding = Finding::new(&relations::NO_SUCH_NODE, what);
    let finding = finding.mark_origin(value.origin(), "is wanted here");
    findings.report(match had {
        Some(had) => finding.mark_origin(had.origin(), "is what nodes have"),
        None => finding.help(format!(
            "write `cluster: {{ nodes: {{ labels: {{ {label}: \"{}\" }} }} }}`",
            value.peek()
        )),
    });
}
