//! Fields and claims that change hands: a number of pods that goes to an autoscaler or comes back
//! from one, and disks of a `StatefulSet` that grow.
//!
//! A field that one manager stops setting falls back to its default at once. So a live number is
//! claimed first under a manager of its own, and only then left out.

use std::cmp::Ordering;

use kube::api::DynamicObject;
use serde_json::{Value, json};

use crate::fields::{Path, Step, owners};
use crate::inventory::Inventory;
use crate::observe::Observed;
use crate::pod_spec::runs_replicas;
use crate::references::{items, text};
use crate::release::{MANAGER, ObjectKey};

/// Holds numbers that are on their way to another owner.
pub const HANDOVER: &str = "plimsoll-handover";

/// What autoscalers write as, on the `scale` subresource.
const AUTOSCALERS: [&str; 3] = [
    "kube-controller-manager",
    "horizontal-pod-autoscaler",
    "keda-operator",
];

fn replicas() -> Path {
    Path(vec![
        Step::Key("spec".to_owned()),
        Step::Key("replicas".to_owned()),
    ])
}

/// What is claimed before a workload is applied that no longer says how many pods it has.
pub fn hand_over(live: &DynamicObject, key: &ObjectKey, body: &Value) -> Option<Value> {
    let number = live.data["spec"]["replicas"].as_i64()?;
    if !runs_replicas(key) || body.pointer("/spec/replicas").is_some() {
        return None;
    }
    let is_ours = owners(live, &replicas())
        .iter()
        .any(|owner| owner.manager == MANAGER);
    is_ours.then(|| {
        json!({
            "apiVersion": key.api_version,
            "kind": key.kind,
            "metadata": { "name": key.name, "namespace": key.namespace },
            "spec": { "replicas": number },
        })
    })
}

/// The autoscaler that leaves the release with which a workload says its own number again.
pub fn autoscaler_that_leaves<'a>(
    observed: &'a Observed,
    inventory: &'a Inventory,
    key: &ObjectKey,
    body: &Value,
) -> Option<(&'a ObjectKey, &'a DynamicObject)> {
    body.pointer("/spec/replicas")?;
    let left = inventory.0.iter().filter(|(_, entry)| entry.left);
    left.filter(|(scaler, _)| {
        matches!(
            scaler.kind.as_str(),
            "HorizontalPodAutoscaler" | "ScaledObject"
        ) && scaler.namespace == key.namespace
    })
    .filter_map(|(scaler, _)| Some((scaler, observed.get(scaler)?)))
    .find(|(_, live)| {
        let target = &live.data["spec"]["scaleTargetRef"];
        target["name"] == key.name.as_str()
            && target["kind"].as_str().unwrap_or("Deployment") == key.kind
    })
}

/// Whether a conflict is only about a number that nobody holds any more: one that was handed over,
/// or that an autoscaler set which leaves. `conflict` is `field: manager`.
pub fn may_take_back(conflict: &str, scaler_leaves: bool) -> bool {
    let Some((".spec.replicas", manager)) = conflict.split_once(": ") else {
        return false;
    };
    manager == HANDOVER || scaler_leaves && AUTOSCALERS.contains(&manager)
}

/// What goes with the application of an object.
#[derive(Debug, Clone, Default)]
pub struct Transfer {
    /// A number of pods that is claimed first.
    pub hand_over: Option<Value>,
    /// An autoscaler that is deleted first, with its uid.
    pub scaler: Option<(ObjectKey, String)>,
    /// Disks that grow first.
    pub growth: Option<Growth>,
    /// Fields of others are taken: every one of them was looked at.
    pub force: bool,
}

/// Disks of a `StatefulSet` that grow: their templates cannot be changed, so its claims grow one by
/// one, and it is made anew around its running pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// The uid of the StatefulSet that gives way.
    pub uid: String,
    /// Claims with their new size.
    pub claims: Vec<(ObjectKey, String)>,
    /// Names of disks with their sizes before and after.
    pub disks: Vec<(String, String, String)>,
}

/// What sets the size of a claim.
pub fn size_patch(size: &str) -> Value {
    json!({ "spec": { "resources": { "requests": { "storage": size } } } })
}

