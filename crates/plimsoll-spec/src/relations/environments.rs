//! Relations between environments.

use plimsoll_source::{Finding, Findings, Str};
use std::collections::BTreeMap;

use super::names::exists;
use crate::load::LoadedEnvironment;
use crate::rules::relations;

/// Checks what environments say of each other.
pub fn check(environments: &[LoadedEnvironment], findings: &mut Findings) {
    shared(environments, findings);
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
        let name = &app.namespace.name;
        let place = (context.peek().clone(), name.peek().clone());
        let Some(other) = seen.get(&place) else {
            seen.insert(place, environment);
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
