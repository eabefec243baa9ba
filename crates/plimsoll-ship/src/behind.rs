//! Data that would stay behind: what the file puts into another namespace begins empty there, while the
//! disks stay where they were.

use crate::cause::Cause;
use crate::inventory::Inventory;
use crate::observe::Observed;
use crate::obstacle::Obstacle;
use crate::release::{Desired, ObjectKey, Release};

/// What holds data, shall be somewhere else than it is, and is not there yet.
pub(crate) fn data_left_behind(
    release: &Release,
    inventory: &Inventory,
    observed: &Observed,
) -> Vec<Obstacle> {
    let begins = |desired: &&Desired| desired.protected && observed.get(&desired.key).is_none();
    let begin = release.objects.iter().filter(begins);
    let found = begin.filter_map(|desired| {
        let left = elsewhere(&desired.key, inventory, observed)?;
        Some(obstacle(desired, left))
    });
    found.collect()
}

/// The object of the same kind and name that the release has no more, in another namespace.
fn elsewhere<'a>(
    key: &ObjectKey,
    inventory: &'a Inventory,
    observed: &Observed,
) -> Option<&'a ObjectKey> {
    let left = inventory
        .0
        .iter()
        .filter(|(_, entry)| entry.left && entry.protected);
    left.map(|(left, _)| left).find(|left| {
        left.kind == key.kind
            && left.group() == key.group()
            && left.name == key.name
            && left.namespace != key.namespace
            && observed.get(left).is_some()
    })
}

fn obstacle(desired: &Desired, left: &ObjectKey) -> Obstacle {
    let (old, new) = (inside(left), inside(&desired.key));
    let cause = format!("its data is in namespace {old}; in namespace {new} it would begin empty");
    // What a service keeps in a volume has no word of its own.
    let empty = match desired.key.kind.as_str() {
        "PersistentVolumeClaim" => "bring the claim there yourself and ship with `--adopt`",
        _ => "write `protect: false` if it may begin empty",
    };
    let remedy = format!("leave it in {old}, where others reach it as well; or {empty}");
    Obstacle::of(Cause::DataStaysBehind, &desired.key, cause, remedy).at(desired.place.clone())
}

fn inside(key: &ObjectKey) -> &str {
    key.namespace.as_deref().unwrap_or_default()
}
