//! The writes of a release: one per object, each safe to send again.

use std::time::Duration;

use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams, PostParams, Preconditions};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::apply::{self, Refusal};
use crate::error::code;
use crate::family::carries;
use crate::release::{MANAGER, RELEASE_LABEL};
use crate::retry::{optional, retrying};

/// A write that makes an object what it shall be.
pub enum Write {
    /// Server-side apply; first the Namespace is made bare, or a failed Job is deleted.
    Apply {
        /// What is sent.
        body: Value,
        /// A bare Namespace to make first.
        first: Option<Value>,
        /// The uid of what is deleted first.
        instead_of: Option<String>,
    },
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

impl Write {
    /// Sends the write and returns the object as it is then.
    pub async fn send(self, api: Api<DynamicObject>, name: &str) -> Result<DynamicObject, Refusal> {
        match self {
            Self::Apply {
                body,
                first,
                instead_of,
            } => {
                if let Some(bare) = first {
                    create(&api, name, bare).await?;
                }
                if let Some(uid) = instead_of {
                    delete_and_wait(&api, name, uid).await?;
                }
                apply_when_served(&api, name, &body).await
            }
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
) -> Result<DynamicObject, Refusal> {
    for _ in 0..20 {
        match apply::apply(api, name, body).await {
            Err(Refusal::Unreachable(error)) if code(&error) == 404 => sleep(PAUSE).await,
            answer => return answer,
        }
    }
    apply::apply(api, name, body).await
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
    let answer = retrying(|| async { api.create(&params, &object).await }).await;
    match answer {
        Err(error) if code(&error) == 409 => {
            let found = retrying(|| api.get(name)).await.map_err(apply::refusal)?;
            if is_namespace || carries(&found, RELEASE_LABEL, &release) {
                Ok(found)
            } else {
                Err(Refusal::Refused(
                    "it was made by someone else a moment ago".to_owned(),
                ))
            }
        }
        answer => answer.map_err(apply::refusal),
    }
}

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

async fn delete_and_wait(api: &Api<DynamicObject>, name: &str, uid: String) -> Result<(), Refusal> {
    let preconditions = Preconditions {
        uid: Some(uid.clone()),
        resource_version: None,
    };
    let params = DeleteParams::background().preconditions(preconditions);
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
        "it failed before, and does not go away".to_owned(),
    ))
}
