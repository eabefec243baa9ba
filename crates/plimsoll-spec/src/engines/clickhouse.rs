//! ClickHouse. Source: the image `clickhouse/clickhouse-server`, its Dockerfile and entry point.

use super::{DumpCommands, Facts, Login, NO_EXTENSIONS, Version};
use crate::app::store::{Engine, Mode};

pub(super) static FACTS: Facts = Facts {
    engine: Engine::ClickHouse,
    image: "docker.io/clickhouse/clickhouse-server",
    versions: &[
        Version {
            version: "25.8",
            tag: "25.8",
            data: "/var/lib/clickhouse",
        },
        Version {
            version: "25",
            tag: "25.8",
            data: "/var/lib/clickhouse",
        },
        Version {
            version: "24.8",
            tag: "24.8",
            data: "/var/lib/clickhouse",
        },
        Version {
            version: "24",
            tag: "24.8",
            data: "/var/lib/clickhouse",
        },
    ],
    ports: &[
        ("http", 8123, "http"),
        ("native", 9000, "tcp"),
        ("interserver", 9009, "tcp"),
    ],
    user: 101,
    group: 101,
    writable: &[
        "/tmp",
        "/var/log/clickhouse-server",
        "/etc/clickhouse-server/users.d",
    ],
    shm: false,
    init_folder: Some("/docker-entrypoint-initdb.d"),
    grace_secs: 120,
    login: Some(Login {
        user: Some("default"),
    }),
    databases: true,
    url: "clickhouse://{user}:{password}@{host}:9000/{database}",
    url_env: Some("CLICKHOUSE_URL"),
    health: "/ping",
    dump: Some(DumpCommands {
        save: "c() { clickhouse-client $STORE_OPTIONS --host \"$STORE_HOST\" --port \"$STORE_PORT\" --query \"$1\"; }; mkdir -p /tmp/dump && c \"select concat('\\`', database, '\\`.\\`', name, '\\`') from system.tables where database not in ('system', 'information_schema', 'INFORMATION_SCHEMA') and engine not like '%View' and not startsWith(name, '.inner')\" | while read -r t; do c \"show create table $t format TSVRaw\" > \"/tmp/dump/$t.sql\" && c \"select * from $t format Native\" > \"/tmp/dump/$t.native\" || exit 1; done && tar -C /tmp/dump -cf - .",
        load: "c() { clickhouse-client $STORE_OPTIONS --host \"$STORE_HOST\" --port \"$STORE_PORT\" --query \"$1\"; }; mkdir -p /tmp/load && tar -C /tmp/load -xf - && cd /tmp/load && for f in *.sql; do t=$${f%.sql}; c \"create database if not exists $${t%%.*}\" && c \"$(cat \"$f\")\" && c \"insert into $t format Native\" < \"$t.native\" || exit 1; done",
    }),
    exporter: None,
    modes: &[Mode::Single, Mode::Replicated, Mode::Cluster],
    tuned: true,
    clusters: false,
    tls: true,
    point_in_time: true,
    operator: Some("Altinity"),
    extensions: NO_EXTENSIONS,
};
