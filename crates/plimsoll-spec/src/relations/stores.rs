//! Stores: what their engine can, and what goes with how they run.

use plimsoll_source::{Finding, Findings, Origin, Step};

use crate::app::store::{Engine, Mode, Run};
use crate::app::{App, OrNone, Store};
use crate::engines::Facts;
use crate::rules::{relations, shapes};
use crate::shape::canonical::mend;
use plimsoll_source::near::near;

/// Checks stores.
pub fn check(app: &App, findings: &mut Findings) {
    for store in app.stores.values() {
        let engine = *store.engine.peek();
        match engine.facts() {
            Some(facts) => of_engine(store, facts, findings),
            None => custom(store, findings),
        }
        external(store, findings);
        shards(store, findings);
    }
}

fn report(store: &Store, what: &str, origin: &Origin, label: &str, findings: &mut Findings) {
    let what = format!("`{}`: {what}", store.name.peek());
    let finding = Finding::new(&relations::ENGINE_FACT, what);
    let finding = finding.mark_origin(origin, label);
    findings.report(finding.mark_origin(store.engine.origin(), "this engine"));
}

fn of_engine(store: &Store, facts: &Facts, findings: &mut Findings) {
    let engine = store.engine.peek();
    let mode = *store.mode.peek();
    if engine.is_full() && !facts.modes.contains(&mode) {
        let what = format!("{engine} is not run as {mode}");
        report(store, &what, store.mode.origin(), "not possible", findings);
    }
    let instances = store.instances.fixed();
    if *instances.peek() > 1 && !engine.is_full() && !facts.clusters {
        let what = format!("{engine} does not make one of several instances by itself");
        report(store, &what, instances.origin(), "more than one", findings);
    }
    if mode == Mode::Single && *instances.peek() > 1 && engine.is_full() {
        let what = "`mode: single` has one instance";
        report(store, what, instances.origin(), "more than one", findings);
    }
    if *store.run.peek() == Run::Operator && facts.operator.is_none() {
        let what = format!("no operator of {engine} is known");
        report(store, &what, store.run.origin(), "no operator", findings);
    }
    if !facts.databases
        && let Some((_, database)) = store.databases.first()
    {
        let what = format!("{engine} has no databases");
        report(
            store,
            &what,
            database.name.origin(),
            "no databases",
            findings,
        );
    }
    if let OrNone::Some(backup) = &store.backup
        && !facts.point_in_time
    {
        if let Some(copy) = &backup.incremental {
            let what = format!("{engine} has no incremental copies here");
            report(store, &what, copy.when.origin(), "not possible", findings);
        }
        if let Some(recover) = &backup.recover {
            let what = format!("{engine} cannot be brought back to any point in time here");
            report(store, &what, recover.origin(), "not possible", findings);
        }
    }
    extensions(store, facts, findings);
    version(store, facts, findings);
}

/// A version that is not known has no image that is known, unless the file names one.
fn version(store: &Store, facts: &Facts, findings: &mut Findings) {
    let version = &store.version;
    let tag = store.image.tag.fixed().origin();
    let ours = store.image.name.peek().as_str() == facts.image && is_default(tag);
    if !ours || *store.run.peek() == Run::External || facts.version(Some(version.peek())).is_some()
    {
        return;
    }
    let known: Vec<&str> = facts
        .versions
        .iter()
        .map(|version| version.version)
        .collect();
    let what = format!("no version {} is known", version.peek());
    let finding = Finding::new(
        &relations::ENGINE_FACT,
        format!("`{}`: {what}", store.name.peek()),
    )
    .mark_origin(version.origin(), "not known")
    .mark_origin(store.engine.origin(), "this engine");
    findings.report(finding.help(format!(
        "known are {}; of another write `image` as well",
        known.join(", ")
    )));
}

/// An extension must be in the image; whose image is not the engine's is not known.
fn extensions(store: &Store, facts: &Facts, findings: &mut Findings) {
    if facts.extensions.known.is_empty() || store.image.name.peek().as_str() != facts.image {
        return;
    }
    for extension in store
        .databases
        .values()
        .flat_map(|database| &database.extensions)
    {
        let name = extension.peek().as_str();
        if facts.extensions.known.contains(&name) {
            continue;
        }
        let what = format!("the image {} has no extension `{name}`", facts.image);
        let finding = Finding::new(&relations::ENGINE_FACT, what);
        let near = near(name, facts.extensions.known.iter().copied());
        findings.report(match (near, image_with(name)) {
            (_, Some(image)) => {
                let finding = finding.mark_origin(extension.origin(), "not in the image");
                finding.help(format!("{image} has it"))
            }
            (Some(near), None) => mend(finding, extension.origin(), "not in the image", near),
            (None, None) => finding.mark_origin(extension.origin(), "not in the image"),
        });
    }
}

/// An image that has an extension.
fn image_with(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "vector" | "pgvector" => "`image: docker.io/pgvector/pgvector:pg17` (as `vector`)",
        "postgis" => "`image: docker.io/postgis/postgis:17-3.5`",
        "timescaledb" => "`engine: timescaledb`",
        _ => return None,
    })
}

/// Of an engine without a row, the file must say more.
fn custom(store: &Store, findings: &mut Findings) {
    if *store.engine.peek() != Engine::Custom || *store.run.peek() == Run::External {
        return;
    }
    if store
        .image
        .name
        .origin()
        .place()
        .is_none_or(|_| is_default(store.image.name.origin()))
    {
        report(
            store,
            "a custom engine needs `image`",
            &store.origin,
            "no image",
            findings,
        );
    }
    if store.ports.all.is_empty() {
        report(
            store,
            "a custom engine needs `ports`",
            &store.origin,
            "no ports",
            findings,
        );
    }
    if let (OrNone::Some(backup), None) = (&store.backup, &store.dump) {
        let what = "copies of a custom engine need `dump`";
        report(store, what, &backup.origin, "how is it saved?", findings);
    }
}

fn is_default(origin: &Origin) -> bool {
    match origin.step() {
        Step::Rule { .. } => true,
        Step::Guarded { value, .. } => is_default(value),
        Step::Written(_) | Step::Layered { .. } => false,
    }
}

/// Parts are of a cluster. Where a lower layer says them, or `cap` makes one of all, they are passed over.
fn shards(store: &Store, findings: &mut Findings) {
    let shards = &store.shards;
    let (written, by_instances) = (!is_default(shards.origin()), is_filled(store.mode.origin()));
    if !written || !by_instances || *store.mode.peek() == Mode::Cluster {
        return;
    }
    let what = format!("`shards` does not go with `mode: {}`", store.mode.peek());
    let finding = Finding::new(&shapes::IDLE_KEY, what);
    let finding = finding.mark_origin(shards.origin(), "would do nothing");
    findings.report(finding.help("write `mode: cluster`, or leave it out"));
}

/// Whether a mode follows from `instances`.
fn is_filled(origin: &Origin) -> bool {
    match origin.step() {
        Step::Rule { rule, .. } => rule == "default: store.mode",
        Step::Guarded { value, .. } => is_filled(value),
        Step::Written(_) | Step::Layered { .. } => false,
    }
}

/// What is run by somebody else must be found.
fn external(store: &Store, findings: &mut Findings) {
    let is_external = *store.run.peek() == Run::External;
    if is_external && store.host.is_none() && store.secret.is_none() {
        let what = format!(
            "`{}` is external, and has neither `host` nor `secret`",
            store.name.peek()
        );
        let finding = Finding::new(&relations::CHOICE, what);
        findings.report(finding.mark_origin(&store.origin, "where is it?"));
    }
}
