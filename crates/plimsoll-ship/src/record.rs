//! Keeps what shipping has to remember in the cluster: a Secret, compressed, in parts below the
//! size that the API takes.
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
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::{ShipError, code};
use crate::references::text;
use crate::release::{MANAGER, ObjectKey, RELEASE_LABEL, Target};
use crate::retry::{optional, retrying};

/// A Secret may hold 1 MiB (Kubernetes, "Secrets"). As base64 a part takes 900 KiB, which leaves
/// room for the object around it.
const PART: usize = 675 * 1024;
/// More than is ever remembered: a compressed bomb ends here.
const LARGEST: u64 = 256 * 1024 * 1024;

/// What is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// Inventory and journal: a [`Record`](crate::Record).
    Inventory,
    /// A release that came up, by its number: a [`Release`](crate::Release).
    Release(u64),
}

impl Memory {
    fn name(self) -> &'static str {
        match self {
            Self::Inventory => "inventory",
            Self::Release(_) => "release",
        }
    }
}

/// One memory of one application.
pub struct Store {
    memory: Memory,
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
    /// The memory of `target`; nothing is read yet.
    pub fn new(client: &Client, target: &Target, memory: Memory) -> Self {
        let secrets = Api::namespaced_with(client.clone(), &target.namespace, &secret_resource());
        Self {
            memory,
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
        let id = self.target.id();
        match self.memory {
            Memory::Inventory => format!("plimsoll.inventory.{id}"),
            Memory::Release(number) => format!("plimsoll.release.{id}.v{number}"),
        }
    }

    /// Reads what is remembered; none where nothing is.
    pub async fn load<T: DeserializeOwned>(&mut self) -> Result<Option<T>, ShipError> {
        let what = format!("reading the {}", self.memory.name());
        let name = self.name();
        let found = optional(retrying(|| self.secrets.get(&name)).await);
        let Some(found) = found.map_err(ShipError::request(what.clone()))? else {
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
            let found = found.map_err(ShipError::request(what.clone()))?;
            let found = found.ok_or_else(|| self.broken(format!("its part {part} is gone")))?;
            content.extend(self.content(&found)?);
        }
        let remembered = self.decode(&content)?;
        self.head = Some(Head {
            version: found.metadata.resource_version.unwrap_or_default(),
            uid: found.metadata.uid.unwrap_or_default(),
            parts,
            content,
            revision,
        });
        Ok(Some(remembered))
    }

    /// Writes it, whole or not at all; nothing where it is as it was. Stops if another shipper
    /// wrote in between.
    pub async fn save<T: Serialize>(&mut self, remembered: &T) -> Result<(), ShipError> {
        let content = encode(remembered);
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

    /// Deletes what was read or written last.
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
        written.map(drop).map_err(ShipError::request(format!(
            "writing the {}",
            self.memory.name()
        )))
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
            answer => answer.map_err(ShipError::request(format!(
                "writing the {}",
                self.memory.name()
            ))),
        }
    }

    /// After a conflict: the write may have been ours, its answer lost.
    async fn mine(&self, sent: &DynamicObject) -> Result<DynamicObject, ShipError> {
        let name = self.name();
        let found = retrying(|| self.secrets.get(&name)).await;
        let found = found.map_err(ShipError::request(format!(
            "reading the {}",
            self.memory.name()
        )))?;
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
        deleted.map(drop).map_err(ShipError::request(format!(
            "deleting the {}",
            self.memory.name()
        )))
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
            "type": format!("plimsoll.dev/{}", self.memory.name()),
            "data": { "content": STANDARD.encode(chunk) },
        })
    }

    fn content(&self, secret: &DynamicObject) -> Result<Vec<u8>, ShipError> {
        let content = STANDARD.decode(text(&secret.data, "/data/content"));
        content.map_err(|error| self.broken(error.to_string()))
    }

    fn decode<T: DeserializeOwned>(&self, content: &[u8]) -> Result<T, ShipError> {
        let mut json = Vec::new();
        let read = GzDecoder::new(content).take(LARGEST).read_to_end(&mut json);
        read.map_err(|error| self.broken(error.to_string()))?;
        serde_json::from_slice(&json).map_err(|error| self.broken(error.to_string()))
    }

    fn broken(&self, why: String) -> ShipError {
        ShipError::Memory {
            secret: Box::new(self.key()),
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

/// The same content always gives the same bytes: the header holds no time.
fn encode<T: Serialize>(remembered: &T) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let written = serde_json::to_vec(remembered).map(|json| encoder.write_all(&json));
    written
        .expect("what is remembered is JSON")
        .expect("memory takes every write");
    encoder.finish().expect("memory takes every write")
}
