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
        for key in secret
            .keys
            .keys()
            .filter(|key| !key.ends_with("_CLUSTER_PASSWORD"))
        {
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

#[test]
fn brokers_of_several_instances_know_how_many_they_are() {
    for engine in ["nats", "kafka", "rabbitmq", "mongodb", "opensearch"] {
        let text = format!("stores: {{ db: {{ engine: {engine}, instances: 3 }} }}");
        assert_valid(&text);
        let made = made(&text);
        let set = made.object("StatefulSet/db");
        let own = container(&set, "db");
        assert_eq!(super::variable(own, "INSTANCES")["value"], "3", "{engine}");
        let domain = &super::variable(own, "DOMAIN")["value"];
        assert_eq!(domain, "db-pods.shop.svc.cluster.local", "{engine}");
        let egress = made.object("NetworkPolicy/db")["spec"]["egress"].clone();
        let peer = &egress[0]["to"][0]["podSelector"]["matchLabels"];
        assert_eq!(peer["app.kubernetes.io/name"], "db", "{engine}");
    }
}

#[test]
fn databases_of_mysql_belong_to_their_owners() {
    let made = made("stores: { db: { engine: mysql, databases: [orders, people] } }");
    let text = made.file("db", "setup.sh");
    assert!(
        text.contains("CREATE DATABASE IF NOT EXISTS \\`orders\\`;"),
        "{text}"
    );
    assert!(
        text.contains("GRANT ALL ON \\`people\\`.* TO 'people'@'%';"),
        "{text}"
    );
    assert!(text.contains("ALTER USER 'orders'@'%' IDENTIFIED BY '$DB_ORDERS_PASSWORD';"));
}

/// What the file adds to an engine arrives, and wins where both say something.
#[test]
fn the_file_adds_to_what_the_engine_makes() {
    let made = made(
        "
stores:
  db:
    engine: postgres
    args: [-c, log_statement=ddl]
    env: { PGPORT: '6000', EXTRA: yes-please }
    config: { /etc/extra.conf: some text }
    volumes: { /archive: 5Gi }
    sidecars: { watch: { image: ghcr.example/watch:1 } }
    init: { look: { image: ghcr.example/look:1 } }
    labels: { team: data }
    annotations: { note: here }
    uses: [web]
services: { web: { image: ghcr.example/web:1, ports: 8080 } }
",
    );
    let set = made.object("StatefulSet/db");
    let own = container(&set, "db");
    assert_eq!(own["args"][3], "-c");
    assert_eq!(own["args"][4], "log_statement=ddl");
    assert_eq!(super::variable(own, "PGPORT")["value"], "6000");
    let ports = own["env"].as_array().expect("variables").iter();
    assert_eq!(
        ports
            .filter(|variable| variable["name"] == "PGPORT")
            .count(),
        1
    );
    let mounts = own["volumeMounts"].to_string();
    assert!(mounts.contains("/etc/extra.conf") && mounts.contains("/archive"));
    assert_eq!(
        set["spec"]["volumeClaimTemplates"][1]["metadata"]["name"],
        "disk-archive"
    );
    container(&set, "watch");
    container(&set, "look");
    let meta = &set["spec"]["template"]["metadata"];
    assert_eq!(meta["labels"]["team"], "data");
    assert_eq!(meta["annotations"]["note"], "here");
    let into_web = made.object("NetworkPolicy/web")["spec"]["ingress"].to_string();
    assert!(into_web.contains("\"db\""), "{into_web}");
}

/// Holds P7.
#[test]
fn clickhouse_speaks_tls_on_its_native_port_and_its_users_know() {
    let text = "
services: { web: { image: ghcr.example/web:1, uses: [events] } }
stores: { events: { engine: clickhouse, instances: 3 } }
";
    assert_valid(text);
    let made = made(text);
    let settings = made.file("events", "plimsoll.xml");
    assert!(
        settings.contains("<tcp_port_secure>9000</tcp_port_secure>"),
        "{settings}"
    );
    assert!(
        settings.contains("<http_port>8123</http_port>"),
        "{settings}"
    );
    let web = made.object("Deployment/web");
    let url = super::variable(container(&web, "web"), "CLICKHOUSE_URL")["value"].clone();
    assert!(
        url.as_str()
            .expect("a text")
            .ends_with("@events:9000/app?secure=true"),
        "{url}"
    );
    let policy = made.object("NetworkPolicy/events").to_string();
    assert!(
        policy.contains("9181") && policy.contains("9234"),
        "{policy}"
    );
    assert!(made.file("events", "start.sh").contains("keeper_server"));
}

#[test]
fn an_exporter_that_nothing_is_known_of_is_a_finding() {
    let text = "stores: { db: { engine: custom, image: ghcr.example/db:1, ports: 7000, exporter: ghcr.example/exporter:1 } }";
    let made = made(text);
    assert!(made.findings().contains(&"exporter-unknown"));
}

/// What a chart turns is what the file says.
#[test]
fn more_instances_bring_what_several_have() {
    use plimsoll_source::{Handle, Node, Origin};
    let made = made("stores: { db: { engine: postgres } }");
    let three = Node::Int(Origin::rule("turned", []), 3);
    let values =
        plimsoll_world::Values::of_the_file().turn(Handle("stores.db.instances".into()), three);
    let world = plimsoll_world::evaluate(&made.compiled.blueprint, &values);
    for wanted in ["PodDisruptionBudget/db", "Service/db-ro"] {
        assert!(!made.has(wanted), "{wanted}");
        assert!(world.find(wanted).is_some(), "{wanted}");
    }
    let set = world
        .find("StatefulSet/db")
        .expect("the set")
        .body
        .to_json();
    container(&set, "copy");
}

#[test]
fn java_engines_have_a_heap_that_fits_their_memory() {
    for (engine, name) in [
        ("kafka", "KAFKA_HEAP_OPTS"),
        ("opensearch", "OPENSEARCH_JAVA_OPTS"),
    ] {
        let text = format!("stores: {{ db: {{ engine: {engine}, size: {{ memory: 4Gi }} }} }}");
        let set = made(&text).object("StatefulSet/db");
        let heap = &super::variable(container(&set, "db"), name)["value"];
        assert_eq!(heap, "-Xms2048m -Xmx2048m", "{engine}");
    }
}
