//! What a release would do to a cluster, object by object and field by field, before it does.
//!
//! A plan holds no secret and no version of the server: two plans are equal where the same would be
//! done. So a plan that was approved is made again before it is carried out, and compared.

use std::fmt;

use kube::Client;
use serde::{Deserialize, Serialize};

use crate::decide::{Decided, decide};
use crate::delete::{Fate, foreign};
use crate::error::ShipError;
use crate::graph::Graph;
use crate::inventory::hash_of;
use crate::look::{Depth, FieldChange, Fields, HIDDEN, look};
use crate::obstacle::Obstacle;
use crate::prune::Prune;
use crate::record::{Memory, Store};
use crate::release::{ObjectKey, Place, Release};
use crate::steps::Step;
use crate::up::Options;
use crate::wishes::Action as Wish;

/// What a release would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The application.
    pub application: String,
    /// The environment.
    pub environment: String,
    /// Its main namespace.
    pub namespace: String,
    /// Hash over everything that the release says.
    pub release: String,
    /// What would be done, in the order in which it starts; what leaves comes last.
    pub changes: Vec<Change>,
    /// How many objects stay as they are.
    pub unchanged: usize,
    /// What carries our label and is not ours: left alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<ObjectKey>,
    /// What stands in the way. Nothing is written while there is any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub obstacles: Vec<Obstacle>,
}

/// What would be done to one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Which.
    pub object: ObjectKey,
    /// What.
    pub action: Action,
    /// Its wave, from one; none for what leaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wave: Option<usize>,
    /// More about it, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Field by field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldChange>,
    /// Where the user wrote what it comes from.
    #[serde(flatten)]
    pub place: Option<Place>,
}

/// What can be done to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// It is made.
    Create,
    /// It is made otherwise than it is.
    Change,
    /// It is deleted and made anew.
    Replace,
    /// It is changed, and a field of it goes to another owner at its live value.
    HandOver,
    /// Its content stays; it becomes one of ours.
    Adopt,
    /// Nothing is written; its becoming ready is waited for.
    Wait,
    /// It is deleted: the release no longer has it.
    Prune,
    /// The release no longer has it; it holds data, or is still in use, and stays.
    Keep,
}

impl Action {
    /// One letter or sign, for lists.
    pub fn sign(self) -> char {
        match self {
            Self::Create => '+',
            Self::Change | Self::HandOver | Self::Adopt => '~',
            Self::Replace => '±',
            Self::Wait => '…',
            Self::Prune => '-',
            Self::Keep => '=',
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Replace => "replace",
            Self::HandOver => "hand over",
            Self::Adopt => "adopt",
            Self::Wait => "wait",
            Self::Prune => "prune",
            Self::Keep => "keep",
        })
    }
}

impl Plan {
    /// Whether anything would be written or waited for.
    pub fn changes_something(&self) -> bool {
        self.changes
            .iter()
            .any(|change| change.action != Action::Keep)
    }

    /// How often each action would be done, in the order of first mention.
    pub fn counts(&self) -> Vec<(Action, usize)> {
        let mut counts: Vec<(Action, usize)> = Vec::new();
        for change in &self.changes {
            match counts
                .iter_mut()
                .find(|(action, _)| *action == change.action)
            {
                Some((_, count)) => *count += 1,
                None => counts.push((change.action, 1)),
            }
        }
        counts
    }

    /// What differs between a plan that was approved and this one, in words; nothing where this one
    /// does the same. Objects that only became ready in between do not count.
    pub fn moved_since(&self, approved: &Self) -> Vec<String> {
        let mut moved = Vec::new();
        if self.release != approved.release {
            moved.push("the release says something else than when the plan was made".to_owned());
        }
        let of = |plan: &Self| -> Vec<(ObjectKey, Action, Vec<FieldChange>)> {
            let counted = |change: &&Change| change.action != Action::Wait;
            let bare = |change: &Change| {
                let mut fields = change.fields.clone();
                fields.iter_mut().for_each(|field| field.owners.clear());
                (change.object.clone(), change.action, fields)
            };
            plan.changes.iter().filter(counted).map(bare).collect()
        };
        let (old, new) = (of(approved), of(self));
        for (object, action, fields) in &new {
            match old.iter().find(|(known, ..)| known == object) {
                None => moved.push(format!("{object} would be touched as well: {action}")),
                Some((_, before, _)) if before != action => {
                    moved.push(format!(
                        "{object} was planned to {before}, and now would {action}"
                    ));
                }
                Some((.., before)) if before != fields => {
                    moved.push(format!("{object} is no longer what the plan found"));
                }
                Some(_) => {}
            }
        }
        let gone = old
            .iter()
            .filter(|(object, ..)| new.iter().all(|(now, ..)| now != object));
        moved.extend(gone.map(|(object, action, _)| {
            format!("{object} was planned to {action}, and needs nothing any more")
        }));
        moved
    }
}

