//! One shipper at a time: a Lease in the main namespace, taken before the first write.
//!
//! A lease that is not renewed for its duration is taken over, so a killed run blocks nobody for
//! long. Whether it was renewed is judged by watching it, never by comparing two clocks.

use std::time::Duration;

use kube::Client;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, PostParams, Preconditions};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::clock::Clock;
use crate::error::{ShipError, code};
use crate::references::text;
use crate::release::{MANAGER, RELEASE_LABEL, Target};
use crate::retry::{optional, retrying};

const DURATION: Duration = Duration::from_secs(30);

/// How often a lease is renewed.
pub const RENEWAL: Duration = Duration::from_secs(10);

/// A lease that is held.
pub struct Lease {
    api: Api<DynamicObject>,
    held: DynamicObject,
    clock: Clock,
}

impl Lease {
    /// Takes the lease of an application, from a dead holder too; an error if the holder lives.
    pub async fn take(
        client: &Client,
        target: &Target,
        holder: &str,
        clock: Clock,
    ) -> Result<Self, ShipError> {
        let api: Api<DynamicObject> =
            Api::namespaced_with(client.clone(), &target.namespace, &resource());
        let wanted = body(target, holder, clock);
        loop {
            match create(&api, &wanted).await {
                Ok(held) => return Ok(Self { api, held, clock }),
                Err(error) if code(&error) == 409 => {}
                Err(error) => return Err(ShipError::request("taking the lease")(error)),
            }
            let name = wanted.metadata.name.as_deref().unwrap_or_default();
            let Some(found) = read(&api, name).await? else {
                continue;
            };
            if text(&found.data, "/spec/holderIdentity") != holder {
                outlive(&api, name, &found).await?;
            }
            let mut mine = wanted.clone();
            mine.metadata.resource_version = found.metadata.resource_version;
            match replace(&api, name, &mine).await {
                Ok(held) => return Ok(Self { api, held, clock }),
                // Someone else was quicker.
                Err(error) if matches!(code(&error), 404 | 409) => {}
                Err(error) => return Err(ShipError::request("taking the lease")(error)),
            }
        }
    }

    /// Says that the holder lives.
    pub async fn renew(&mut self) -> Result<(), ShipError> {
        self.held.data["spec"]["renewTime"] = Value::from(time(self.clock));
        let name = self.held.metadata.name.clone().unwrap_or_default();
        match replace(&self.api, &name, &self.held).await {
            Ok(held) => self.held = held,
            Err(error) if matches!(code(&error), 404 | 409) => return self.confirm(&name).await,
            Err(error) => return Err(ShipError::request("renewing the lease")(error)),
        }
        Ok(())
    }

    /// After a conflict: the answer to our own renewal may have been lost.
    async fn confirm(&mut self, name: &str) -> Result<(), ShipError> {
        let ours = text(&self.held.data, "/spec/holderIdentity");
        match read(&self.api, name).await? {
            Some(found) if text(&found.data, "/spec/holderIdentity") == ours => {
                self.held = found;
                Ok(())
            }
            _ => Err(ShipError::LeaseLost),
        }
    }

    /// Gives the lease back, so that nothing of it is left.
    pub async fn release(self) -> Result<(), ShipError> {
        let uid = self.held.metadata.uid.clone();
        let params = DeleteParams::background().preconditions(Preconditions {
            uid,
            resource_version: None,
        });
        let name = self.held.metadata.name.unwrap_or_default();
        match optional(retrying(|| self.api.delete(&name, &params)).await) {
            Err(error) if code(&error) != 409 => {
                Err(ShipError::request("giving the lease back")(error))
            }
            _ => Ok(()),
        }
    }
}

/// Waits until a lease has not been renewed for its whole duration.
async fn outlive(
    api: &Api<DynamicObject>,
    name: &str,
    first: &DynamicObject,
) -> Result<(), ShipError> {
    let seconds = first.data["spec"]["leaseDurationSeconds"].as_u64();
    sleep(seconds.map_or(DURATION, Duration::from_secs)).await;
    let Some(now) = read(api, name).await? else {
        return Ok(());
    };
    if now.metadata.resource_version == first.metadata.resource_version {
        return Ok(());
    }
    Err(ShipError::Leased {
        holder: text(&now.data, "/spec/holderIdentity").to_owned(),
    })
}

async fn create(
    api: &Api<DynamicObject>,
    wanted: &DynamicObject,
) -> Result<DynamicObject, kube::Error> {
    retrying(|| async { api.create(&params(), wanted).await }).await
}

async fn replace(
    api: &Api<DynamicObject>,
    name: &str,
    lease: &DynamicObject,
) -> Result<DynamicObject, kube::Error> {
    retrying(|| async { api.replace(name, &params(), lease).await }).await
}

async fn read(api: &Api<DynamicObject>, name: &str) -> Result<Option<DynamicObject>, ShipError> {
    optional(retrying(|| api.get(name)).await).map_err(ShipError::request("reading the lease"))
}

fn params() -> PostParams {
    PostParams {
        field_manager: Some(MANAGER.to_owned()),
        ..PostParams::default()
    }
}

fn body(target: &Target, holder: &str, clock: Clock) -> DynamicObject {
    let body = json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": name(target),
            "namespace": target.namespace,
            "labels": { RELEASE_LABEL: target.id() },
        },
        "spec": {
            "holderIdentity": holder,
            "leaseDurationSeconds": DURATION.as_secs(),
            "acquireTime": time(clock),
            "renewTime": time(clock),
        },
    });
    serde_json::from_value(body).expect("a Lease is an object")
}

/// The API wants exactly six digits (`metav1.MicroTime`).
fn time(clock: Clock) -> String {
    clock.now().strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// The name of an application's lease.
pub(crate) fn name(target: &Target) -> String {
    format!("plimsoll.{}", target.id())
}

pub(crate) fn resource() -> ApiResource {
    ApiResource {
        group: "coordination.k8s.io".to_owned(),
        version: "v1".to_owned(),
        api_version: "coordination.k8s.io/v1".to_owned(),
        kind: "Lease".to_owned(),
        plural: "leases".to_owned(),
    }
}
