//! Keeps inventory and journal in the cluster: a Secret, compressed, in parts below the size that
//! the API takes.
//!
//! The first part names the others, which are new for each write: so a killed write leaves the
//! former record whole.

use std::io::{Read, Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use kube::Client;
use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams, Preconditions,
};
use serde_json::{Value, json};

use crate::error::{ShipError, code};
use crate::inventory::{FORMAT, Record};
use crate::references::text;
use crate::release::{MANAGER, ObjectKey, RELEASE_LABEL, Target};
use crate::retry::{optional, retrying};

/// A Secret may hold 1 MiB, and the API object around it needs room (Kubernetes, "Secrets").
const PART: usize = 900 * 1024;
/// More than any record is: a compressed bomb ends here.
const LARGEST: u64 = 256 * 1024 * 1024;

/// The stored record of one application.
pub struct Store {
    secrets: Api<DynamicObject>,
    target: Target,
    part: usize,
    /// Version and parts of the head that was read or written last; none where there is none.
    head: Option<Head>,
}

#[derive(Debug, Clone, PartialEq)]
struct Head {
    version: String,
    uid: String,
    parts: Vec<String>,
    content: Vec<u8>,
    revision: u64,
}

impl Store {
    /// The record of `target`; nothing is read yet.
    pub fn new(client: &Client, target: &Target) -> Self {
        let secrets = Api::namespaced_with(client.clone(), &target.namespace, &secret_resource());
        Self {
            secrets,
            target: target.clone(),
            part: PART,
            head: None,
        }
    }

    /// The first Secret.
    pub fn key(&self) -> ObjectKey {
        ObjectKey::secret(&self.target.namespace, &self.name())
    }

    fn name(&self) -> String {
        format!("plimsoll.inventory.{}", self.target.id())
    }

    /// Reads the record; none where nothing was ever shipped.
    pub async fn load(&mut self) -> Result<Option<Record>, ShipError> {
        let what = "reading the inventory";
        let name = self.name();
        let found = optional(retrying(|| self.secrets.get(&name)).await);
        let Some(found) = found.map_err(ShipError::request(what))? else {
            self.head = None;
            return Ok(None);
        };
        let annotation = |name: &str| {
            found
                .metadata
                .annotations
                .as_ref()
                .and_then(|all| all.get(name))
                .map_or("", String::as_str)
        };
        let parts: Vec<String> = serde_json::from_str(annotation(PARTS)).unwrap_or_default();
        let revision = annotation(REVISION).parse().unwrap_or(0);
        let mut content = self.content(&found)?;
        for part in &parts {
            let found = optional(retrying(|| self.secrets.get(part)).await);
            let found = found.map_err(ShipError::request(what))?;
            let found = found.ok_or_else(|| self.broken(format!("its part {part} is gone")))?;
            content.extend(self.content(&found)?);
        }
        let record = self.decode(&content)?;
        self.head = Some(Head {
            version: found.metadata.resource_version.unwrap_or_default(),
            uid: found.metadata.uid.unwrap_or_default(),
            parts,
            content,
            revision,
        });
        Ok(Some(record))
    }

    /// Writes the record, whole or not at all; nothing where it is as it was. Stops if another
    /// shipper wrote in between.
    pub async fn save(&mut self, record: &Record) -> Result<(), ShipError> {
        let content = encode(record);
        if self
            .head
            .as_ref()
            .is_some_and(|head| head.content == content)
        {
            return Ok(());
        }
        let revision = self.head.as_ref().map_or(0, |head| head.revision) + 1;
        let mut chunks = content.chunks(self.part);
        let first = chunks.next().unwrap_or_default();
        let mut parts = Vec::new();
        for (number, chunk) in chunks.enumerate() {
            let name = format!("{}.{revision}.{}", self.name(), number + 1);
            self.write_part(&name, chunk).await?;
            parts.push(name);
        }
        let written = self.write_head(first, &parts, revision).await?;
        let old = self.head.replace(Head {
            version: written.metadata.resource_version.unwrap_or_default(),
            uid: written.metadata.uid.unwrap_or_default(),
            parts,
            content,
            revision,
        });
        for part in old.into_iter().flat_map(|head| head.parts) {
            self.delete(&part, None).await?;
        }
        Ok(())
    }

    /// Deletes the record.
    pub async fn remove(&mut self) -> Result<(), ShipError> {
        let Some(head) = self.head.take() else {
            return Ok(());
        };
        self.delete(&self.name(), Some(head.uid)).await?;
        for part in head.parts {
            self.delete(&part, None).await?;
        }
        Ok(())
    }

