//! Programs that bring a database to the shape that a release needs.

use indexmap::IndexMap;
use plimsoll_source::{Knob, Origin, Sourced, Str};
use plimsoll_spec_derive::Spec;

use super::pod::{SecretUse, Security, Volume, Writable};
use super::{ConfigFile, EnvValue, Image, Placement, Size, Use};
use crate::types::{Duration, Target, Template};

/// A program that brings a database to the shape that a release needs.
#[derive(Clone, Debug, Spec)]
pub struct Migration {
    /// Its name.
    #[spec(name)]
    pub name: Sourced<Str>,
    /// `STORE[.DATABASE]`, as written. One migrator per database.
    #[spec(shown = "the store of the same name")]
    pub store: Sourced<Str>,
    /// What `store` is: always a store.
    #[spec(target_of = "store")]
    pub target: Target,
    /// The service that is its program, and in whose chart it is.
    pub service: Option<Sourced<Str>>,
    /// What migrates. `sql`: plain files of `folder`, each once, by name. `self`: the service
    /// while it starts.
    pub tool: Option<Sourced<Tool>>,
    /// Folder of the files in the image; of `sql` of the project.
    pub folder: Option<Sourced<Str>>,
    /// Command, instead of `tool`.
    pub command: Option<Vec<Template>>,
    /// Arguments, instead of `tool`.
    pub args: Option<Vec<Template>>,
    /// Migrations that come before.
    pub after: Vec<Sourced<Str>>,
    /// How often a failed run is tried again.
    #[spec(default = "1")]
    pub retries: Sourced<u32>,
    /// How long a run may take.
    #[spec(default = "15m")]
    pub deadline: Sourced<Duration>,
    /// Off: as if not written, but charts keep a switch.
    #[spec(default = "true")]
    pub enabled: Knob<bool>,
    /// Image.
    #[spec(shown = "the service's, else the name of the migration")]
    pub image: Image,
    /// Namespace.
    #[spec(shown = "the service's, else the main one")]
    pub namespace: Sourced<Str>,
    /// What it asks for and may use.
    pub size: Size,
    /// Environment variables.
    pub env: Knob<IndexMap<Str, EnvValue>>,
    /// Files.
    #[spec(keys = Path)]
    pub config: IndexMap<Str, ConfigFile>,
    /// Secrets, as environment variables of the same names.
    #[spec(set)]
    pub secrets: IndexMap<Str, SecretUse>,
    /// What it talks to; its own store stands in it too.
    #[spec(set)]
    pub uses: IndexMap<Str, Use>,
    /// Disks, by path.
    #[spec(keys = Path)]
    pub volumes: IndexMap<Str, Volume>,
    /// Paths that may be written, or `all`.
    #[spec(default = "[/tmp]")]
    pub writable: Writable,
    /// Where its pods go.
    pub placement: Knob<Placement>,
    /// Identity in the cloud.
    pub identity: Option<Sourced<Str>>,
    /// What its process may.
    pub security: Security,
    /// Labels, on pods as well.
    pub labels: Knob<IndexMap<Str, Sourced<Str>>>,
    /// Annotations, on pods as well.
    pub annotations: Knob<IndexMap<Str, Sourced<Str>>>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

impl Migration {
    /// Whether it is a Job; else its service migrates while it starts.
    pub fn is_job(&self) -> bool {
        self.tool
            .as_ref()
            .is_none_or(|tool| *tool.peek() != Tool::Own)
    }
}

/// What migrates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum Tool {
    /// goose.
    Goose,
    /// sqlx.
    Sqlx,
    /// Flyway.
    Flyway,
    /// Alembic.
    Alembic,
    /// Prisma.
    Prisma,
    /// Plain files, each once, recorded; the client is brought.
    Sql,
    /// The service itself, while it starts.
    #[spec(word = "self")]
    Own,
}