/// Says what a release would do. Writes nothing.
pub async fn plan(
    client: &Client,
    release: &Release,
    options: &Options,
) -> Result<Plan, ShipError> {
    if release.objects.is_empty() {
        return Err(ShipError::Empty);
    }
    let graph = Graph::build(release)?;
    let mut store = Store::new(client, &release.target(), Memory::Inventory);
    let mut decided = decide(client, release, &graph, options, &mut store).await?;
    let fields = look(
        client,
        release,
        &mut decided,
        options.adopt,
        Depth::Everything,
    )
    .await?;
    Ok(of(release, &graph, &decided, &fields))
}

/// The plan that follows from what was decided and looked at.
pub(crate) fn of(release: &Release, graph: &Graph, decided: &Decided, fields: &Fields) -> Plan {
    let id = release.target().id();
    let mut nodes: Vec<usize> = (0..graph.len()).collect();
    nodes.sort_by_key(|&node| (graph.wave(node), node));
    let mut changes: Vec<Change> = nodes
        .iter()
        .filter_map(|&node| match release.objects.get(node) {
            Some(_) => of_object(release, graph, decided, fields, node),
            None => of_secret(release, graph, decided, node),
        })
        .collect();
    let unchanged = nodes.len() - changes.len();
    let prune = Prune::plan(&decided.observed, &decided.inventory, &id);
    changes.extend(prune.0.iter().filter_map(|(key, fate)| leaving(key, fate)));
    Plan {
        application: release.application.clone(),
        environment: release.environment.clone(),
        namespace: release.namespace.clone(),
        release: fingerprint(release),
        changes,
        unchanged,
        foreign: foreign(&decided.observed, &decided.inventory, &id),
        obstacles: decided.obstacles.clone(),
    }
}

/// Hash over everything that a release says, wherever it was written.
fn fingerprint(release: &Release) -> String {
    let objects = release.objects.iter().map(|object| object.body.to_string());
    let secrets = release.secrets.iter().map(|wish| {
        let mut wish = wish.clone();
        wish.place = None;
        serde_json::to_string(&wish).expect("a wish is JSON")
    });
    hash_of(objects.chain(secrets))
}

fn of_object(
    release: &Release,
    graph: &Graph,
    decided: &Decided,
    fields: &Fields,
    node: usize,
) -> Option<Change> {
    let object = &release.objects[node];
    let planned = &decided.planned[node];
    let fields = fields.get(&node).cloned().unwrap_or_default();
    let live = decided.observed.get(&object.key);
    let transfer = &planned.transfer;
    let (action, note) = match &planned.step {
        Step::Remembered => return None,
        Step::Keep if decided.is_ready(&object.key) => return None,
        Step::Keep => (Action::Wait, None),
        Step::Foreign(_) => (Action::Adopt, None),
        Step::Again(_) => (
            Action::Replace,
            Some("it failed, and runs again".to_owned()),
        ),
        Step::Apply if live.is_none() => (Action::Create, None),
        Step::Apply if transfer.growth.is_some() => {
            let note = "its claims grow, then it is made anew around its running pods";
            (Action::Replace, Some(note.to_owned()))
        }
        Step::Apply if transfer.hand_over.is_some() => {
            let note = "the number of pods goes to the autoscaler, at what it is now";
            (Action::HandOver, Some(note.to_owned()))
        }
        Step::Apply if fields.is_empty() => (Action::Adopt, None),
        Step::Apply => {
            let scaler = transfer.scaler.as_ref();
            (
                Action::Change,
                scaler.map(|(key, _)| format!("after {key} is gone")),
            )
        }
    };
    // What is ours already and stays as it is only gets its fields confirmed.
    let is_known = decided.earlier.inventory.0.contains_key(&object.key);
    if action == Action::Adopt && is_known && planned.step == Step::Apply {
        return None;
    }
    Some(Change {
        object: object.key.clone(),
        action,
        wave: Some(graph.wave(node)),
        note,
        fields,
        place: object.place.clone(),
    })
}

/// Secrets: which keys, never what they hold.
fn of_secret(release: &Release, graph: &Graph, decided: &Decided, node: usize) -> Option<Change> {
    let at = node - release.objects.len();
    let wish = &release.secrets[at];
    let (action, keys) = match decided.secrets.get(at)? {
        Wish::Keep => return None,
        Wish::Create(keys) => (Action::Create, keys),
        Wish::Put(keys) => (Action::Change, keys),
    };
    let field = |key: &String| FieldChange {
        path: format!("data.{key}"),
        before: None,
        after: Some(HIDDEN.into()),
        owners: Vec::new(),
    };
    Some(Change {
        object: wish.object(),
        action,
        wave: Some(graph.wave(node)),
        note: Some("values are made in the cluster".to_owned()),
        fields: keys.keys().map(field).collect(),
        place: wish.place.clone(),
    })
}

fn leaving(key: &ObjectKey, fate: &Fate) -> Option<Change> {
    let (action, note) = match fate {
        Fate::Delete(_) => (Action::Prune, None),
        Fate::Protected => (
            Action::Keep,
            Some("it holds data, or data needs it".to_owned()),
        ),
        Fate::InUse | Fate::Forget => return None,
    };
    Some(Change {
        object: key.clone(),
        action,
        wave: None,
        note,
        fields: Vec::new(),
        place: None,
    })
}
