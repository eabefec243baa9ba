//! PgBouncer before PostgreSQL.

use super::{assert_valid, container, made, variable};

const TEXT: &str = "
services: { web: { image: ghcr.example/web:1, uses: [db] } }
stores: { db: { engine: postgres, connections: 200, pooler: { mode: session, instances: 3 } } }
";

#[test]
fn users_go_through_the_pooler_and_the_pooler_to_the_store() {
    assert_valid(TEXT);
    let made = made(TEXT);
    let web = made.object("Deployment/web");
    let url = variable(container(&web, "web"), "DATABASE_URL")["value"].clone();
    assert!(
        url.as_str()
            .expect("a text")
            .contains("@db-pooler:5432/app"),
        "{url}"
    );
    let from = |policy: &str| made.object(policy)["spec"]["ingress"].to_string();
    assert!(from("NetworkPolicy/db-pooler").contains("\"web\""));
    assert!(from("NetworkPolicy/db").contains("db-pooler"));
    assert!(!from("NetworkPolicy/db").contains("\"web\""));
}

#[test]
fn connections_are_shared_out_among_the_poolers() {
    let made = made(TEXT);
    let config = made
        .world
        .objects
        .iter()
        .find(|o| o.key.kind == "ConfigMap" && o.key.name.starts_with("db-pooler-"));
    let text = config.expect("settings").body.to_json()["data"]["pgbouncer.ini"].clone();
    let text = text.as_str().expect("a text");
    assert!(text.contains("max_db_connections = 60"), "{text}");
    assert!(text.contains("pool_mode = session"), "{text}");
    assert!(text.contains("* = host=db port=5432"), "{text}");
    assert_eq!(made.object("Deployment/db-pooler")["spec"]["replicas"], 3);
    assert!(made.has("PodDisruptionBudget/db-pooler"));
}
