//! What is shipped: the objects of one environment, the secrets they wish for, and how to behave.
//!
//! Plain data, made by the caller. Nothing here knows where the objects come from.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use plimsoll_secrets::{Half, Make, PairKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The name of an object in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectKey {
    /// Group and version, such as `apps/v1`.
    pub api_version: String,
    /// Such as `Deployment`.
    pub kind: String,
    /// None for an object of the whole cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its own name.
    pub name: String,
}

impl ObjectKey {
    /// A key in a namespace, or without one.
    pub fn new(api_version: &str, kind: &str, namespace: Option<&str>, name: &str) -> Self {
        Self {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
        }
    }

    /// The key of a Secret.
    pub fn secret(namespace: &str, name: &str) -> Self {
        Self::new("v1", "Secret", Some(namespace), name)
    }

    /// The key of a Namespace.
    pub fn namespace(name: &str) -> Self {
        Self::new("v1", "Namespace", None, name)
    }

    /// The API group, empty for the core one.
    pub fn group(&self) -> &str {
        self.api_version
            .split_once('/')
            .map_or("", |(group, _)| group)
    }

    /// The namespace that the object is in or, for a Namespace, that it is.
    pub fn inside(&self) -> Option<&str> {
        let itself = (self.kind == "Namespace" && self.group().is_empty()).then_some(&self.name);
        self.namespace.as_ref().or(itself).map(String::as_str)
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

/// A position in the user's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file, as the user named it.
    pub file: String,
    /// Line, from one.
    pub line: u32,
    /// Column, from one.
    pub column: u32,
}

/// What an object is for, as far as shipping treats it in its own way.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Nothing special.
    #[default]
    Plain,
    /// A Job that changes a database: run once, remembered in the journal, never run again.
    Migration {
        /// Its name in the application file.
        name: String,
    },
    /// Another Job that runs with the release; its name says what it runs.
    Job,
    /// A Job that keeps its name: it runs again with every release that changes it.
    Hook,
    /// Holds data.
    Store,
    /// Runs a service.
    Workload,
    /// Brings requests in.
    Route,
}

impl Role {
    /// Whether the object runs once and its success is remembered.
    pub fn runs_once(&self) -> bool {
        matches!(self, Self::Migration { .. } | Self::Job | Self::Hook)
    }
}

/// One object as it shall be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Desired {
    /// Its name.
    pub key: ObjectKey,
    /// Its whole content, with `apiVersion`, `kind` and `metadata`.
    pub body: Value,
    /// What must be ready before this starts.
    #[serde(default)]
    pub after: Vec<ObjectKey>,
    /// What must exist before this starts, beyond what the content refers to.
    #[serde(default)]
    pub exists_after: Vec<ObjectKey>,
    /// Workloads whose Services its pods call: nothing waits for them, but what runs already is not
    /// pointed at one that is new before that answers.
    #[serde(default)]
    pub calls: Vec<ObjectKey>,
    /// Holds data: never deleted, unless data is asked to go.
    #[serde(default)]
    pub protected: bool,
    /// It may go, and the claims that it made from its templates stay, unless data is asked to go: the
    /// disks of a service.
    #[serde(default)]
    pub keeps_claims: bool,
    /// What it is for.
    #[serde(default)]
    pub role: Role,
    /// Where the user wrote what it comes from.
    #[serde(default)]
    pub place: Option<Place>,
    /// The service, store, … that it belongs to; empty for none.
    #[serde(default)]
    pub unit: String,
}

/// A Secret whose values are made in the cluster, or must be there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SecretWish {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its type, such as `Opaque`.
    pub kind: String,
    /// Labels that it carries.
    pub labels: Vec<(String, String)>,
    /// Its keys.
    pub keys: Vec<KeyWish>,
    /// The service or store that it belongs to; empty for none.
    pub unit: String,
    /// Where the user wrote what it comes from.
    pub place: Option<Place>,
}

impl SecretWish {
    /// The key of the Secret.
    pub fn object(&self) -> ObjectKey {
        ObjectKey::secret(&self.namespace, &self.name)
    }
}

/// One key of a Secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyWish {
    /// Its name in the Secret.
    pub key: String,
    /// Where its value comes from.
    pub how: How,
}

