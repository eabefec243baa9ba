//! What is to be done about each object, decided before the first write.

use kube::api::DynamicObject;
use serde_json::Value;

use crate::apply;
use crate::family::carries;
use crate::held::Held;
use crate::inventory::{Inventory, hash};
use crate::journal::Journal;
use crate::observe::Observed;
use crate::ready::{Readiness, readiness};
use crate::references::text;
use crate::release::{Desired, MADE_FOR, ObjectKey, RELEASE_LABEL, Release, Role};
use crate::transfer::Transfer;

/// What is to be done about an object.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Nothing: it is as it shall be.
    Keep,
    /// Nothing: it ran to its end in an earlier run.
    Remembered,
    /// It is applied.
    Apply,
    /// It failed in an earlier run; the one with this uid is deleted, then it is applied.
    Again(String),
    /// It is there and belongs to someone else, who is named.
    Foreign(String),
}

/// An object of the release with its step.
#[derive(Debug, Clone)]
pub struct Planned {
    /// What is to be done.
    pub step: Step,
    /// What is sent.
    pub body: Value,
    /// Hash of that.
    pub hash: String,
    /// What goes with it.
    pub transfer: Transfer,
}

/// Everything that deciding needs to know.
pub struct Past<'a> {
    /// The objects as they are.
    pub observed: &'a Observed,
    /// What was shipped before.
    pub inventory: &'a Inventory,
    /// What has run before.
    pub journal: &'a Journal,
    /// Whether objects of others are taken over.
    pub adopt: bool,
}

impl Past<'_> {
    /// Decides about all objects, in their order.
    pub fn plan(&self, release: &Release) -> Vec<Planned> {
        let id = release.target().id();
        let held = Held::of(&release.objects);
        let plan = |desired: &Desired| {
            let mut body = apply::body(&desired.body, &id);
            let hash = hash(&body);
            held.keep(&desired.key, &mut body, self.observed.get(&desired.key));
            Planned {
                step: self.step(desired, &body, &hash, &id),
                body,
                hash,
                transfer: Transfer::default(),
            }
        };
        release.objects.iter().map(plan).collect()
    }

    fn step(&self, desired: &Desired, body: &Value, hash: &str, id: &str) -> Step {
        let live = self.observed.get(&desired.key);
        if desired.role.runs_once()
            && let Some(step) = self.step_of_job(desired, live, body, hash)
        {
            return step;
        }
        let Some(live) = live else { return Step::Apply };
        let entry = self.inventory.0.get(&desired.key);
        let is_known = entry.is_some_and(|e| e.uid.is_some() && e.uid == live.metadata.uid);
        let is_ours = is_known || self.adopt || carries(live, RELEASE_LABEL, id);
        if !is_ours && desired.key.kind != "Namespace" {
            return Step::Foreign(owner(live));
        }
        let is_applied = entry.is_some_and(|entry| entry.hash.as_deref() == Some(hash));
        let is_so = is_applied && live.metadata.deletion_timestamp.is_none() && same(live, body);
        if is_so { Step::Keep } else { Step::Apply }
    }

    /// A Job runs once. Its name says what it runs, so a live one needs no change; one that keeps its
    /// name is another as soon as it says something else.
    fn step_of_job(
        &self,
        desired: &Desired,
        live: Option<&DynamicObject>,
        body: &Value,
        hash: &str,
    ) -> Option<Step> {
        let ran = self.inventory.0.get(&desired.key);
        let ran = ran.and_then(|entry| entry.hash.as_deref());
        let is_other =
            ran.is_some_and(|ran| ran != hash) && !live.is_some_and(|live| same(live, body));
        if desired.role == Role::Hook && is_other {
            let uid = live.and_then(|live| live.metadata.uid.clone());
            return Some(uid.map_or(Step::Apply, Step::Again));
        }
        let state = live.map(|live| (readiness(live, true), live.metadata.uid.clone()));
        match state {
            Some((Readiness::Ready, _)) => Some(Step::Remembered),
            _ if self.journal.has_run(&desired.key) => Some(Step::Remembered),
            Some((Readiness::Failed(_), uid)) => Some(Step::Again(uid.unwrap_or_default())),
            Some((_, uid)) if uid.is_some() && self.inventory.0.contains_key(&desired.key) => {
                Some(Step::Keep)
            }
            _ => None,
        }
    }
}

/// Whether a live object is as the body says, without what only the server knows.
fn same(live: &DynamicObject, body: &Value) -> bool {
    let labels = live.metadata.labels.as_ref();
    let annotations = live.metadata.annotations.as_ref();
    let held = |kind: &str, map: Option<&std::collections::BTreeMap<String, String>>| {
        let wanted = body["metadata"][kind].as_object();
        wanted.into_iter().flatten().all(|(name, value)| {
            map.and_then(|map| map.get(name)).map(String::as_str) == value.as_str()
        })
    };
    let parts = body.as_object().into_iter().flatten();
    let mut parts =
        parts.filter(|(part, _)| !["apiVersion", "kind", "metadata"].contains(&part.as_str()));
    held("labels", labels)
        && held("annotations", annotations)
        && parts.all(|(part, wanted)| match live.data.get(part) {
            Some(live) => apply::holds(live, wanted),
            None => apply::holds(&Value::Object(serde_json::Map::new()), wanted),
        })
}

/// Who made an object, as far as it says.
fn owner(live: &DynamicObject) -> String {
    let label = |name: &str| {
        live.metadata
            .labels
            .as_ref()
            .and_then(|labels| labels.get(name))
    };
    if let Some(release) = label(RELEASE_LABEL) {
        return format!("release {release}");
    }
    let mut managers = live.metadata.managed_fields.iter().flatten();
    let manager = managers.find_map(|entry| entry.manager.clone());
    manager
        .or_else(|| label("app.kubernetes.io/managed-by").cloned())
        .unwrap_or_else(|| "someone else".to_owned())
}

/// A Namespace is made bare first, with a mark: what was there before never gets it, and is never
/// deleted.
pub fn bare_namespace(name: &str, id: &str) -> Value {
    serde_json::json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": { "name": name, "annotations": { MADE_FOR: id }, "labels": { RELEASE_LABEL: id } },
    })
}

/// Whether a Namespace was made by shipping this release.
pub fn is_made_by_us(namespace: &DynamicObject, id: &str) -> bool {
    let annotations = namespace.metadata.annotations.as_ref();
    annotations
        .and_then(|all| all.get(MADE_FOR))
        .is_some_and(|made_for| made_for == id)
}

/// Whether an object is a Namespace.
pub fn is_namespace(key: &ObjectKey) -> bool {
    key.kind == "Namespace" && key.api_version == "v1"
}

/// Whether an object defines a custom kind, and which.
pub fn defined(object: &Desired) -> Option<(&str, &str)> {
    let is_definition = object.key.kind == "CustomResourceDefinition";
    is_definition.then(|| {
        (
            text(&object.body, "/spec/group"),
            text(&object.body, "/spec/names/kind"),
        )
    })
}
