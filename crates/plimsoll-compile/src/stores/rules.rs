//! What only making the objects of a store can see: `PL0420` to `PL0429`.

use plimsoll_source::{Level, Rule};

/// Every rule of stores, in the order of the codes.
pub static ALL: &[&Rule] = &[
    &TLS_WITHOUT_CERTIFICATES,
    &NO_DUMP,
    &OPERATOR_UNKNOWN,
    &NO_REGIONAL_DISK,
    &EXPORTER_UNKNOWN,
];

/// TLS is wanted and nobody makes certificates.
pub static TLS_WITHOUT_CERTIFICATES: Rule = Rule {
    code: "PL0420",
    name: "store-without-certificates",
    level: Level::Warning,
    consequence: "the store serves without TLS, and the URLs of its users say so",
    docs: "A store with `tls` needs a certificate for the names of its Services. They are made by \
           `platform.certificates`. Where that is `none`, no certificate can be made: choose \
           `cert-manager`, let an operator run the store, or write `tls: false` to say that \
           connections inside the cluster stay plain. Redis and Valkey that run here are not told to \
           serve TLS yet: encrypt what is inside of the cluster by a mesh.",
};

/// A backup of an engine that nothing dumps.
pub static NO_DUMP: Rule = Rule {
    code: "PL0421",
    name: "backup-without-dump",
    level: Level::Error,
    consequence: "no copy of the data is made, though the file asks for one",
    docs: "`full`, `offsite` and `archive` run the commands of `dump`. For this engine none are \
           known: write `dump: { save, load }`, commands of the store's image that write all data \
           to stdout and read it from stdin. They find the store by the variables `STORE_HOST`, \
           `STORE_PORT`, `STORE_USER` and `STORE_PASSWORD`.",
};

/// An operator is wanted that we cannot tell what to do.
pub static OPERATOR_UNKNOWN: Rule = Rule {
    code: "PL0423",
    name: "operator-unknown",
    level: Level::Error,
    consequence: "nothing is made of the store",
    docs: "`run: operator` is known for PostgreSQL by CloudNativePG. TimescaleDB runs there from an \
           image that has both; write it as `image`. Other engines run as StatefulSets of their \
           official images, or are `external`.",
};

/// A disk in two zones where the distribution has none.
pub static NO_REGIONAL_DISK: Rule = Rule {
    code: "PL0424",
    name: "no-regional-disk",
    level: Level::Warning,
    consequence: "the disk is in one zone, and the store is away while that zone is",
    docs: "`storage.regional` asks for a disk that is kept in two zones. GKE and AKS have such disks. \
           Elsewhere several `instances` in several zones do the same, or a StorageClass of the \
           cluster that you name as `class`.",
};

/// An exporter of an engine that none is known for.
pub static EXPORTER_UNKNOWN: Rule = Rule {
    code: "PL0425",
    name: "exporter-unknown",
    level: Level::Warning,
    consequence: "the store has no exporter, so nothing is read from it",
    docs: "An exporter needs to be told where the engine listens and as whom to log in. That is known \
           for postgres, timescaledb, redis, valkey, mysql, mariadb, mongodb, kafka, nats and \
           memcached. For another engine write it as one of `sidecars`, with its variables.",
};