/// Compares the disks of a live `StatefulSet` with the desired ones. An error says what cannot be
/// done.
pub fn growth(
    live: &DynamicObject,
    key: &ObjectKey,
    body: &Value,
    observed: &Observed,
) -> Result<Option<Growth>, String> {
    if key.kind != "StatefulSet" {
        return Ok(None);
    }
    let (have, want) = (
        items(&live.data, "/spec/volumeClaimTemplates"),
        items(body, "/spec/volumeClaimTemplates"),
    );
    let name = |template| text(template, "/metadata/name");
    if !have.iter().map(name).eq(want.iter().map(name)) {
        return Err("its disks have other names than those that are there".to_owned());
    }
    let mut claims = Vec::new();
    let mut disks = Vec::new();
    for (have, want) in have.iter().zip(want) {
        let class = "/spec/storageClassName";
        if want.pointer(class).is_some() && text(have, class) != text(want, class) {
            return Err(format!(
                "disk {} is of class {} and cannot become one of class {}",
                name(want),
                text(have, class),
                text(want, class)
            ));
        }
        let size = "/spec/resources/requests/storage";
        let (old, new) = (text(have, size), text(want, size));
        match bytes(new).partial_cmp(&bytes(old)) {
            Some(Ordering::Equal) => {}
            Some(Ordering::Greater) => {
                disks.push((name(want).to_owned(), old.to_owned(), new.to_owned()));
                let grown = claims_of(observed, key, name(want)).into_iter();
                claims.extend(grown.map(|claim| (claim, new.to_owned())));
            }
            _ => {
                let disk = name(want);
                return Err(format!(
                    "disk {disk} holds {old} and cannot shrink to {new}"
                ));
            }
        }
    }
    let uid = live.metadata.uid.clone().unwrap_or_default();
    Ok((!disks.is_empty()).then_some(Growth { uid, claims, disks }))
}

/// Claims that a `StatefulSet` made from one of its templates.
pub fn claims_of(observed: &Observed, set: &ObjectKey, template: &str) -> Vec<ObjectKey> {
    let prefix = format!("{template}-{}-", set.name);
    let is_numbered = |key: &&ObjectKey| {
        let number = key.name.strip_prefix(&prefix);
        number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    let claims = observed
        .of_kind("v1", "PersistentVolumeClaim")
        .map(|(key, _)| key);
    claims
        .filter(|key| key.namespace == set.namespace)
        .filter(is_numbered)
        .cloned()
        .collect()
}

/// Whether objects of this kind say how large disks are.
pub fn has_disks(key: &ObjectKey) -> bool {
    matches!(
        (key.group(), key.kind.as_str()),
        ("apps", "StatefulSet") | ("", "PersistentVolumeClaim") | ("postgresql.cnpg.io", "Cluster")
    )
}

/// Gives every disk of `body` the size that it has in `live`, where that is larger.
pub fn keep_larger(live: &Value, body: &mut Value) {
    let mut places = vec![
        "/spec/resources/requests/storage".to_owned(),
        "/spec/storage/size".to_owned(),
        "/spec/walStorage/size".to_owned(),
    ];
    let templates = items(body, "/spec/volumeClaimTemplates").len();
    places.extend(
        (0..templates)
            .map(|at| format!("/spec/volumeClaimTemplates/{at}/spec/resources/requests/storage")),
    );
    for place in places {
        let now = text(live, &place);
        if let Some(size) = body.pointer_mut(&place)
            && bytes(now) > size.as_str().and_then(bytes)
        {
            *size = now.into();
        }
    }
}

/// A quantity of storage in bytes; none where it is none.
fn bytes(quantity: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 11] = [
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("", 1.0),
    ];
    UNITS
        .iter()
        .find_map(|(unit, factor)| Some(quantity.strip_suffix(unit)?.parse::<f64>().ok()? * factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_compared_as_numbers() {
        assert!(bytes("20Gi") > bytes("9Gi"));
        assert!(bytes("1Gi") == bytes("1024Mi"));
        assert!(bytes("1G") < bytes("1Gi"));
        assert_eq!(bytes("much"), None);
    }

    #[test]
    fn only_a_number_of_pods_is_taken_back_and_only_from_whom_nobody_asks_any_more() {
        assert!(may_take_back(".spec.replicas: plimsoll-handover", false));
        assert!(may_take_back(
            ".spec.replicas: kube-controller-manager",
            true
        ));
        assert!(!may_take_back(
            ".spec.replicas: kube-controller-manager",
            false
        ));
        assert!(!may_take_back(".spec.replicas: kubectl", true));
        assert!(!may_take_back(".spec.paused: plimsoll-handover", true));
    }
}
