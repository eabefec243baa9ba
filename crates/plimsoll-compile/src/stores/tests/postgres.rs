//! PostgreSQL and TimescaleDB.

use super::{assert_valid, container, made, made_for, variable};

const ONE: &str = "
services: { web: { image: ghcr.example/web:1, uses: [db] } }
stores: { db: { engine: postgres, storage: { size: 20Gi, class: ssd } } }
cluster: { distribution: gke }
";

const THREE: &str = "
stores:
  db:
    engine: postgres
    instances: 3
    databases: [orders, { people: { owner: hr, extensions: [pg_trgm, pg_stat_statements] } }]
    connections: 300
    size: { cpu: 1..2, memory: 4Gi }
    settings: { work_mem: 32MB, application_name: it's }
";

/// Holds V2.
#[test]
fn the_disk_of_a_database_has_its_size_and_class_and_is_kept() {
    let made = made(&ONE.replace("postgres", "timescaledb"));
    let set = made.object("StatefulSet/db");
    let claim = &set["spec"]["volumeClaimTemplates"][0];
    assert_eq!(claim["metadata"]["name"], "data");
    assert_eq!(claim["spec"]["storageClassName"], "premium-rwo");
    assert_eq!(claim["spec"]["resources"]["requests"]["storage"], "20Gi");
    let kept = &set["spec"]["persistentVolumeClaimRetentionPolicy"];
    assert_eq!(kept["whenDeleted"], "Retain");
    let object = made.world.find("StatefulSet/db").expect("the set");
    assert!(object.protected);
    assert_eq!(object.role, plimsoll_world::Role::Store);
}

#[test]
fn data_that_is_not_protected_goes_with_the_store() {
    let made = made("stores: { db: { engine: postgres, protect: false } }");
    let set = made.object("StatefulSet/db");
    let kept = &set["spec"]["persistentVolumeClaimRetentionPolicy"];
    assert_eq!(kept["whenDeleted"], "Delete");
    assert!(
        !made
            .world
            .find("StatefulSet/db")
            .expect("the set")
            .protected
    );
}

/// Holds S5.
#[test]
fn replicas_copy_the_first_pod_which_alone_takes_writes() {
    assert_valid(THREE);
    let made = made(THREE);
    let set = made.object("StatefulSet/db");
    assert_eq!(set["spec"]["replicas"], 3);
    let copy = container(&set, "copy");
    assert_eq!(variable(copy, "PGHOST")["value"], "db-0.db-pods");
    let writes = made.object("Service/db");
    let pod = "statefulset.kubernetes.io/pod-name";
    assert_eq!(writes["spec"]["selector"][pod], "db-0");
    let reads = made.object("Service/db-ro");
    assert!(reads["spec"]["selector"].get(pod).is_none());
    let budget = made.object("PodDisruptionBudget/db");
    assert_eq!(budget["spec"]["maxUnavailable"], 1);
}

#[test]
fn one_instance_has_no_budget_no_readers_and_nothing_to_copy() {
    let made = made(ONE);
    assert!(!made.has("PodDisruptionBudget/db"));
    assert!(!made.has("Service/db-ro"));
    let set = made.object("StatefulSet/db");
    let before = set["spec"]["template"]["spec"]["initContainers"].clone();
    let names: Vec<_> = before
        .as_array()
        .into_iter()
        .flatten()
        .map(|c| c["name"].clone())
        .collect();
    assert_eq!(names, ["exporter"]);
}

#[test]
fn the_policy_lets_in_users_and_the_other_instances_alone() {
    let policy = made(ONE).object("NetworkPolicy/db");
    let ingress = policy["spec"]["ingress"].as_array().expect("rules").clone();
    assert_eq!(
        ingress[0]["from"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/name"],
        "web"
    );
    assert_eq!(ingress[0]["ports"][0]["port"], 5432);
    assert!(policy["spec"]["egress"].is_null());
    let policy = made(THREE).object("NetworkPolicy/db");
    let egress = &policy["spec"]["egress"][0];
    assert_eq!(
        egress["to"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/name"],
        "db"
    );
}

#[test]
fn settings_follow_from_the_size_and_the_file_has_the_last_word() {
    let made = made(THREE);
    let text = made.file("db", "postgresql.conf");
    for line in [
        "max_connections = 300",
        "shared_buffers = 1024MB",
        "work_mem = 32MB",
        "application_name = 'it''s'",
        "shared_preload_libraries = 'pg_stat_statements'",
    ] {
        assert!(text.lines().any(|have| have == line), "{line} in\n{text}");
    }
    let twice = text
        .lines()
        .filter(|line| line.starts_with("work_mem"))
        .count();
    assert_eq!(twice, 1);
}

#[test]
fn databases_belong_to_their_owners_and_passwords_come_from_the_environment() {
    let made = made(THREE);
    let text = made.file("db", "setup.sql");
    for part in [
        "CREATE DATABASE \"people\" OWNER \"hr\"",
        "CREATE EXTENSION IF NOT EXISTS \"pg_trgm\";",
        "\\getenv password DB_ORDERS_PASSWORD",
        "\\getenv password DB_HR_PASSWORD",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let set = made.object("StatefulSet/db");
    let reference = &variable(container(&set, "db"), "DB_HR_PASSWORD")["valueFrom"]["secretKeyRef"];
    assert_eq!(reference["name"], "db-credentials");
}

#[test]
fn the_server_has_a_certificate_that_its_users_verify() {
    let made = made(ONE);
    let names = made.object("Certificate/db-tls")["spec"]["dnsNames"].clone();
    let names: Vec<&str> = names
        .as_array()
        .expect("names")
        .iter()
        .filter_map(|n| n.as_str())
        .collect();
    for name in ["db", "db.shop.svc.cluster.local", "*.db-pods"] {
        assert!(names.contains(&name), "{name}");
    }
    assert!(made.file("db", "postgresql.conf").contains("ssl = on"));
    let web = made.object("Deployment/web");
    let url = variable(container(&web, "web"), "DATABASE_URL");
    assert!(
        url["value"]
            .as_str()
            .expect("a text")
            .contains("sslmode=verify-full")
    );
}

#[test]
fn without_a_maker_of_certificates_the_store_and_its_users_agree_on_plain() {
    let text = format!("{ONE}platform: {{ certificates: none }}\n");
    let made = made(&text);
    assert!(!made.has("Certificate/db-tls"));
    assert!(!made.file("db", "postgresql.conf").contains("ssl = on"));
    let web = made.object("Deployment/web");
    let url = variable(container(&web, "web"), "DATABASE_URL");
    assert!(
        url["value"]
            .as_str()
            .expect("a text")
            .contains("sslmode=disable")
    );
    assert!(made.findings().contains(&"store-without-certificates"));
}

#[test]
fn the_exporter_is_a_native_sidecar_where_the_target_knows_them() {
    let new = made(ONE).object("StatefulSet/db");
    assert_eq!(
        new["spec"]["template"]["spec"]["initContainers"][0]["restartPolicy"],
        "Always"
    );
    let old = made_for(ONE, "1.28").object("StatefulSet/db");
    assert_eq!(
        old["spec"]["template"]["spec"]["containers"][1]["name"],
        "exporter"
    );
    assert!(container(&old, "exporter").get("restartPolicy").is_none());
}

#[test]
fn shared_memory_grows_with_the_size() {
    let set = made(THREE).object("StatefulSet/db");
    let volumes = set["spec"]["template"]["spec"]["volumes"]
        .as_array()
        .expect("volumes");
    let shared = volumes
        .iter()
        .find(|volume| volume["name"] == "shared-memory")
        .expect("shared memory");
    assert_eq!(shared["emptyDir"]["medium"], "Memory");
    assert_eq!(shared["emptyDir"]["sizeLimit"], "1Gi");
}

/// Holds V2.
#[test]
fn a_regional_disk_has_a_class_of_its_own_where_the_cloud_has_such_disks() {
    let text = ONE.replace("class: ssd", "class: ssd, regional: true");
    assert_valid(&text);
    let gke = made(&text);
    let set = gke.object("StatefulSet/db");
    let claim = &set["spec"]["volumeClaimTemplates"][0]["spec"];
    assert_eq!(claim["storageClassName"], "shop-db-regional");
    let class = gke.object("StorageClass/shop-db-regional");
    assert_eq!(class["parameters"]["replication-type"], "regional-pd");
    assert_eq!(class["parameters"]["type"], "pd-ssd");
    assert_eq!(class["reclaimPolicy"], "Retain");
    let eks = made(&text.replace("gke", "eks"));
    let set = eks.object("StatefulSet/db");
    let claim = &set["spec"]["volumeClaimTemplates"][0]["spec"];
    assert_eq!(claim["storageClassName"], "gp3");
    assert!(eks.findings().contains(&"no-regional-disk"));
}