/// A value by its logical name. Wherever the same one is wished for, the same value is put.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Logical {
    /// Such as `session-key` or `db.password`.
    pub name: String,
    /// Of a value that comes in two halves: which.
    pub half: Option<Half>,
}

impl Logical {
    /// A value that stands alone.
    pub fn whole(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            half: None,
        }
    }
}

impl fmt::Display for Logical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let half = match self.half {
            None => "",
            Some(Half::Private) => ".private",
            Some(Half::Public) => ".public",
        };
        write!(f, "{}{half}", self.name)
    }
}

/// Where the value of a key comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum How {
    /// Made where it is missing, never replaced.
    Made {
        /// Its logical name.
        value: Logical,
        /// How it is made.
        make: Make,
    },
    /// A half of a pair: both are made in one go, never one alone.
    MadePair {
        /// Its logical name, with the half.
        value: Logical,
        /// How the pair is made.
        kind: PairKind,
    },
    /// A person brings it; without it nothing starts.
    Given {
        /// Its logical name.
        value: Logical,
    },
    /// Put together of text and other values; follows them.
    Composed {
        /// The parts in order.
        parts: Vec<Part>,
    },
}

/// A part of a composed value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Part {
    /// As it stands.
    Text(String),
    /// Another wished value.
    Value {
        /// Its logical name.
        value: Logical,
        /// Percent-encoded, for the inside of a URL.
        escape: bool,
    },
    /// Another wished value as a gateway compares it: base64 of its SHA-1, after `{SHA}`.
    Hashed {
        /// Its logical name.
        value: Logical,
    },
}

/// What happens when a release fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Rollback {
    /// The release before comes back by itself.
    #[default]
    Auto,
    /// The caller asks first.
    Ask,
    /// Everything stays as it is.
    Never,
}

/// One application in one environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Release {
    /// The application's name.
    pub application: String,
    /// The environment's name.
    pub environment: String,
    /// The main namespace: the inventory lives there.
    pub namespace: String,
    /// Everything that shall be.
    pub objects: Vec<Desired>,
    /// Secrets that are made in the cluster.
    pub secrets: Vec<SecretWish>,
    /// How long the whole may take.
    pub deadline: Duration,
    /// What happens when it fails.
    pub rollback: Rollback,
    /// Revisions of each database that it can run on: lowest and highest. Its own migrations bring
    /// the database to the highest.
    #[serde(default)]
    pub revisions: BTreeMap<String, (u32, u32)>,
}

impl Release {
    /// The image of each service, store and migration: of its first container.
    pub fn images(&self) -> BTreeMap<String, String> {
        let image = |object: &Desired| {
            let (key, body) = (&object.key, &object.body);
            let pod = crate::pod_spec::template(key, body)?;
            let image = pod.pointer("/spec/containers/0/image")?.as_str()?;
            let is_main = !matches!(object.role, Role::Plain | Role::Route);
            (is_main && !object.unit.is_empty()).then(|| (object.unit.clone(), image.to_owned()))
        };
        self.objects.iter().filter_map(image).collect()
    }

    /// Where it goes, without what goes there.
    pub fn target(&self) -> Target {
        Target {
            application: self.application.clone(),
            environment: self.environment.clone(),
            namespace: self.namespace.clone(),
        }
    }
}

/// Where an application lives: enough to find what was shipped before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The application's name.
    pub application: String,
    /// The environment's name.
    pub environment: String,
    /// The main namespace.
    pub namespace: String,
}

impl Target {
    /// `APP-ENV`: the value of [`RELEASE_LABEL`] and the end of the inventory's name.
    pub fn id(&self) -> String {
        format!("{}-{}", self.application, self.environment)
    }
}

/// The label on everything that is shipped; its value is [`Target::id`].
pub const RELEASE_LABEL: &str = "plimsoll.dev/release";

/// The annotation of a Namespace that shipping has made; its value is [`Target::id`]. A Namespace
/// without it was there before, and stays.
pub const MADE_FOR: &str = "plimsoll.dev/made-for";

/// The field manager of everything that is applied.
pub const MANAGER: &str = "plimsoll";