    async fn write_part(&self, name: &str, chunk: &[u8]) -> Result<(), ShipError> {
        let body = self.body(name, chunk, &[], 0);
        let params = PatchParams::apply(MANAGER).force();
        let patch = Patch::Apply(&body);
        let written = retrying(|| self.secrets.patch(name, &params, &patch)).await;
        written
            .map(drop)
            .map_err(ShipError::request("writing the inventory"))
    }

    /// Made where there was none, replaced where it is still the one that was read.
    async fn write_head(
        &self,
        chunk: &[u8],
        parts: &[String],
        revision: u64,
    ) -> Result<DynamicObject, ShipError> {
        let name = self.name();
        let mut body = self.body(&name, chunk, parts, revision);
        if let Some(head) = &self.head {
            body["metadata"]["resourceVersion"] = Value::from(head.version.clone());
        }
        let object: DynamicObject = serde_json::from_value(body).expect("a Secret is an object");
        let params = PostParams {
            field_manager: Some(MANAGER.to_owned()),
            ..PostParams::default()
        };
        let answer = retrying(|| async {
            match &self.head {
                Some(_) => self.secrets.replace(&name, &params, &object).await,
                None => self.secrets.create(&params, &object).await,
            }
        })
        .await;
        match answer {
            Err(error) if code(&error) == 409 => self.mine(&object).await,
            answer => answer.map_err(ShipError::request("writing the inventory")),
        }
    }

    /// After a conflict: the write may have been ours, its answer lost.
    async fn mine(&self, sent: &DynamicObject) -> Result<DynamicObject, ShipError> {
        let name = self.name();
        let found = retrying(|| self.secrets.get(&name)).await;
        let found = found.map_err(ShipError::request("reading the inventory"))?;
        if found.data["data"] == sent.data["data"] {
            Ok(found)
        } else {
            Err(ShipError::LeaseLost)
        }
    }

    async fn delete(&self, name: &str, uid: Option<String>) -> Result<(), ShipError> {
        let preconditions = Preconditions {
            uid,
            resource_version: None,
        };
        let params = DeleteParams::background();
        let params = if preconditions.uid.is_some() {
            params.preconditions(preconditions)
        } else {
            params
        };
        let deleted = optional(retrying(|| self.secrets.delete(name, &params)).await);
        deleted
            .map(drop)
            .map_err(ShipError::request("deleting the inventory"))
    }

    fn body(&self, name: &str, chunk: &[u8], parts: &[String], revision: u64) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": name,
                "namespace": self.target.namespace,
                "labels": { RELEASE_LABEL: self.target.id(), INVENTORY_LABEL: "true" },
                "annotations": {
                    PARTS: Value::from(parts.to_vec()).to_string(),
                    REVISION: revision.to_string(),
                },
            },
            "type": "plimsoll.dev/inventory",
            "data": { "content": STANDARD.encode(chunk) },
        })
    }

    fn content(&self, secret: &DynamicObject) -> Result<Vec<u8>, ShipError> {
        let content = STANDARD.decode(text(&secret.data, "/data/content"));
        content.map_err(|error| self.broken(error.to_string()))
    }

    fn decode(&self, content: &[u8]) -> Result<Record, ShipError> {
        let mut json = Vec::new();
        let read = GzDecoder::new(content).take(LARGEST).read_to_end(&mut json);
        read.map_err(|error| self.broken(error.to_string()))?;
        let record: Record =
            serde_json::from_slice(&json).map_err(|error| self.broken(error.to_string()))?;
        if record.version > FORMAT {
            return Err(self.broken(format!(
                "its format is {}, newer than {FORMAT}",
                record.version
            )));
        }
        Ok(record)
    }

    fn broken(&self, why: String) -> ShipError {
        ShipError::Inventory {
            secret: self.key(),
            why,
        }
    }
}

const PARTS: &str = "plimsoll.dev/parts";
const REVISION: &str = "plimsoll.dev/revision";

/// The label that tells the inventory from what it lists.
pub const INVENTORY_LABEL: &str = "plimsoll.dev/inventory";

fn secret_resource() -> ApiResource {
    ApiResource {
        group: String::new(),
        version: "v1".to_owned(),
        api_version: "v1".to_owned(),
        kind: "Secret".to_owned(),
        plural: "secrets".to_owned(),
    }
}

/// The same record always gives the same bytes: the header holds no time.
fn encode(record: &Record) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let written = serde_json::to_vec(record).map(|json| encoder.write_all(&json));
    written
        .expect("a record is JSON")
        .expect("memory takes every write");
    encoder.finish().expect("memory takes every write")
}
