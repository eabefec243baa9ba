//! Databases, caches, brokers and buckets.

use indexmap::IndexMap;
use plimsoll_source::{Knob, Origin, Sourced, Str};
use plimsoll_spec_derive::Spec;
use std::borrow::Cow;

use super::job::When;
use super::platform::CertificatesUse;
use super::pod::{Companion, SecretUse, Security, Volume, Writable};
use super::size::StoreSize;
use super::{ConfigFile, EnvValue, Health, Image, OrNone, Placement, Ports, Use, health::Stop};
use crate::types::{Bytes, Cidr, Duration, Template};

/// A database, cache, broker or bucket. What is not written is of the engine's row of facts.
#[derive(Clone, Debug, Spec)]
pub struct Store {
    /// Its name, which is the name of its objects.
    #[spec(name)]
    pub name: Sourced<Str>,
    /// What it is.
    pub engine: Sourced<Engine>,
    /// Version.
    #[spec(shown = "the newest that is known")]
    pub version: Sourced<Str>,
    /// Who runs it.
    #[spec(default = "statefulset")]
    pub run: Sourced<Run>,
    /// How its instances work together.
    #[spec(shown = "by `instances`")]
    #[spec(only = "engine: postgres timescaledb redis valkey clickhouse")]
    pub mode: Sourced<Mode>,
    /// Pods in all, the primary included.
    #[spec(default = "1")]
    pub instances: Knob<u32>,
    /// Shards of a cluster.
    #[spec(default = "3")]
    #[spec(only = "mode: cluster")]
    pub shards: Sourced<u32>,
    /// Databases; of `s3` the buckets.
    #[spec(set, shown = "`[app]` where the engine has databases")]
    pub databases: IndexMap<Str, Database>,
    /// Logins; each has a password of its own. `none`: no login, which needs a waiver.
    #[spec(set, shown = "the owners of `databases`; else the engine's")]
    pub users: OrNone<IndexMap<Str, User>>,
    /// Disk of each instance. `none`: gone with the pod.
    pub storage: OrNone<Storage>,
    /// Where `storage` is mounted.
    #[spec(shown = "the engine's")]
    pub data: Sourced<Str>,
    /// What an instance asks for and may use.
    pub size: StoreSize,
    /// Settings of the engine.
    #[spec(shown = "from size")]
    pub settings: IndexMap<Str, Sourced<Str>>,
    /// Most connections.
    #[spec(shown = "from size")]
    pub connections: Option<Sourced<u32>>,
    /// Pooler before it.
    #[spec(default = "false")]
    #[spec(only = "engine: postgres timescaledb")]
    pub pooler: OrNone<Pooler>,
    /// Environment variable that holds the URL in those who use it.
    #[spec(
        shown = "`DATABASE_URL` of SQL, `REDIS_URL`, else `ENGINE_URL`; none of `s3` and `custom`"
    )]
    pub as_: OrNone<Sourced<Str>>,
    /// Whether TLS is offered; the URL then demands it.
    #[spec(shown = "true for postgres, timescaledb, clickhouse; else false")]
    pub tls: Sourced<Tls>,
    /// Exporter of metrics, or its image.
    #[spec(default = "true")]
    pub exporter: OrNone<Exporter>,
    /// No release, prune or `down` deletes its data.
    #[spec(default = "true")]
    pub protect: Sourced<bool>,
    /// Commands that write all data to stdout, and read it from stdin.
    #[spec(shown = "the engine's")]
    pub dump: Option<Dump>,
    /// Namespace.
    #[spec(shown = "the main one")]
    pub namespace: Sourced<Str>,
    /// Off: as if not written, but charts keep a switch.
    #[spec(default = "true")]
    pub enabled: Knob<bool>,
    /// Where its pods go.
    pub placement: Knob<Placement>,
    /// Image.
    #[spec(shown = "the engine's of that version")]
    pub image: Image,
    /// Labels, on pods as well.
    pub labels: Knob<IndexMap<Str, Sourced<Str>>>,
    /// Annotations, on pods as well.
    pub annotations: Knob<IndexMap<Str, Sourced<Str>>>,
    /// Ports.
    #[spec(shown = "the engine's")]
    #[spec(only = "run: !operator")]
    pub ports: Ports,
    /// Probes.
    #[spec(shown = "the engine's")]
    #[spec(only = "run: statefulset")]
    pub health: Health,
    /// How it stops.
    #[spec(shown = "the engine's")]
    #[spec(only = "run: statefulset")]
    pub stop: Stop,
    /// Command, instead of the engine's.
    #[spec(only = "run: statefulset")]
    pub command: Option<Vec<Template>>,
    /// Arguments, instead of the engine's.
    #[spec(only = "run: statefulset")]
    pub args: Option<Vec<Template>>,
    /// Environment variables, besides the engine's.
    #[spec(only = "run: statefulset")]
    pub env: Knob<IndexMap<Str, EnvValue>>,
    /// Files, besides the engine's.
    #[spec(keys = Path)]
    #[spec(only = "run: statefulset")]
    pub config: IndexMap<Str, ConfigFile>,
    /// Secrets, besides the engine's.
    #[spec(set)]
    #[spec(only = "run: statefulset")]
    pub secrets: IndexMap<Str, SecretUse>,
    /// What it talks to.
    #[spec(set)]
    #[spec(only = "run: statefulset")]
    pub uses: IndexMap<Str, Use>,
    /// Further disks, by path.
    #[spec(keys = Path)]
    #[spec(only = "run: statefulset")]
    pub volumes: IndexMap<Str, Volume>,
    /// Paths that may be written.
    #[spec(shown = "the engine's")]
    #[spec(only = "run: statefulset")]
    pub writable: Writable,
    /// What its process may.
    #[spec(shown = "the engine's user and group")]
    #[spec(only = "run: statefulset")]
    pub security: Security,
    /// Containers that run before it, in order.
    #[spec(keys = Name)]
    #[spec(only = "run: statefulset")]
    pub init: IndexMap<Str, Companion>,
    /// Containers that run beside it.
    #[spec(keys = Name)]
    #[spec(only = "run: statefulset")]
    pub sidecars: IndexMap<Str, Companion>,
    /// Where it is, of `run: external`.
    #[spec(only = "run: external")]
    pub host: Option<Sourced<Str>>,
    /// Secret that holds the URL, of `run: external`.
    #[spec(only = "run: external")]
    pub secret: Option<Sourced<Str>>,
    /// Its addresses, of `run: external`.
    #[spec(only = "run: external")]
    pub cidr: Vec<Sourced<Cidr>>,
    /// Copies of the data. Where data is kept, `none` is a finding.
    #[spec(default = "none")]
    pub backup: OrNone<Backup>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

