//! Deletion: only of what the inventory names, what carries our label, and with its uid.

use std::collections::BTreeSet;

use kube::Client;
use kube::api::{DeleteParams, DynamicObject, Preconditions};

use crate::error::{ShipError, code};
use crate::family::{carries, named_by_replica_sets};
use crate::inventory::{Entry, Inventory};
use crate::kinds::Kinds;
use crate::observe::Observed;
use crate::release::{ObjectKey, RELEASE_LABEL};
use crate::retry::{optional, retrying};
use crate::steps::{is_made_by_us, is_namespace};

/// What becomes of an entry of the inventory that is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is deleted; the uid says which object is meant.
    Delete(String),
    /// It holds data, or what holds data needs it.
    Protected,
    /// An old revision may still need it.
    InUse,
    /// It is gone, or has become someone else's: it is only forgotten.
    Forget,
}

/// Decides about one entry. `deleted` are workloads that go with it.
pub fn fate(
    observed: &Observed,
    key: &ObjectKey,
    entry: &Entry,
    id: &str,
    deleted: &[&ObjectKey],
) -> Fate {
    let Some(live) = observed.get(key) else {
        return Fate::Forget;
    };
    let uid = live.metadata.uid.clone().unwrap_or_default();
    let is_other = entry.uid.as_ref().is_some_and(|known| *known != uid);
    let is_ours = if is_namespace(key) {
        is_made_by_us(live, id)
    } else {
        carries(live, RELEASE_LABEL, id) || entry.was_made_by_a_set(key)
    };
    if is_other || !is_ours {
        return Fate::Forget;
    }
    if entry.protected {
        return Fate::Protected;
    }
    if matches!(key.kind.as_str(), "ConfigMap" | "Secret")
        && named_by_replica_sets(observed, key, deleted)
    {
        return Fate::InUse;
    }
    Fate::Delete(uid)
}

/// How dependents of a deleted object go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependents {
    /// By themselves, later.
    Later,
    /// Before the object: who sees it gone knows that its pods are gone.
    First,
}

/// Deletes one object. True if it was there and was the one that is meant.
pub async fn delete(
    client: &Client,
    kinds: &Kinds,
    key: &ObjectKey,
    uid: &str,
    dependents: Dependents,
) -> Result<bool, ShipError> {
    let api = kinds.api(client, key)?;
    let preconditions = Preconditions {
        uid: Some(uid.to_owned()),
        resource_version: None,
    };
    let params = match dependents {
        Dependents::Later => DeleteParams::background(),
        Dependents::First => DeleteParams::foreground(),
    };
    let params = params.preconditions(preconditions);
    match optional(retrying(|| api.delete(&key.name, &params)).await) {
        Ok(answer) => Ok(answer.is_some()),
        // The name belongs to another object by now.
        Err(error) if code(&error) == 409 => Ok(false),
        Err(error) => Err(ShipError::request(format!("deleting {key}"))(error)),
    }
}

/// Objects with our label that the inventory does not name: reported, never deleted.
pub fn foreign(observed: &Observed, inventory: &Inventory, id: &str) -> Vec<ObjectKey> {
    let is_made_by_controller = |object: &DynamicObject| {
        object
            .metadata
            .owner_references
            .as_ref()
            .is_some_and(|o| !o.is_empty())
    };
    observed
        .all()
        .filter(|(_, object)| carries(object, RELEASE_LABEL, id) && !is_made_by_controller(object))
        .filter(|(_, object)| !carries(object, crate::record::INVENTORY_LABEL, "true"))
        .filter(|(key, _)| !inventory.0.contains_key(*key))
        .map(|(key, _)| key.clone())
        .collect()
}

/// Namespaces that hold something which stays.
pub fn namespaces_of<'a>(kept: impl IntoIterator<Item = &'a ObjectKey>) -> BTreeSet<String> {
    kept.into_iter()
        .filter_map(|key| key.inside().map(str::to_owned))
        .collect()
}
