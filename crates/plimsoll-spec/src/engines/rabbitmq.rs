//! `RabbitMQ`. Source: the official image `rabbitmq` (management), its Dockerfile.

use super::{Facts, Login, NO_EXTENSIONS, Version};
use crate::app::store::{Engine, Mode};

pub(super) static FACTS: Facts = Facts {
    engine: Engine::RabbitMq,
    image: "docker.io/library/rabbitmq",
    versions: &[
        Version {
            version: "4.1",
            tag: "4.1-management",
            data: "/var/lib/rabbitmq",
        },
        Version {
            version: "4",
            tag: "4-management",
            data: "/var/lib/rabbitmq",
        },
        Version {
            version: "3",
            tag: "3.13-management",
            data: "/var/lib/rabbitmq",
        },
    ],
    ports: &[
        ("amqp", 5672, "tcp"),
        ("management", 15672, "http"),
        ("prometheus", 15692, "http"),
        ("cluster", 25672, "tcp"),
        ("epmd", 4369, "tcp"),
    ],
    user: 999,
    group: 999,
    writable: &["/tmp", "/var/log/rabbitmq", "/etc/rabbitmq/conf.d"],
    shm: false,
    init_folder: None,
    grace_secs: 120,
    login: Some(Login { user: Some("app") }),
    databases: false,
    url: "amqp://{user}:{password}@{host}:{port}/",
    url_env: Some("RABBITMQ_URL"),
    health: "[rabbitmq-diagnostics, --quiet, ping]",
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
