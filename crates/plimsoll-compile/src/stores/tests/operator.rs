//! PostgreSQL by CloudNativePG.

use super::{assert_valid, container, made, variable};

const TEXT: &str = "
services: { web: { image: ghcr.example/web:1, uses: [{ db.orders: {} }] } }
stores:
  db:
    engine: postgres
    version: 17
    run: operator
    instances: 3
    databases: [orders, { people: { extensions: [pg_trgm] } }]
    size: { memory: 4Gi }
    pooler: true
    backup: { to: cloud, full: daily 02:00, recover: 60d }
externals: { cloud: { bucket: \"s3://copies\", secret: KEYS } }
secrets: { KEYS: { keys: [AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY] } }
";

/// Holds S5.
#[test]
fn the_operator_is_told_everything_that_the_file_says() {
    assert_valid(TEXT);
    let made = made(TEXT);
    assert!(!made.has("StatefulSet/db"));
    let spec = made.object("Cluster/db")["spec"].clone();
    assert_eq!(spec["instances"], 3);
    assert_eq!(spec["imageName"], "ghcr.io/cloudnative-pg/postgresql:17");
    assert_eq!(spec["bootstrap"]["initdb"]["database"], "orders");
    assert_eq!(spec["postgresql"]["parameters"]["shared_buffers"], "1024MB");
    assert_eq!(
        spec["managed"]["roles"][1]["passwordSecret"]["name"],
        "db-user-people"
    );
    let people = made.object("Database/db-people");
    assert_eq!(people["spec"]["extensions"][0]["name"], "pg_trgm");
    assert!(made.has("Pooler/db-pooler"));
}

#[test]
fn users_of_an_operators_store_have_their_own_passwords() {
    let made = made(TEXT);
    let key = ("shop".into(), "db-user-orders".into());
    let secret = made
        .compiled
        .secrets
        .get(&key)
        .expect("a Secret of the user");
    assert_eq!(secret.kind, "kubernetes.io/basic-auth");
    let name = secret.keys["username"].fixed.as_ref().expect("no secret");
    assert_eq!(name.peek(), "orders");
    assert_eq!(secret.keys["password"].value, "DB_ORDERS_PASSWORD");
    let web = made.object("Deployment/web");
    let url = variable(container(&web, "web"), "DATABASE_URL")["value"].clone();
    assert!(
        url.as_str()
            .expect("a text")
            .contains("@db-pooler:5432/orders")
    );
}

/// Holds V7.
#[test]
fn the_log_goes_to_the_bucket_and_copies_follow_their_schedule() {
    let made = made(TEXT);
    let backup = made.object("Cluster/db")["spec"]["backup"].clone();
    assert_eq!(backup["retentionPolicy"], "60d");
    assert_eq!(
        backup["barmanObjectStore"]["destinationPath"],
        "s3://copies/shop"
    );
    let credentials = &backup["barmanObjectStore"]["s3Credentials"];
    assert_eq!(credentials["accessKeyId"]["name"], "db-backup-cloud");
    let schedule = made.object("ScheduledBackup/db-backup-full");
    assert_eq!(schedule["spec"]["schedule"], "0 0 2 * * *");
}

#[test]
fn the_operator_reaches_the_instances_and_they_the_api_server() {
    let policy = made(TEXT).object("NetworkPolicy/db");
    let selector = &policy["spec"]["podSelector"]["matchLabels"];
    assert_eq!(selector["cnpg.io/cluster"], "db");
    assert!(
        policy["spec"]["ingress"]
            .to_string()
            .contains("cnpg-system")
    );
    assert!(policy["spec"]["egress"].to_string().contains("6443"));
}

#[test]
fn an_engine_without_an_image_for_its_operator_is_a_finding() {
    let made = made("stores: { db: { engine: timescaledb, run: operator } }");
    assert!(!made.has("Cluster/db"));
    assert!(made.findings().contains(&"operator-unknown"));
}
