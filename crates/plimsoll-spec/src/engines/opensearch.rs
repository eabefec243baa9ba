//! `OpenSearch`. Source: the image `opensearchproject/opensearch`, its Dockerfile.

use super::{Facts, Login, NO_EXTENSIONS, Version};
use crate::app::store::{Engine, Mode};

pub(super) static FACTS: Facts = Facts {
    engine: Engine::OpenSearch,
    image: "docker.io/opensearchproject/opensearch",
    versions: &[
        Version {
            version: "3",
            tag: "3",
            data: "/usr/share/opensearch/data",
        },
        Version {
            version: "2",
            tag: "2",
            data: "/usr/share/opensearch/data",
        },
    ],
    ports: &[("http", 9200, "http"), ("transport", 9300, "tcp")],
    user: 1000,
    group: 1000,
    writable: &[
        "/tmp",
        "/usr/share/opensearch/logs",
        "/usr/share/opensearch/config",
    ],
    shm: false,
    init_folder: None,
    grace_secs: 120,
    login: Some(Login {
        user: Some("admin"),
    }),
    databases: false,
    url: "http://{user}:{password}@{host}:{port}",
    url_env: Some("OPENSEARCH_URL"),
    health: "tcp",
    dump: None,
    exporter: None,
    modes: &[Mode::Single],
    tuned: false,
    clusters: true,
    tls: false,
    point_in_time: false,
    operator: None,
    extensions: NO_EXTENSIONS,
};
