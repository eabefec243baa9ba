//! Labels, and names of namespaces, as the API server takes them.

use indexmap::IndexMap;
use plimsoll_source::{Finding, Findings, Sourced, Str};

use super::literals::is_open;
use crate::app::App;
use crate::rules::shapes;
use crate::types::name;

/// Checks every label, and where things live.
pub fn check(app: &App, findings: &mut Findings) {
    for labels in maps(app) {
        for (key, value) in labels {
            label(key, value, findings);
        }
    }
    let services = app.services.values().map(|service| &service.namespace);
    let jobs = app.jobs.values().map(|job| &job.namespace);
    let migrations = app
        .migrations
        .values()
        .map(|migration| &migration.namespace);
    let stores = app.stores.values().map(|store| &store.namespace);
    let claims = app.claims.values().map(|claim| &claim.namespace);
    let lived_in = services.chain(jobs).chain(migrations).chain(stores);
    for namespace in lived_in.chain(claims).chain([&app.namespace.name]) {
        self::namespace(namespace, findings);
    }
}

/// Every map of labels; those of things that a job has from its service are told once.
fn maps(app: &App) -> Vec<&IndexMap<Str, Sourced<Str>>> {
    let services = app.services.values().map(|service| service.labels.peek());
    let jobs = app.jobs.values().map(|job| job.labels.peek());
    let migrations = app
        .migrations
        .values()
        .map(|migration| migration.labels.peek());
    let stores = app.stores.values().map(|store| store.labels.peek());
    let namespaces = app.namespaces.values().chain([&app.namespace]);
    let namespaces = namespaces.map(|namespace| &namespace.labels);
    let routes = app.routes.values().map(|route| &route.labels);
    let things = services.chain(jobs).chain(migrations).chain(stores);
    things.chain(namespaces).chain(routes).collect()
}

fn label(key: &str, value: &Sourced<Str>, findings: &mut Findings) {
    let name = key.rsplit_once('/').map_or(key, |(_, name)| name);
    if name.is_empty() || !is_word(name) {
        let what = format!("`{key}` is no key of a label");
        let finding = Finding::new(&shapes::BAD_NAME, what);
        let finding = finding.mark_origin(value.origin(), "under this key");
        findings.report(
            finding.help("letters, digits, `-`, `_` and `.`; a domain and `/` may stand before"),
        );
    }
    let text = value.peek();
    if !is_word(text) && !is_open(text) {
        let what = format!("`{text}` is no value of a label");
        let finding = Finding::new(&shapes::WRONG_VALUE, what);
        let finding = finding.mark_origin(value.origin(), "no label");
        findings.report(finding.help(
            "at most 63 letters, digits, `-`, `_` and `.`; other text goes into `annotations`",
        ));
    }
}

/// What may stand in a label: letters and digits at both ends, or nothing at all.
fn is_word(text: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let end = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    text.len() <= 63 && text.bytes().all(inside) && end(bytes.first()) && end(bytes.last())
}

fn namespace(namespace: &Sourced<Str>, findings: &mut Findings) {
    let text = namespace.peek();
    if is_open(text) {
        return;
    }
    // A digit may begin it, as the API server has it.
    let Err(problem) = name::check(&format!("n{text}"), 64) else {
        if !text.starts_with('-') {
            return;
        }
        return report(namespace, "begins with `-`".to_owned(), None, findings);
    };
    let mend = problem.mend.map(|better| better[1..].to_owned());
    report(namespace, problem.what, mend, findings);
}

fn report(namespace: &Sourced<Str>, why: String, mend: Option<String>, findings: &mut Findings) {
    let what = format!("`{}` cannot be the name of a namespace", namespace.peek());
    let finding = Finding::new(&shapes::BAD_NAME, what).mark_origin(namespace.origin(), why);
    findings.report(match (mend, namespace.place()) {
        (Some(better), Some(span)) => finding.help(format!("write `{better}`")).edit(span, better),
        _ => finding,
    });
}
