//! Relations between environments.

use plimsoll_source::{Finding, Findings, Sourced, Str};
use std::collections::BTreeMap;

use super::names::exists;
use crate::app::App;
use crate::load::LoadedEnvironment;
use crate::rules::relations;

/// Checks what environments say of each other.
pub fn check(environments: &[LoadedEnvironment], findings: &mut Findings) {
    shared(environments, findings);
    named_alike(environments, findings);
    for environment in environments {
        let promoted = environment.app.iter().flat_map(|app| &app.deliver.promote);
        let mut own = Findings::default();
        for name in promoted {
            let names = environments
                .iter()
                .map(|environment| environment.name.as_str());
            exists("environment", name, names, &mut own);
        }
        findings.extend_from(&environment.name, own);
    }
}

/// Every namespace in which something of an application is made; one that exists already may be anybody's.
fn lived_in(app: &App) -> impl Iterator<Item = &Sourced<Str>> {
    let things = app.services.values().map(|one| &one.namespace);
    let things = things
        .chain(app.jobs.values().map(|one| &one.namespace))
        .chain(app.migrations.values().map(|one| &one.namespace))
        .chain(app.stores.values().map(|one| &one.namespace))
        .chain(app.claims.values().map(|one| &one.namespace));
    std::iter::once(&app.namespace.name).chain(things)
}

/// Files of outputs are named after environments, by their short names.
fn named_alike(environments: &[LoadedEnvironment], findings: &mut Findings) {
    let mut seen: BTreeMap<&Str, &LoadedEnvironment> = BTreeMap::new();
    for environment in environments {
        let Some(other) = seen.insert(&environment.short, environment) else {
            continue;
        };
        let what = format!(
            "`{}` and `{}` are both `{}` in names of files",
            other.name, environment.name, environment.short
        );
        let mut finding = Finding::new(&relations::SAME_NAME, what);
        for one in [environment, other] {
            if let Some(app) = &one.app {
                finding = finding.mark_origin(app.environment.short.origin(), "this one");
            }
        }
        findings.report(finding.help("write another `short`"));
    }
}

/// Two environments on one cluster may not share a namespace.
fn shared(environments: &[LoadedEnvironment], findings: &mut Findings) {
    let mut seen: BTreeMap<(Str, Str), &LoadedEnvironment> = BTreeMap::new();
    for environment in environments {
        let Some(app) = &environment.app else {
            continue;
        };
        let Some(context) = &app.cluster.context else {
            continue;
        };
        let names = lived_in(app).map(|name| (name.peek().clone(), name));
        let lived_in: BTreeMap<Str, &Sourced<Str>> = names.collect();
        let taken = lived_in.into_iter().find_map(|(text, name)| {
            let known = seen
                .entry((context.peek().clone(), text))
                .or_insert(environment);
            (known.name != environment.name).then_some((*known, name))
        });
        let Some((other, name)) = taken else {
            continue;
        };
        let what = format!(
            "`{}` and `{}` share the namespace `{}` of one cluster",
            other.name,
            environment.name,
            name.peek()
        );
        let finding = Finding::new(&relations::SHARED_NAMESPACE, what)
            .mark_origin(context.origin(), "this cluster")
            .mark_origin(name.origin(), "this namespace")
            .help("write `namespace: ${app}-${env}`");
        findings.report(finding);
    }
}
