//! The last look before the first write: what each change would do, field by field, and whether the
//! cluster would take it. It asks the server, by a dry run of the very request that is sent later.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt};
use kube::Client;
use kube::api::{Api, DynamicObject};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::apply::{self, Manner, Refusal};
use crate::cause::Cause;
use crate::decide::Decided;
use crate::error::ShipError;
use crate::fields::{Difference, Owner, differences, owners};
use crate::observe::Scope;
use crate::obstacle::Obstacle;
use crate::preflight;
use crate::release::{Desired, MANAGER, ObjectKey, Release};
use crate::request::grow;
use crate::steps::{Planned, Step};
use crate::transfer::{
    self, Transfer, autoscaler_that_leaves, hand_over, may_take_back, size_patch,
};

/// Requests that are under way at once.
const AT_ONCE: usize = 16;

/// One field that would change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldChange {
    /// Where, such as `spec.template.spec.containers[api].image`.
    pub path: String,
    /// The value now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The value then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// Who else set the field, and when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<String>,
}

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// What is there and would change.
    Changes,
    /// What would be made as well.
    Everything,
}

/// The fields that would change, by number of the object in the release.
pub(crate) type Fields = BTreeMap<usize, Vec<FieldChange>>;

/// Looks at everything that would be written; fills in what goes with each change, and collects
/// what stands in the way.
pub(crate) async fn look(
    client: &Client,
    release: &Release,
    decided: &mut Decided,
    adopt: bool,
    depth: Depth,
) -> Result<Fields, ShipError> {
    open_claims(release, decided).await?;
    let mut found = preflight::obstacles(client, release, decided).await?;
    let mut questions = Vec::new();
    for (node, desired) in release.objects.iter().enumerate() {
        match &decided.planned[node].step {
            Step::Foreign(owner) => found.push(foreign(desired, owner)),
            Step::Apply => {
                let transfer = transfers(decided, desired, node);
                match transfer {
                    Ok(transfer) => decided.planned[node].transfer = transfer,
                    Err(obstacle) => {
                        found.push(obstacle);
                        continue;
                    }
                }
                questions.extend(question(client, release, decided, node, adopt, depth));
            }
            Step::Keep | Step::Remembered | Step::Again(_) => {}
        }
    }
    let mut answers: Vec<(usize, Answer)> = stream::iter(questions)
        .map(|question| async move { (question.node, question.ask().await) })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    answers.sort_by_key(|(node, _)| *node);
    let mut fields = Fields::new();
    for (node, answer) in answers {
        let desired = &release.objects[node];
        match answer {
            Answer::Taken { after, force } => {
                decided.planned[node].transfer.force = force;
                let live = decided.observed.get(&desired.key);
                let changes = live
                    .zip(after)
                    .map(|(live, after)| changes(&desired.key, live, &after));
                let growth = decided.planned[node].transfer.growth.as_ref();
                let grown = growth
                    .into_iter()
                    .flat_map(|growth| &growth.disks)
                    .map(disk);
                let all = grown.chain(changes.into_iter().flatten()).collect();
                fields.insert(node, all);
            }
            Answer::Refused(obstacle) => found.push(obstacle.at(desired.place.clone())),
            Answer::None(error) => {
                let what = format!("asking what applying {} would do", desired.key);
                return Err(ShipError::request(what)(error));
            }
        }
    }
    decided.obstacles.extend(found);
    Ok(fields)
}

/// Claims of sets whose disks may grow.
async fn open_claims(release: &Release, decided: &mut Decided) -> Result<(), ShipError> {
    let grows = |(desired, planned): &(&Desired, &Planned)| {
        desired.key.kind == "StatefulSet"
            && planned.step == Step::Apply
            && decided.observed.get(&desired.key).is_some()
    };
    let scopes: BTreeSet<Scope> = release
        .objects
        .iter()
        .zip(&decided.planned)
        .filter(grows)
        .map(|(desired, _)| Scope {
            api_version: "v1".to_owned(),
            kind: "PersistentVolumeClaim".to_owned(),
            namespace: desired.key.namespace.clone(),
        })
        .collect();
    decided.observed.open(&decided.kinds, scopes).await
}

