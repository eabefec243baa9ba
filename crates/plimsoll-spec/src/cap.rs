//! Upper bounds: lower, never raise.

use indexmap::IndexMap;
use plimsoll_source::{Knob, Origin, Sourced};

use crate::app::pod::Companion;
use crate::app::scale::Replicas;
use crate::app::store::Mode;
use crate::app::{App, Cap, OrNone, Size, Store};
use crate::types::{Bytes, SizeRange};

/// Lowers what is above the bounds of an application.
pub fn cap(app: &mut App) {
    let cap = app.cap.clone();
    for service in app.services.values_mut() {
        if let Some(most) = &cap.replicas {
            replicas(&mut service.scale.replicas, most);
        }
        size(&mut service.size, &cap);
        let companions = service
            .init
            .values_mut()
            .chain(service.sidecars.values_mut());
        companions.for_each(|companion: &mut Companion| size(&mut companion.size, &cap));
    }
    app.jobs
        .values_mut()
        .for_each(|job| size(&mut job.size, &cap));
    app.migrations
        .values_mut()
        .for_each(|migration| size(&mut migration.size, &cap));
    app.stores.values_mut().for_each(|one| store(one, &cap));
    if let Some(most) = &cap.storage {
        disks(app, most);
    }
}

/// Disks of services, jobs and migrations, those of stores besides their data, and shared ones. What
/// is in memory is bounded by `memory`.
fn disks(app: &mut App, most: &Sourced<Bytes>) {
    let services = app
        .services
        .values_mut()
        .map(|service| &mut service.volumes);
    let jobs = app.jobs.values_mut().map(|job| &mut job.volumes);
    let migrations = app.migrations.values_mut();
    let migrations = migrations.map(|migration| &mut migration.volumes);
    let stores = app.stores.values_mut().map(|store| &mut store.volumes);
    let all = services.chain(jobs).chain(migrations).chain(stores);
    for volume in all.flat_map(IndexMap::values_mut) {
        if let (Some(size), false) = (&mut volume.size, *volume.memory.peek()) {
            *size = size.at_most(most);
        }
    }
    for claim in app.claims.values_mut() {
        claim.size = lowered(&claim.size, most);
    }
}

fn replicas(replicas: &mut Replicas, most: &Sourced<u32>) {
    for knob in [&mut replicas.min, &mut replicas.max, &mut replicas.count] {
        *knob = lowered(knob, most);
    }
    let closed = replicas.min.peek() == replicas.max.peek();
    if *replicas.auto.peek() && closed {
        let off = most.choose("cap: range closed", |_| false);
        let off = off.because(replicas.auto.origin());
        replicas.auto = Knob::new(replicas.auto.handle().clone(), off);
    }
}

fn lowered<T: Ord + Clone>(knob: &Knob<T>, most: &Sourced<T>) -> Knob<T> {
    Knob::new(knob.handle().clone(), knob.fixed().at_most(most))
}

fn size(size: &mut Size, cap: &Cap) {
    if let Some(most) = &cap.cpu {
        size.cpu = knob(&size.cpu, most);
    }
    if let Some(most) = &cap.memory {
        size.memory = knob(&size.memory, most);
    }
}

fn knob<T: Ord + Clone>(range: &Knob<SizeRange<T>>, most: &Sourced<T>) -> Knob<SizeRange<T>> {
    Knob::new(range.handle().clone(), self::range(range.fixed(), most))
}

/// Both ends of a range, at most the bound.
fn range<T: Ord + Clone>(
    value: &Sourced<SizeRange<T>>,
    most: &Sourced<T>,
) -> Sourced<SizeRange<T>> {
    let bound = most.peek();
    let low = |end: &T| end.clone().min(bound.clone());
    let lowered = SizeRange {
        request: low(&value.peek().request),
        limit: value.peek().limit.as_ref().map(low),
    };
    let ends = [
        lowered.request == value.peek().request,
        lowered.limit == value.peek().limit,
    ];
    let origin = match ends {
        [true, true] => value.origin().because(most.origin()),
        [false, _] => most.origin().over(value.origin()),
        // The request is the range's, the limit the bound's: neither drives both.
        _ => {
            let both = Origin::all([value.origin().clone(), most.origin().clone()]);
            Origin::rule("cap: limit lowered", []).because(&both)
        }
    };
    Sourced::new(lowered, origin)
}

fn store(store: &mut Store, cap: &Cap) {
    if let Some(most) = &cap.cpu {
        store.size.cpu = range(&store.size.cpu, most);
    }
    if let Some(most) = &cap.memory {
        store.size.memory = range(&store.size.memory, most);
    }
    if let (Some(most), OrNone::Some(storage)) = (&cap.storage, &mut store.storage) {
        storage.size = lowered(&storage.size, most);
    }
    let Some(most) = &cap.instances else {
        return;
    };
    store.instances = lowered(&store.instances, most);
    if *store.instances.peek() == 1 && *store.mode.peek() != Mode::Single {
        let single = most.choose("cap: one instance", |_| Mode::Single);
        store.mode = single.because(store.mode.origin());
    }
}
