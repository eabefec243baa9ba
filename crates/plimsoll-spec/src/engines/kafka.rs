//! Apache Kafka in `KRaft` mode. Source: the image `apache/kafka`, its Dockerfile.

use super::{Facts, Login, NO_EXTENSIONS, Version};
use crate::app::store::{Engine, Mode};

pub(super) static FACTS: Facts = Facts {
    engine: Engine::Kafka,
    image: "docker.io/apache/kafka",
    versions: &[
        Version {
            version: "4.1",
            tag: "4.1.0",
            data: "/var/lib/kafka/data",
        },
        Version {
            version: "4",
            tag: "4.1.0",
            data: "/var/lib/kafka/data",
        },
        Version {
            version: "3",
            tag: "3.9.1",
            data: "/var/lib/kafka/data",
        },
    ],
    ports: &[("kafka", 9092, "tcp"), ("controller", 9093, "tcp")],
    user: 1000,
    group: 1000,
    writable: &[
        "/tmp",
        "/opt/kafka/config",
        "/opt/kafka/logs",
        "/mnt/shared/config",
    ],
    shm: false,
    init_folder: None,
    grace_secs: 120,
    login: Some(Login { user: None }),
    databases: false,
    url: "{host}:{port}",
    url_env: Some("KAFKA_URL"),
    health: "tcp",
    dump: None,
    exporter: Some(("docker.io/danielqsj/kafka-exporter:v1.9.0", 9308)),
    modes: &[Mode::Single],
    tuned: false,
    clusters: true,
    tls: false,
    point_in_time: false,
    operator: None,
    extensions: NO_EXTENSIONS,
};
