//! `MySQL`. Source: the official image `mysql`, its Dockerfile and entry point.

use super::{DumpCommands, Facts, Login, NO_EXTENSIONS, Version};
use crate::app::store::{Engine, Mode};

pub(super) static FACTS: Facts = Facts {
    engine: Engine::MySql,
    image: "docker.io/library/mysql",
    versions: &[
        Version {
            version: "8.4",
            tag: "8.4",
            data: "/var/lib/mysql",
        },
        Version {
            version: "9",
            tag: "9",
            data: "/var/lib/mysql",
        },
        Version {
            version: "8",
            tag: "8.4",
            data: "/var/lib/mysql",
        },
    ],
    ports: &[("mysql", 3306, "tcp")],
    user: 999,
    group: 999,
    writable: &["/tmp", "/var/run/mysqld"],
    shm: false,
    init_folder: Some("/docker-entrypoint-initdb.d"),
    grace_secs: 120,
    login: Some(Login { user: Some("app") }),
    databases: true,
    url: "mysql://{user}:{password}@{host}:{port}/{database}",
    url_env: Some("DATABASE_URL"),
    health: "[mysqladmin, ping, --silent, --host=127.0.0.1]",
    dump: Some(DumpCommands {
        save: "mysqldump --host=\"$STORE_HOST\" --user=root --all-databases --single-transaction --routines --events",
        load: "mysql",
    }),
    exporter: Some(("docker.io/prom/mysqld-exporter:v0.18.0", 9104)),
    modes: &[Mode::Single],
    tuned: false,
    clusters: false,
    tls: false,
    point_in_time: false,
    operator: None,
    extensions: NO_EXTENSIONS,
};
