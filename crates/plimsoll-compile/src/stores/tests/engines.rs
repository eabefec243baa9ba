//! Every engine, by its facts.

use super::{assert_valid, container, made};

const ENGINES: [&str; 14] = [
    "postgres",
    "timescaledb",
    "redis",
    "valkey",
    "clickhouse",
    "mysql",
    "mariadb",
    "mongodb",
    "rabbitmq",
    "kafka",
    "nats",
    "opensearch",
    "memcached",
    "s3",
];

fn of(engine: &str) -> String {
    format!("stores: {{ db: {{ engine: {engine} }} }}")
}

#[test]
fn every_object_of_every_engine_is_valid_at_the_oldest_and_newest_version() {
    for engine in ENGINES {
        assert_valid(&of(engine));
    }
}

/// Holds P7 and the restricted level for every engine.
#[test]
fn every_engine_runs_restricted_with_a_read_only_root() {
    for engine in ENGINES {
        let made = made(&of(engine));
        let set = made.object("StatefulSet/db");
        let pod = &set["spec"]["template"]["spec"];
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{engine}");
        assert!(
            pod["securityContext"]["fsGroup"].as_i64().is_some(),
            "{engine}"
        );
        assert_eq!(pod["automountServiceAccountToken"], false, "{engine}");
        assert_eq!(pod["enableServiceLinks"], false, "{engine}");
        let own = &container(&set, "db")["securityContext"];
        assert_eq!(own["readOnlyRootFilesystem"], true, "{engine}");
        assert_eq!(own["allowPrivilegeEscalation"], false, "{engine}");
        assert_eq!(own["capabilities"]["drop"][0], "ALL", "{engine}");
    }
}

#[test]
fn every_engine_has_an_address_a_policy_and_an_account() {
    for engine in ENGINES {
        let made = made(&of(engine));
        for kind in ["Service", "NetworkPolicy", "ServiceAccount"] {
            assert!(made.has(&format!("{kind}/db")), "{engine} {kind}");
        }
        let pods = made.object("Service/db-pods");
        assert_eq!(pods["spec"]["clusterIP"], "None", "{engine}");
    }
}

/// Holds V4: what is secret stands in no argument, variable or file.
#[test]
fn passwords_of_every_engine_are_references() {
    for engine in ENGINES {
        let made = made(&of(engine));
        let Some(secret) = made
            .compiled
            .secrets
            .values()
            .find(|s| s.name.peek() == "db-credentials")
        else {
            assert!(
                ["memcached"].contains(&engine),
                "{engine} has no credentials"
            );
            continue;
        };
        let set = made.object("StatefulSet/db");
        for key in secret.keys.keys() {
            let own = container(&set, "db")["env"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let refers = own.iter().any(|variable| {
                let reference = &variable["valueFrom"]["secretKeyRef"];
                reference["name"] == "db-credentials" && reference["key"] == key.as_str()
            });
            assert!(refers, "{engine} {key}");
        }
    }
}
