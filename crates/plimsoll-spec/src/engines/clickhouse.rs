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
        user_env: Some("CLICKHOUSE_USER"),
        password_env: Some("CLICKHOUSE_PASSWORD"),
        database_env: Some("CLICKHOUSE_DB"),
    }),
    databases: true,
    url: "clickhouse://{user}:{password}@{host}:9000/{database}",
    url_env: Some("CLICKHOUSE_URL"),
    health: "/ping",
    dump: Some(DumpCommands {
        save: "clickhouse-client --query \"BACKUP ALL EXCEPT DATABASES system, information_schema, INFORMATION_SCHEMA TO Disk('default', 'dump.tar')\" >&2 && cat /var/lib/clickhouse/dump.tar",
        load: "cat > /var/lib/clickhouse/dump.tar && clickhouse-client --query \"RESTORE ALL FROM Disk('default', 'dump.tar')\" >&2",
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
