//! Which disks a thing has, as patterns of the names of their claims, and alerts for `claims`.

use super::alerts::{BY_CRON_JOB, Rules, full, joined, no_copy, rule};
use crate::cx::{Cx, Objects};
use crate::names::dashed;
use crate::program::Program;
use crate::workload::volume::own_claim;
use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec::app::Store;
use plimsoll_spec::app::service::Kind;
use plimsoll_spec::app::store::Run;
use plimsoll_world::{Cond, ObjectForm, Unit};

/// Alerts for the disks that are shared: their pods are of several things.
pub fn objects(cx: &Cx, out: &mut Objects) {
    for claim in cx.app.claims.values() {
        let mut rules = Rules::new(cx, &claim.name, &claim.namespace, "claim");
        let alerts = &cx.app.observe.alerts;
        full(&mut rules, &alerts.disk, Some(&claim.name));
        // Services and claims have names of their own kind.
        let name = claim.name.map(|name| Str::from(format!("{name}-disk")));
        let copied = claim.backup.some().and_then(|backup| backup.full.as_ref());
        if let Some(copy) = copied {
            let text = Sourced::new(BY_CRON_JOB, claim.origin.clone());
            no_copy(&mut rules, &alerts.backup, copy, &text, &name);
        }
        let some =
            alerts.disk.some().is_some() || (copied.is_some() && alerts.backup.some().is_some());
        let groups = vec![rules.group("disk")];
        let body = rule(cx, &name, &claim.namespace, "claim", groups);
        let when = Cond::known(some, claim.name.origin());
        out.push(ObjectForm::new(
            Unit::Claim(claim.name.peek().clone()),
            when,
            body,
        ));
    }
}

/// The disks of a program's own.
pub fn of_program(program: &Program, kind: Kind) -> Option<Sourced<Str>> {
    let own = program
        .volumes
        .iter()
        .filter(|(_, volume)| volume.claim.is_none() && !*volume.memory.peek());
    let names: Vec<Sourced<Str>> = own
        .filter_map(|(path, volume)| {
            let size = volume.size.as_ref()?;
            let claim = if kind == Kind::StatefulSet {
                program
                    .name
                    .map(|name| Str::from(format!("disk-{}-{name}-[0-9]+", dashed(path))))
            } else {
                program.name.map(|_| own_claim(program, path))
            };
            Some(claim.because(size.origin()))
        })
        .collect();
    let memory = program
        .volumes
        .values()
        .map(|volume| volume.memory.origin().clone());
    joined(&names).map(|names| names.because(&Origin::all(memory)))
}

/// The disks of a store's instances.
pub fn of_store(store: &Store) -> Option<Sourced<Str>> {
    let storage = store.storage.some()?;
    let pattern = |name: &Str| {
        if *store.run.peek() == Run::Operator {
            Str::from(format!("{name}-[0-9]+"))
        } else {
            Str::from(format!("data-{name}-[0-9]+"))
        }
    };
    let names = store.name.map(pattern).because(store.run.origin());
    Some(names.because(&storage.origin))
}
