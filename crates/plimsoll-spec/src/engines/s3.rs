//! Object storage that speaks S3. Source: the image `chrislusf/seaweedfs`, run as `server -s3`.

use super::{Facts, Login, NO_EXTENSIONS, Version};
use crate::app::store::{Engine, Mode};

pub(super) static FACTS: Facts = Facts {
    engine: Engine::S3,
    image: "docker.io/chrislusf/seaweedfs",
    versions: &[
        Version {
            version: "4",
            tag: "4.00",
            data: "/data",
        },
        Version {
            version: "3",
            tag: "3.97",
            data: "/data",
        },
    ],
    ports: &[("s3", 8333, "http")],
    user: 1000,
    group: 1000,
    writable: &["/tmp"],
    shm: false,
    init_folder: None,
    grace_secs: 60,
    login: Some(Login { user: Some("app") }),
    databases: true,
    url: "",
    url_env: None,
    health: "tcp",
    dump: None,
    exporter: None,
    modes: &[Mode::Single],
    tuned: false,
    clusters: false,
    tls: false,
    point_in_time: false,
    operator: None,
    extensions: NO_EXTENSIONS,
};
