//! What is known of each engine: a row of facts.
//!
//! A fact that is a key of a store has it as its default. Images, users and paths are those of the
//! image that the row names, as its Dockerfile has them.

mod clickhouse;
mod kafka;
mod mariadb;
mod memcached;
mod mongodb;
mod mysql;
mod nats;
mod opensearch;
mod postgres;
mod rabbitmq;
mod redis;
mod s3;
mod timescaledb;
mod valkey;

use crate::app::store::{Engine, Mode};

/// A row of facts.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact by itself")]
pub struct Facts {
    /// The engine.
    pub engine: Engine,
    /// Its image, without tag.
    pub image: &'static str,
    /// Known versions, the newest first.
    pub versions: &'static [Version],
    /// Ports of the container, the main one first: name, number, what is spoken.
    pub ports: &'static [(&'static str, u16, &'static str)],
    /// User of the process in the image.
    pub user: u32,
    /// Group of the process and of the data.
    pub group: u32,
    /// Further paths that it writes.
    pub writable: &'static [&'static str],
    /// Whether it needs shared memory (`/dev/shm`) beyond the usual 64Mi.
    pub shm: bool,
    /// Folder whose scripts run when the data is empty.
    pub init_folder: Option<&'static str>,
    /// Seconds that it is given to stop.
    pub grace_secs: u32,
    /// Login that the image makes from env: user, and the env names of user, password, database.
    pub login: Option<Login>,
    /// Whether it has databases that we make.
    pub databases: bool,
    /// `{user}`, `{password}`, `{host}`, `{port}`, `{database}` in a URL; empty: no URL.
    pub url: &'static str,
    /// Env name of the URL in those who use it.
    pub url_env: Option<&'static str>,
    /// Probe in the long form of the file: a list is a command.
    pub health: &'static str,
    /// Shell commands that write all data to stdout and read it from stdin.
    pub dump: Option<DumpCommands>,
    /// Exporter of metrics: image with tag, port.
    pub exporter: Option<(&'static str, u16)>,
    /// How its instances can work together, in our hands.
    pub modes: &'static [Mode],
    /// Whether it is tuned from its size.
    pub tuned: bool,
    /// Whether several instances find each other by themselves.
    pub clusters: bool,
    /// Whether TLS is on by default.
    pub tls: bool,
    /// Whether any point in time can be had again.
    pub point_in_time: bool,
    /// Whether an operator is known.
    pub operator: Option<&'static str>,
    /// Extensions that the image has; those that must be preloaded.
    pub extensions: Extensions,
}

/// A version of an engine.
#[derive(Clone, Copy, Debug)]
pub struct Version {
    /// As it is written in the file, and a prefix of what else may be.
    pub version: &'static str,
    /// Tag of the image.
    pub tag: &'static str,
    /// Where data is kept.
    pub data: &'static str,
}

/// How an image makes its first login.
#[derive(Clone, Copy, Debug)]
pub struct Login {
    /// The user; nothing where there is none.
    pub user: Option<&'static str>,
}

/// Commands that save and load, for `/bin/sh -c`.
#[derive(Clone, Copy, Debug)]
pub struct DumpCommands {
    /// Writes all data to stdout.
    pub save: &'static str,
    /// Reads it from stdin.
    pub load: &'static str,
}

/// Extensions of an image.
#[derive(Clone, Copy, Debug)]
pub struct Extensions {
    /// All that can be made.
    pub known: &'static [&'static str],
    /// Those that the server must load when it starts.
    pub preloaded: &'static [&'static str],
}

/// No extensions.
const NO_EXTENSIONS: Extensions = Extensions {
    known: &[],
    preloaded: &[],
};

impl Engine {
    /// Its row; `custom` has none.
    pub fn facts(self) -> Option<&'static Facts> {
        ROWS.iter().copied().find(|facts| facts.engine == self)
    }

    /// Whether it is known in full: modes, tuning.
    pub fn is_full(self) -> bool {
        use Engine::{ClickHouse, Postgres, Redis, TimescaleDb, Valkey};
        matches!(self, Postgres | TimescaleDb | Redis | Valkey | ClickHouse)
    }

    /// Whether it is known how it is told to serve TLS. Redis and Valkey serve it or plain text at one
    /// port, never both, and their sentinels, probes and exporters would all have to be told.
    pub fn speaks_tls(self) -> bool {
        matches!(self, Self::Postgres | Self::TimescaleDb | Self::ClickHouse)
    }

    /// Whether it speaks the protocol of PostgreSQL.
    pub fn is_postgres(self) -> bool {
        matches!(self, Self::Postgres | Self::TimescaleDb)
    }
}

impl Facts {
    /// The version that was asked for, or the newest.
    pub fn version(&self, wanted: Option<&str>) -> Option<&Version> {
        let Some(wanted) = wanted else {
            return self.versions.first();
        };
        let fits = |version: &&Version| {
            let rest = wanted.strip_prefix(version.version);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
        };
        self.versions.iter().find(fits)
    }
}

/// All rows.
pub static ROWS: &[&Facts] = &[
    &postgres::FACTS,
    &timescaledb::FACTS,
    &redis::FACTS,
    &valkey::FACTS,
    &clickhouse::FACTS,
    &mysql::FACTS,
    &mariadb::FACTS,
    &mongodb::FACTS,
    &rabbitmq::FACTS,
    &kafka::FACTS,
    &nats::FACTS,
    &opensearch::FACTS,
    &memcached::FACTS,
    &s3::FACTS,
];