fn foreign(desired: &Desired, owner: &str) -> Obstacle {
    let cause = format!("it is there already and belongs to {owner}");
    let remedy = "`--adopt` takes it over; or give yours another name";
    Obstacle::of(Cause::BelongsToOthers, &desired.key, cause, remedy).at(desired.place.clone())
}

/// What changes hands with an object.
fn transfers(decided: &Decided, desired: &Desired, node: usize) -> Result<Transfer, Obstacle> {
    let (key, body) = (&desired.key, &decided.planned[node].body);
    let Some(live) = decided.observed.get(key) else {
        return Ok(Transfer::default());
    };
    let growth = transfer::growth(live, key, body, &decided.observed).map_err(|cause| {
        let remedy = "write it as it was; another disk is another store, to which data is moved";
        Obstacle::of(Cause::CannotChange, key, cause, remedy).at(desired.place.clone())
    })?;
    let scaler = autoscaler_that_leaves(&decided.observed, &decided.inventory, key, body);
    Ok(Transfer {
        hand_over: hand_over(live, key, body),
        scaler: scaler.and_then(|(key, live)| Some((key.clone(), live.metadata.uid.clone()?))),
        growth,
        force: false,
    })
}

/// A dry run that is to be made.
struct Question {
    node: usize,
    api: Api<DynamicObject>,
    key: ObjectKey,
    body: Value,
    claims: Vec<(Api<DynamicObject>, String, Value)>,
    adopt: bool,
    scaler_leaves: bool,
}

enum Answer {
    /// The cluster takes it; the object as it would be, where that can be known.
    Taken {
        after: Option<DynamicObject>,
        force: bool,
    },
    Refused(Obstacle),
    None(kube::Error),
}

fn question(
    client: &Client,
    release: &Release,
    decided: &Decided,
    node: usize,
    adopt: bool,
    depth: Depth,
) -> Option<Question> {
    let key = &release.objects[node].key;
    let live = decided.observed.get(key);
    let is_known = |namespace: &String| {
        let namespace = ObjectKey::namespace(namespace);
        decided.observed.get(&namespace).is_some()
    };
    let can_be_asked = decided
        .kinds
        .get(&key.api_version, &key.kind)
        .is_some_and(|served| !served.is_coming)
        && key.namespace.as_ref().is_none_or(is_known);
    if !can_be_asked || live.is_none() && depth == Depth::Changes {
        return None;
    }
    let planned = &decided.planned[node];
    let mut body = planned.body.clone();
    let growth = planned.transfer.growth.as_ref();
    if let Some(live) = live.filter(|_| growth.is_some()) {
        // In place it cannot be asked; the claims are asked instead.
        body["spec"]["volumeClaimTemplates"] = live.data["spec"]["volumeClaimTemplates"].clone();
    }
    if let Some(number) = &planned.transfer.hand_over {
        // By then another manager holds it.
        body["spec"]["replicas"] = number["spec"]["replicas"].clone();
    }
    let claims = growth.into_iter().flat_map(|growth| &growth.claims);
    let claims = claims.filter_map(|(claim, size)| {
        let api = decided.kinds.api(client, claim).ok()?;
        Some((api, claim.name.clone(), size_patch(size)))
    });
    Some(Question {
        node,
        api: decided.kinds.api(client, key).ok()?,
        key: key.clone(),
        body,
        claims: claims.collect(),
        adopt,
        scaler_leaves: planned.transfer.scaler.is_some(),
    })
}

