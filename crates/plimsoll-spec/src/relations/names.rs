//! Names that several blocks share, and names that stand for something elsewhere.

use indexmap::IndexMap;
use plimsoll_source::{Finding, Findings, Origin, Sourced, Str};
use std::collections::BTreeMap;

use crate::app::pod::SecretUse;
use crate::app::{App, Secret};
use crate::rules::relations;
use crate::shape::canonical::mend;
use plimsoll_source::near::near;

/// Checks names.
pub fn check(app: &App, findings: &mut Findings) {
    shared(app, findings);
    let services = || app.services.keys().map(Str::as_str);
    for load in app.load.values() {
        exists("service", &load.service, services(), findings);
    }
    for objective in app.observe.objectives.values() {
        exists("service", &objective.service, services(), findings);
    }
    for alerts in app.observe.alerts.services.values() {
        let things = services().chain(app.stores.keys().map(Str::as_str));
        exists("service or store", &alerts.service, things, findings);
    }
    for service in app.services.values() {
        for other in &service.placement.peek().apart {
            exists("service", other, services(), findings);
        }
    }
    secrets(app, findings);
    if let Some(pull) = app.images.pull.as_ref().and_then(|pull| pull.name.as_ref()) {
        secret(app, pull, findings);
    }
    for store in app.stores.values() {
        store
            .secret
            .iter()
            .for_each(|name| secret(app, name, findings));
    }
}

/// Services, stores and externals share one set of names.
fn shared(app: &App, findings: &mut Findings) {
    let mut seen: BTreeMap<&Str, (&Origin, &str)> = BTreeMap::new();
    let services = app
        .services
        .iter()
        .map(|(name, s)| (name, &s.origin, "service"));
    let stores = app
        .stores
        .iter()
        .map(|(name, s)| (name, &s.origin, "store"));
    let externals = app
        .externals
        .iter()
        .map(|(name, e)| (name, &e.origin, "external"));
    for (name, origin, kind) in services.chain(stores).chain(externals) {
        if matches!(name.as_str(), "platform" | "secrets") {
            let finding =
                Finding::new(&relations::SAME_NAME, format!("the name `{name}` is taken"));
            findings.report(finding.mark_origin(origin, "taken"));
        }
        let Some((other, other_kind)) = seen.insert(name, (origin, kind)) else {
            continue;
        };
        let article = if kind == "external" { "an" } else { "a" };
        let what = format!("`{name}` is a {other_kind} and {article} {kind}");
        let finding = Finding::new(&relations::SAME_NAME, what)
            .mark_origin(origin, kind.to_owned())
            .mark_origin(other, other_kind.to_owned());
        findings.report(finding);
    }
}

/// Reports a name that is not among those that there are.
pub fn exists<'a>(
    kind: &str,
    name: &Sourced<Str>,
    names: impl Iterator<Item = &'a str> + Clone,
    findings: &mut Findings,
) {
    if names.clone().any(|known| known == name.peek().as_str()) {
        return;
    }
    let what = format!("there is no {kind} `{}`", name.peek());
    let finding = Finding::new(&relations::UNKNOWN_THING, what);
    findings.report(match near(name.peek(), names) {
        Some(near) => mend(finding, name.origin(), "unknown", near),
        None => finding.mark_origin(name.origin(), "unknown"),
    });
}

/// Reports a secret that is not defined.
pub fn secret(app: &App, name: &Sourced<Str>, findings: &mut Findings) {
    let bare = name.map(|name| name.split('.').next().map_or(name.clone(), Str::from));
    if let Some(secret) = app.secrets.get(bare.peek()) {
        return half(secret, name, findings);
    }
    let what = format!("`secrets` has no `{}`", bare.peek());
    let finding = Finding::new(&relations::UNKNOWN_SECRET, what);
    let names = app.secrets.keys().map(Str::as_str);
    findings.report(match near(bare.peek(), names) {
        Some(near) => mend(finding, name.origin(), "unknown", near),
        None => finding
            .mark_origin(name.origin(), "unknown")
            .help(format!("add `{}: {{}}` to `secrets`", bare.peek())),
    });
}

/// Reports a key that a secret does not have.
fn half(secret: &Secret, name: &Sourced<Str>, findings: &mut Findings) {
    let Some((_, key)) = name.peek().split_once('.') else {
        return;
    };
    let mut keys: Vec<&str> = secret.keys.iter().map(|key| key.peek().as_str()).collect();
    if secret.kind.peek().is_pair() {
        keys.extend(["private", "public"]);
    }
    if !keys.contains(&key) {
        let what = format!("the secret `{}` has no key `{key}`", secret.name.peek());
        let finding = Finding::new(&relations::UNKNOWN_SECRET, what);
        findings.report(finding.mark_origin(name.origin(), "unknown"));
    }
}

fn secrets(app: &App, findings: &mut Findings) {
    let of = |used: &IndexMap<Str, SecretUse>, findings: &mut Findings| {
        for used in used.values() {
            secret(app, used.from.as_ref().unwrap_or(&used.name), findings);
        }
    };
    for service in app.services.values() {
        of(&service.secrets, findings);
        let companions = service.init.values().chain(service.sidecars.values());
        companions.for_each(|companion| of(&companion.secrets, findings));
    }
    app.jobs.values().for_each(|job| of(&job.secrets, findings));
    app.migrations
        .values()
        .for_each(|migration| of(&migration.secrets, findings));
    for store in app.stores.values() {
        of(&store.secrets, findings);
        let users = store
            .users
            .some()
            .into_iter()
            .flat_map(|users| users.values());
        for user in users {
            user.password
                .iter()
                .for_each(|password| secret(app, password, findings));
        }
    }
    for external in app.externals.values() {
        external
            .secret
            .iter()
            .for_each(|name| secret(app, name, findings));
    }
}