impl Store {
    /// The ports of its Services: the engine's, then those of sidecars.
    pub fn offered(&self) -> Cow<'_, Ports> {
        self.ports.joined(&self.sidecars)
    }

    /// Whether it serves TLS: an operator brings its own certificates, else somebody must make them.
    pub fn serves_tls(&self, certificates: CertificatesUse) -> bool {
        let made = certificates == CertificatesUse::CertManager;
        match self.run.peek() {
            Run::External => false,
            Run::Operator => *self.tls.peek() != Tls::Off,
            Run::StatefulSet => {
                made && self.engine.peek().speaks_tls() && *self.tls.peek() != Tls::Off
            }
        }
    }
}

/// Engines. The first five are known in full; of the others only facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Spec)]
pub enum Engine {
    /// PostgreSQL.
    Postgres,
    /// PostgreSQL with TimescaleDB.
    #[spec(word = "timescaledb")]
    TimescaleDb,
    /// Redis.
    Redis,
    /// Valkey.
    Valkey,
    /// ClickHouse.
    #[spec(word = "clickhouse")]
    ClickHouse,
    /// `MySQL`.
    #[spec(word = "mysql")]
    MySql,
    /// `MariaDB`.
    #[spec(word = "mariadb")]
    MariaDb,
    /// `MongoDB`.
    #[spec(word = "mongodb")]
    MongoDb,
    /// `RabbitMQ`.
    #[spec(word = "rabbitmq")]
    RabbitMq,
    /// Apache Kafka.
    Kafka,
    /// NATS.
    Nats,
    /// `OpenSearch`.
    #[spec(word = "opensearch")]
    OpenSearch,
    /// Memcached.
    Memcached,
    /// Object storage.
    S3,
    /// Anything else: `image` and `ports` are required.
    Custom,
}

