//! Text with references in it.

use super::target::Target;
use plimsoll_source::{Knob, Origin, Sourced, Str};
use std::fmt;

/// A text in which names of targets, secrets and variables may stand. What is fixed in this
/// environment (`app`, `env`, `namespace`, `service`, `port`) is text already.
#[derive(Clone, Debug)]
pub struct Template {
    /// What it is made of, in order; empty for an empty text.
    pub parts: Vec<Part>,
    /// The whole text as written, with its history.
    pub written: Sourced<Str>,
}

/// A piece of a [`Template`].
#[derive(Clone, Debug)]
pub enum Part {
    /// Text.
    Text(Sourced<Str>),
    /// A variable of the file, which is a handle.
    Var(Knob<Str>),
    /// Something of a target that is no secret.
    Target {
        /// Of whom.
        target: Target,
        /// What.
        field: TargetField,
        /// Where it was written.
        origin: Origin,
    },
    /// A password or URL of a store, which is secret.
    Credential {
        /// Of whom.
        target: Target,
        /// What: [`TargetField::Password`], [`TargetField::Url`] or [`TargetField::ReaderUrl`].
        field: TargetField,
        /// Where it was written.
        origin: Origin,
    },
    /// A secret of the file.
    Secret {
        /// Name in `secrets`.
        name: Str,
        /// Its key, where it has several or is a pair.
        key: Option<Str>,
        /// Where it was written.
        origin: Origin,
    },
}

/// What can be asked of a target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetField {
    /// `.host`
    Host,
    /// `.port`, the main one of the Service
    Port,
    /// `.ports.NAME`, of the Service
    PortNamed(Str),
    /// `.address`, `host:port`
    Address,
    /// `.url`
    Url,
    /// `.user`
    User,
    /// `.password`
    Password,
    /// `.database`
    Database,
    /// `.bucket`
    Bucket,
    /// `.region`
    Region,
    /// `.endpoint`
    Endpoint,
    /// `.pool` of the edge
    Pool,
    /// `.ca`, path of the CA file
    Ca,
    /// `.pods`, the headless Service
    Pods,
    /// `.reader.host`
    ReaderHost,
    /// `.reader.url`
    ReaderUrl,
}

impl fmt::Display for TargetField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Host => "host",
            Self::Port => "port",
            Self::PortNamed(name) => return write!(f, "ports.{name}"),
            Self::Address => "address",
            Self::Url => "url",
            Self::User => "user",
            Self::Password => "password",
            Self::Database => "database",
            Self::Bucket => "bucket",
            Self::Region => "region",
            Self::Endpoint => "endpoint",
            Self::Pool => "pool",
            Self::Ca => "ca",
            Self::Pods => "pods",
            Self::ReaderHost => "reader.host",
            Self::ReaderUrl => "reader.url",
        })
    }
}

impl Template {
    /// A text without references.
    pub fn plain(text: Sourced<Str>) -> Self {
        Self {
            parts: vec![Part::Text(text.clone())],
            written: text,
        }
    }

    /// The text, if nothing is referenced.
    pub fn text(&self) -> Option<Sourced<Str>> {
        match self.parts.as_slice() {
            [] => Some(self.written.clone()),
            [Part::Text(text)] => Some(text.clone()),
            _ => None,
        }
    }

    /// Whether a secret stands in it.
    pub fn is_secret(&self) -> bool {
        let secret = |part: &Part| matches!(part, Part::Secret { .. } | Part::Credential { .. });
        self.parts.iter().any(secret)
    }
}
