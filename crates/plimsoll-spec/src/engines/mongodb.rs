//! `MongoDB`. Source: the official image `mongo`, its Dockerfile and entry point.

use super::{DumpCommands, Facts, Login, NO_EXTENSIONS, Version};
use crate::app::store::{Engine, Mode};

pub(super) static FACTS: Facts = Facts {
    engine: Engine::MongoDb,
    image: "docker.io/library/mongo",
    versions: &[
        Version {
            version: "8",
            tag: "8.0",
            data: "/data/db",
        },
        Version {
            version: "7",
            tag: "7.0",
            data: "/data/db",
        },
    ],
    ports: &[("mongodb", 27017, "tcp")],
    user: 999,
    group: 999,
    writable: &["/tmp", "/data/configdb"],
    shm: false,
    init_folder: Some("/docker-entrypoint-initdb.d"),
    grace_secs: 60,
    login: Some(Login { user: Some("app") }),
    databases: true,
    url: "mongodb://{user}:{password}@{host}:{port}/{database}?authSource=admin",
    url_env: Some("MONGODB_URL"),
    health: "[mongosh, --quiet, --eval, db.adminCommand('ping').ok]",
    dump: Some(DumpCommands {
        save: "printf 'password: %s\\n' \"$STORE_PASSWORD\" > /tmp/mongo.yaml && mongodump --host \"$STORE_HOST\" --username \"$STORE_USER\" --authenticationDatabase admin --config /tmp/mongo.yaml --archive",
        load: "mongorestore --archive --drop",
    }),
    exporter: Some(("docker.io/percona/mongodb_exporter:0.47.0", 9216)),
    modes: &[Mode::Single],
    tuned: false,
    clusters: true,
    tls: false,
    point_in_time: false,
    operator: None,
    extensions: NO_EXTENSIONS,
};
