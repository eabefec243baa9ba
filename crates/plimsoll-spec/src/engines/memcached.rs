//! Memcached, which keeps nothing. Source: the official image `memcached`, its Dockerfile.

use super::{Facts, NO_EXTENSIONS, Version};
use crate::app::store::{Engine, Mode};

pub(super) static FACTS: Facts = Facts {
    engine: Engine::Memcached,
    image: "docker.io/library/memcached",
    versions: &[
        Version {
            version: "1.6",
            tag: "1.6",
            data: "/data",
        },
        Version {
            version: "1",
            tag: "1",
            data: "/data",
        },
    ],
    ports: &[("memcached", 11211, "tcp")],
    user: 11211,
    group: 11211,
    writable: &["/tmp"],
    shm: false,
    init_folder: None,
    grace_secs: 30,
    login: None,
    databases: false,
    url: "{host}:{port}",
    url_env: Some("MEMCACHED_URL"),
    health: "tcp",
    dump: None,
    exporter: Some(("quay.io/prometheus/memcached-exporter:v0.15.3", 9150)),
    modes: &[Mode::Single],
    tuned: false,
    clusters: false,
    tls: false,
    point_in_time: false,
    operator: None,
    extensions: NO_EXTENSIONS,
};