/// Who runs a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum Run {
    /// We do.
    #[spec(word = "statefulset")]
    StatefulSet,
    /// An operator does.
    Operator,
    /// Somebody else does.
    External,
}

/// How the instances of a store work together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum Mode {
    /// There is one.
    Single,
    /// One writes, others read.
    Replicated,
    /// As replicated, with sentinels that choose who writes.
    Sentinel,
    /// Each has a part of the data.
    Cluster,
}

/// A database of a store, or a bucket.
#[derive(Clone, Debug, Spec)]
pub struct Database {
    /// Its name.
    #[spec(name)]
    pub name: Sourced<Str>,
    /// Who owns it.
    #[spec(shown = "a user named after the database")]
    pub owner: Sourced<Str>,
    /// Extensions that it has.
    pub extensions: Vec<Sourced<Str>>,
}

/// A login of a store.
#[derive(Clone, Debug, Spec)]
pub struct User {
    /// Its name.
    #[spec(name)]
    pub name: Sourced<Str>,
    /// The secret that is its password.
    #[spec(shown = "one of its own")]
    pub password: Option<Sourced<Str>>,
    /// May do everything.
    #[spec(default = "false")]
    pub superuser: Sourced<bool>,
    /// May copy everything.
    #[spec(default = "false")]
    pub replication: Sourced<bool>,
}

/// Disk of a store.
#[derive(Clone, Debug, Spec)]
#[spec(short = "size")]
pub struct Storage {
    /// Its size. Growing is allowed, shrinking refused.
    #[spec(default = "10Gi")]
    pub size: Knob<Bytes>,
    /// `ssd`, `standard` or a `StorageClass`.
    #[spec(shown = "the cluster's")]
    pub class: Option<Sourced<Str>>,
    /// Kept in two zones.
    #[spec(default = "false")]
    pub regional: Sourced<bool>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// Pooler of connections before a store.
#[derive(Clone, Debug, Spec)]
#[spec(short_with = crate::shape::short::switch)]
pub struct Pooler {
    /// When a connection goes back.
    #[spec(default = "transaction")]
    pub mode: Sourced<PoolMode>,
    /// Its pods.
    #[spec(default = "2")]
    pub instances: Sourced<u32>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// When a pooled connection goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum PoolMode {
    /// After each transaction.
    Transaction,
    /// When the client leaves.
    Session,
}

/// Exporter of a store's metrics. Opened to `platform.metrics` only.
#[derive(Clone, Debug, Spec)]
#[spec(short_with = crate::shape::short::exporter)]
pub struct Exporter {
    /// Its image.
    #[spec(shown = "the engine's")]
    pub image: Image,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// Whether TLS is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum Tls {
    /// It is; our URL demands it.
    #[spec(word = "true")]
    Offered,
    /// It is not.
    #[spec(word = "false")]
    Off,
    /// Plain clients are refused.
    Only,
}

/// Commands that save and load all data.
#[derive(Clone, Debug, Spec)]
pub struct Dump {
    /// Writes all data to stdout.
    pub save: Vec<Template>,
    /// Reads it from stdin.
    pub load: Vec<Template>,
}

/// Copies of a store's data.
#[derive(Clone, Debug, Spec)]
pub struct Backup {
    /// Where they go: an external with a bucket.
    pub to: Option<Sourced<Str>>,
    /// A whole copy.
    pub full: Option<Copy>,
    /// What changed since the last whole copy.
    pub incremental: Option<Copy>,
    /// A copy elsewhere.
    pub offsite: Option<Copy>,
    /// A copy that is kept for long.
    pub archive: Option<Copy>,
    /// How far back any point in time can be had.
    pub recover: Option<Sourced<Duration>>,
    /// When a restore into a scratch instance is tried.
    pub drill: Option<When>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// When a copy is made, and how long it is kept.
#[derive(Clone, Debug, Spec)]
#[spec(short = "when")]
pub struct Copy {
    /// When.
    pub when: Sourced<crate::types::Cron>,
    /// Time zone of it.
    #[spec(default = "UTC")]
    pub timezone: Sourced<Str>,
    /// Where it goes.
    #[spec(shown = "`to` of the backup")]
    pub to: Option<Sourced<Str>>,
    /// How long it is kept.
    #[spec(default = "30d")]
    pub keep: Sourced<Duration>,
}
