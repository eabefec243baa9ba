//! Valkey. Source: the image `valkey/valkey` (Debian), its Dockerfile.

use super::{DumpCommands, Facts, Login, NO_EXTENSIONS, Version};
use crate::app::store::{Engine, Mode};

pub(super) static FACTS: Facts = Facts {
    engine: Engine::Valkey,
    image: "docker.io/valkey/valkey",
    versions: &[
        Version {
            version: "9.1",
            tag: "9.1",
            data: "/data",
        },
        Version {
            version: "9",
            tag: "9",
            data: "/data",
        },
        Version {
            version: "8.1",
            tag: "8.1",
            data: "/data",
        },
        Version {
            version: "8",
            tag: "8",
            data: "/data",
        },
        Version {
            version: "7",
            tag: "7.2",
            data: "/data",
        },
    ],
    ports: &[("redis", 6379, "tcp")],
    user: 999,
    group: 999,
    writable: &["/tmp"],
    shm: false,
    init_folder: None,
    grace_secs: 60,
    login: Some(Login { user: None }),
    databases: false,
    url: "redis://:{password}@{host}:{port}",
    url_env: Some("REDIS_URL"),
    health: "[valkey-cli, --no-auth-warning, ping]",
    dump: Some(DumpCommands {
        save: "valkey-cli -h \"$STORE_HOST\" -p \"$STORE_PORT\" --rdb /tmp/dump.rdb >&2 && cat /tmp/dump.rdb",
        load: "cat > /data/dump.rdb",
    }),
    exporter: Some(("docker.io/oliver006/redis_exporter:v1.79.0", 9121)),
    modes: &[
        Mode::Single,
        Mode::Replicated,
        Mode::Sentinel,
        Mode::Cluster,
    ],
    tuned: true,
    clusters: false,
    tls: false,
    point_in_time: false,
    operator: None,
    extensions: NO_EXTENSIONS,
};
