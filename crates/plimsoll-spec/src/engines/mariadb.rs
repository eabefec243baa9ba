//! `MariaDB`. Source: the official image `mariadb`, its Dockerfile and entry point.

use super::{DumpCommands, Facts, Login, NO_EXTENSIONS, Version};
use crate::app::store::{Engine, Mode};

pub(super) static FACTS: Facts = Facts {
    engine: Engine::MariaDb,
    image: "docker.io/library/mariadb",
    versions: &[
        Version {
            version: "11.8",
            tag: "11.8",
            data: "/var/lib/mysql",
        },
        Version {
            version: "11",
            tag: "11.8",
            data: "/var/lib/mysql",
        },
        Version {
            version: "10",
            tag: "10.11",
            data: "/var/lib/mysql",
        },
    ],
    ports: &[("mysql", 3306, "tcp")],
    user: 999,
    group: 999,
    writable: &["/tmp", "/run/mysqld"],
    shm: false,
    init_folder: Some("/docker-entrypoint-initdb.d"),
    grace_secs: 120,
    login: Some(Login { user: Some("app") }),
    databases: true,
    url: "mysql://{user}:{password}@{host}:{port}/{database}",
    url_env: Some("DATABASE_URL"),
    health: "[healthcheck.sh, --connect, --innodb_initialized]",
    dump: Some(DumpCommands {
        save: "mariadb-dump --host=\"$STORE_HOST\" --user=root --all-databases --single-transaction --routines --events",
        load: "mariadb",
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
