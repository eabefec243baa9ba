//! Claims that one node has at a time, and the pods that use them.

use plimsoll_source::{Finding, Findings, Origin};

use crate::app::pod::Volume;
use crate::app::service::Kind;
use crate::app::{App, Claim, Service, Strategy};
use crate::rules::relations;

/// Checks who uses each claim that is not shared.
pub fn check(app: &App, findings: &mut Findings) {
    let nodes = app.cluster.nodes.count.as_ref();
    if nodes.is_some_and(|count| count.peek().max == 1) {
        return;
    }
    for claim in app.claims.values().filter(|claim| !claim.shared.peek()) {
        let uses = uses(app, claim.name.peek());
        let (first, second) = match uses.as_slice() {
            [first, second, ..] => (first, second.volume),
            [first] => match &first.several {
                Some(several) => (first, several),
                None => continue,
            },
            [] => continue,
        };
        findings.report(found(claim, first.volume, second));
    }
}

fn found(claim: &Claim, first: &Origin, second: &Origin) -> Finding {
    let name = claim.name.peek();
    let what = format!("one node at a time has `{name}`, and several pods use it");
    Finding::new(&relations::CLAIM_OF_MANY, what)
        .mark_origin(claim.name.origin(), "not `shared`")
        .mark_origin(first, "used here")
        .mark_origin(second, "by several pods")
        .help("write `shared: true` with a class that can, or `scale: single` for its only user")
}

/// A volume that is a claim, and why more than one pod of its program has it.
struct User<'a> {
    volume: &'a Origin,
    several: Option<Origin>,
}

/// Each program that mounts the claim, once.
fn uses<'a>(app: &'a App, claim: &str) -> Vec<User<'a>> {
    let is_it = |volume: &&Volume| {
        volume
            .claim
            .as_ref()
            .is_some_and(|name| name.peek() == claim)
    };
    let mut uses = Vec::new();
    for service in app.services.values() {
        let several = several(service);
        uses.extend(service.volumes.values().find(is_it).map(|volume| User {
            volume: &volume.origin,
            several: several.clone(),
        }));
    }
    let jobs = app.jobs.values().map(|job| &job.volumes);
    let migrations = app.migrations.values().map(|migration| &migration.volumes);
    let stores = app.stores.values().map(|store| &store.volumes);
    for volumes in jobs.chain(migrations).chain(stores) {
        uses.extend(volumes.values().find(is_it).map(|volume| User {
            volume: &volume.origin,
            several: None,
        }));
    }
    uses
}

/// Why a service has two pods, if only while one takes over from the other.
fn several(service: &Service) -> Option<Origin> {
    let replicas = &service.scale.replicas;
    let everywhere = *service.kind.peek() == Kind::DaemonSet;
    let overlaps = *service.kind.peek() == Kind::Deployment
        && !matches!(service.strategy, Strategy::Recreate(_));
    let many = *replicas.max.peek() > 1 || everywhere || overlaps;
    many.then(|| replicas.origin.clone())
}
