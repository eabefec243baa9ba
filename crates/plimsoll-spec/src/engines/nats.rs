//! NATS with `JetStream`. Source: the official image `nats` (Alpine).

use super::{Facts, Login, NO_EXTENSIONS, Version};
use crate::app::store::{Engine, Mode};

pub(super) static FACTS: Facts = Facts {
    engine: Engine::Nats,
    image: "docker.io/library/nats",
    versions: &[
        Version {
            version: "2.12",
            tag: "2.12-alpine",
            data: "/data",
        },
        Version {
            version: "2",
            tag: "2-alpine",
            data: "/data",
        },
    ],
    ports: &[
        ("nats", 4222, "tcp"),
        ("monitor", 8222, "http"),
        ("cluster", 6222, "tcp"),
    ],
    user: 1000,
    group: 1000,
    writable: &["/tmp"],
    shm: false,
    init_folder: None,
    grace_secs: 60,
    login: Some(Login { user: Some("app") }),
    databases: false,
    url: "nats://{user}:{password}@{host}:{port}",
    url_env: Some("NATS_URL"),
    health: "8222:/healthz",
    dump: None,
    exporter: Some(("docker.io/natsio/prometheus-nats-exporter:0.17.3", 7777)),
    modes: &[Mode::Single],
    tuned: false,
    clusters: true,
    tls: false,
    point_in_time: false,
    operator: None,
    extensions: NO_EXTENSIONS,
};