impl Question {
    async fn ask(self) -> Answer {
        for (claims, claim, patch) in &self.claims {
            match grow(claims, claim, patch, true).await {
                Ok(_) => {}
                Err(Refusal::Unreachable(error)) => return Answer::None(error),
                Err(Refusal::Refused(cause)) => {
                    let about = format!("PersistentVolumeClaim/{claim}");
                    let cause = format!("it cannot grow: {cause}");
                    let remedy = "the storage class must say `allowVolumeExpansion: true`";
                    return Answer::Refused(Obstacle::about(
                        Cause::CannotChange,
                        about,
                        cause,
                        remedy,
                    ));
                }
                Err(Refusal::Conflict(fields)) => return Answer::Refused(self.conflict(&fields)),
            }
        }
        match self.run(self.adopt).await {
            Err(Refusal::Conflict(fields))
                if fields
                    .iter()
                    .all(|field| may_take_back(field, self.scaler_leaves)) =>
            {
                self.judge(self.run(true).await, true)
            }
            answer => self.judge(answer, self.adopt),
        }
    }

    async fn run(&self, force: bool) -> Result<DynamicObject, Refusal> {
        let manner = Manner {
            force,
            dry_run: true,
        };
        apply::apply(&self.api, &self.key.name, &self.body, manner).await
    }

    fn judge(&self, answer: Result<DynamicObject, Refusal>, force: bool) -> Answer {
        match answer {
            Ok(after) => Answer::Taken {
                after: Some(after),
                force,
            },
            Err(Refusal::Conflict(fields)) => Answer::Refused(self.conflict(&fields)),
            // A webhook that cannot be asked without effect is asked when it counts.
            Err(Refusal::Refused(cause)) if cause.contains("does not support dry run") => {
                Answer::Taken { after: None, force }
            }
            Err(Refusal::Refused(cause)) => {
                let (page, remedy) = remedy(&cause);
                let cause = format!("the cluster refuses it: {cause}");
                Answer::Refused(Obstacle::of(page, &self.key, cause, remedy))
            }
            Err(Refusal::Unreachable(error)) => Answer::None(error),
        }
    }

    fn conflict(&self, fields: &[String]) -> Obstacle {
        let cause = format!(
            "others set fields that the release sets otherwise: {}",
            fields.join(", ")
        );
        let remedy = "`--adopt` takes these fields over; or undo what the others did";
        Obstacle::of(Cause::FieldOfOthers, &self.key, cause, remedy)
    }
}

fn remedy(cause: &str) -> (Cause, &'static str) {
    let cannot_change = [
        "immutable",
        "updates to statefulset spec",
        "may not change once set",
    ];
    if cannot_change.iter().any(|word| cause.contains(word)) {
        let remedy =
            "this cannot be changed in place: write it as it was, or give the thing another name";
        (Cause::CannotChange, remedy)
    } else if cause.contains("exceeded quota") {
        (Cause::Refused, "raise the quota, or ask for less")
    } else {
        (Cause::Refused, "mend what it names")
    }
}

/// A disk that grows: the server cannot be asked about it in place.
fn disk((name, before, after): &(String, String, String)) -> FieldChange {
    FieldChange {
        path: format!("spec.volumeClaimTemplates[{name}].spec.resources.requests.storage"),
        before: Some(before.as_str().into()),
        after: Some(after.as_str().into()),
        owners: Vec::new(),
    }
}

fn changes(key: &ObjectKey, live: &DynamicObject, after: &DynamicObject) -> Vec<FieldChange> {
    let change = |one: Difference| {
        let is_secret = key.kind == "Secret"
            && (one.path.is_under(&["data"]) || one.path.is_under(&["stringData"]));
        let show = |value: Option<Value>| {
            value.map(|value| {
                if is_secret {
                    Value::from(HIDDEN)
                } else {
                    value
                }
            })
        };
        FieldChange {
            path: one.path.to_string(),
            owners: others(live, &one),
            before: show(one.before),
            after: show(one.after),
        }
    };
    differences(live, after).into_iter().map(change).collect()
}

/// What stands for a value that nobody shall see.
pub const HIDDEN: &str = "(hidden)";

fn others(live: &DynamicObject, one: &Difference) -> Vec<String> {
    let others = owners(live, &one.path).into_iter();
    let shown = |owner: Owner| match owner.at {
        Some(at) => format!("{}, {}", owner.manager, at.strftime("%Y-%m-%d %H:%M UTC")),
        None => owner.manager,
    };
    others
        .filter(|owner| owner.manager != MANAGER)
        .map(shown)
        .collect()
}
