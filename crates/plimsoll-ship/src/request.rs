//! The writes of a release: one per object, each safe to send again.

use std::time::Duration;

use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams, PostParams, Preconditions};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::apply::{self, Manner, Refusal};
use crate::error::code;
use crate::family::carries;
use crate::release::{MANAGER, RELEASE_LABEL};
use crate::retry::{optional, retrying};
use crate::transfer::HANDOVER;

/// A write that makes an object what it shall be.
pub enum Write {
    /// Server-side apply, with what has to come before it.
    Apply(Box<Apply>),
    /// A Secret with values that are nowhere else.
    Create(Value),
    /// Keys of a Secret that is there.
    Put {
        /// Their values, encoded.
        data: Value,
        /// The version that was read.
        version: String,
    },
}

/// A claim that grows: where it is, its name, and what sets its size.
pub type Claim = (Api<DynamicObject>, String, Value);

/// Server-side apply of one object.
#[derive(Default)]
pub struct Apply {
    /// What is sent.
    pub body: Value,
    /// A bare Namespace to make first.
    pub namespace: Option<Value>,
    /// The uid of a failed Job that is deleted first.
    pub instead_of: Option<String>,
    /// A number of pods that is claimed first, so that it does not fall.
    pub hand_over: Option<Value>,
    /// An autoscaler that goes first, so that two do not pull at one number.
    pub scaler: Option<(Api<DynamicObject>, String, String)>,
    /// Claims that grow first, and the uid of the StatefulSet that is made anew around its pods.
    pub growth: Option<(Vec<Claim>, String)>,
    /// Fields of others are taken.
    pub force: bool,
}

impl Apply {
    async fn send(self, api: &Api<DynamicObject>, name: &str) -> Result<DynamicObject, Refusal> {
        if let Some(bare) = self.namespace {
            create(api, name, bare).await?;
        }
        if let Some(uid) = self.instead_of {
            delete_and_wait(api, name, uid, DeleteParams::background()).await?;
        }
        if let Some((scalers, scaler, uid)) = self.scaler {
            delete_and_wait(&scalers, &scaler, uid, DeleteParams::background()).await?;
        }
        if let Some(number) = self.hand_over {
            let params = PatchParams::apply(HANDOVER).force();
            let patch = Patch::Apply(&number);
            let claimed = retrying(|| api.patch(name, &params, &patch)).await;
            claimed.map_err(apply::refusal)?;
        }
        if let Some((claims, uid)) = self.growth {
            for (claims, claim, patch) in claims {
                grow(&claims, &claim, &patch, false).await?;
            }
            delete_and_wait(api, name, uid, DeleteParams::orphan()).await?;
        }
        apply_when_served(api, name, &self.body, self.force).await
    }
}

/// Sets the size of a claim.
pub async fn grow(
    claims: &Api<DynamicObject>,
    claim: &str,
    patch: &Value,
    dry_run: bool,
) -> Result<DynamicObject, Refusal> {
    let params = PatchParams {
        field_manager: Some(MANAGER.to_owned()),
        dry_run,
        ..PatchParams::default()
    };
    let patch = Patch::Merge(patch);
    let grown = retrying(|| claims.patch(claim, &params, &patch)).await;
    grown.map_err(apply::refusal)
}

impl Write {
    /// Sends the write and returns the object as it is then.
    pub async fn send(self, api: Api<DynamicObject>, name: &str) -> Result<DynamicObject, Refusal> {
        match self {
            Self::Apply(apply) => apply.send(&api, name).await,
            Self::Create(body) => create(&api, name, body).await,
            Self::Put { data, version } => put(&api, name, data, version).await,
        }
    }
}

const PAUSE: Duration = Duration::from_millis(250);
const ATTEMPTS: usize = 240;

/// A kind may be served a little after its definition is established.
async fn apply_when_served(
    api: &Api<DynamicObject>,
    name: &str,
    body: &Value,
    force: bool,
) -> Result<DynamicObject, Refusal> {
    let manner = Manner {
        force,
        dry_run: false,
    };
    for _ in 0..20 {
        match apply::apply(api, name, body, manner).await {
            Err(Refusal::Unreachable(error)) if code(&error) == 404 => sleep(PAUSE).await,
            answer => return answer,
        }
    }
    apply::apply(api, name, body, manner).await
}

/// Makes an object that is not there. If it is, it is taken only where it is ours: an earlier
/// answer may have been lost. Of a Namespace that is there, nothing is asked.
async fn create(
    api: &Api<DynamicObject>,
    name: &str,
    body: Value,
) -> Result<DynamicObject, Refusal> {
    let release = body["metadata"]["labels"][RELEASE_LABEL]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let is_namespace = body["kind"] == "Namespace";
    let object: DynamicObject = serde_json::from_value(body).expect("a body is an object");
    let params = PostParams {
        field_manager: Some(MANAGER.to_owned()),
        ..PostParams::default()
    };
    for _ in 0..CONFLICTS {
        match retrying(|| async { api.create(&params, &object).await }).await {
            Err(error) if code(&error) == 409 => {}
            answer => return answer.map_err(apply::refusal),
        }
        let found = optional(retrying(|| api.get(name)).await).map_err(apply::refusal)?;
        // Gone again, or never there: it is tried again.
        let Some(found) = found else { continue };
        if is_namespace || carries(&found, RELEASE_LABEL, &release) {
            return Ok(found);
        }
        let cause = "it was made by someone else a moment ago";
        return Err(Refusal::Refused(cause.to_owned()));
    }
    let cause = "it comes and goes while it is made";
    Err(Refusal::Refused(cause.to_owned()))
}

/// How often an object may be there and gone again.
const CONFLICTS: usize = 5;

async fn put(
    api: &Api<DynamicObject>,
    name: &str,
    data: Value,
    version: String,
) -> Result<DynamicObject, Refusal> {
    let patch = json!({ "metadata": { "resourceVersion": version }, "data": data });
    let params = PatchParams {
        field_manager: Some(MANAGER.to_owned()),
        ..PatchParams::default()
    };
    let patch = Patch::Merge(&patch);
    let answer = retrying(|| api.patch(name, &params, &patch)).await;
    match answer {
        Err(error) if code(&error) == 409 => {
            let found = retrying(|| api.get(name)).await.map_err(apply::refusal)?;
            if apply::holds(&found.data["data"], &data) {
                Ok(found)
            } else {
                Err(Refusal::Refused(
                    "someone else changed it a moment ago".to_owned(),
                ))
            }
        }
        answer => answer.map_err(apply::refusal),
    }
}

async fn delete_and_wait(
    api: &Api<DynamicObject>,
    name: &str,
    uid: String,
    how: DeleteParams,
) -> Result<(), Refusal> {
    let preconditions = Preconditions {
        uid: Some(uid.clone()),
        resource_version: None,
    };
    let params = how.preconditions(preconditions);
    let deleted = optional(retrying(|| api.delete(name, &params)).await).map_err(apply::refusal);
    // A conflict says that it is another object already.
    if deleted.is_err() {
        let found = optional(retrying(|| api.get(name)).await).map_err(apply::refusal)?;
        if found.is_some_and(|found| found.metadata.uid.as_ref() == Some(&uid)) {
            return deleted.map(drop);
        }
    }
    for _ in 0..ATTEMPTS {
        let found = optional(retrying(|| api.get(name)).await).map_err(apply::refusal)?;
        if found.is_none_or(|found| found.metadata.uid.as_ref() != Some(&uid)) {
            return Ok(());
        }
        sleep(PAUSE).await;
    }
    Err(Refusal::Refused(
        "what has to go first does not go away".to_owned(),
    ))
}
