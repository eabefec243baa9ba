//! The embedded cluster from command to command, and everything that it takes.

use crate::harness::Bench;
use serde_json::{Value, json};

fn kinds_and_names(list: &Value) -> Vec<String> {
    let list = list.as_array().expect("a list");
    let name = |key: &Value| {
        let part = |part: &str| key[part].as_str().expect("text").to_owned();
        format!("{}/{}", part("kind"), part("name"))
    };
    list.iter().map(name).collect()
}

/// Holds V9: what a service keeps in `volumes` outlives it.
#[test]
fn down_keeps_the_volumes_of_a_statefulset_service() {
    let bench = Bench::with(
        "app: a
services:
  s: { kind: statefulset, image: r.example/w:1, ports: 8080, volumes: { /data: 5Gi } }
",
    );
    bench.json(&["up"], 0);
    let removed = bench.json(&["down"], 0);
    assert_eq!(
        kinds_and_names(&removed["kept"]),
        [
            "PersistentVolumeClaim/disk-data-s-0",
            "PersistentVolumeClaim/disk-data-s-1",
            "Namespace/a"
        ]
    );
    let all = bench.json(&["down", "--data", "a"], 0);
    assert_eq!(all["kept"], json!([]));
    assert_eq!(
        bench.run(&["status"]).stdout,
        "a default was never shipped here\n"
    );
}

/// `protect: false` says that the disks of a store may go.
#[test]
fn down_removes_the_disks_of_a_store_that_is_not_protected() {
    let bench = Bench::with(
        "app: a
services: { s: { image: r.example/w:1, ports: 8080, uses: [db] } }
stores: { db: { engine: postgres, protect: false, backup: none } }
",
    );
    bench.json(&["up"], 0);
    let removed = bench.json(&["down"], 0);
    assert_eq!(removed["kept"], json!([]));
}

/// Without its policies a database that stays is open to all, or closed for its own operator.
#[test]
fn down_keeps_what_protects_a_database_that_stays() {
    let bench = Bench::with(
        "app: a
services: { s: { image: r.example/w:1, ports: 8080, uses: [db] } }
stores: { db: { engine: postgres, run: operator, backup: none } }
",
    );
    bench.json(&["up"], 0);
    let kept = kinds_and_names(&bench.json(&["down"], 0)["kept"]);
    for name in [
        "Cluster/db",
        "NetworkPolicy/db",
        "NetworkPolicy/default-deny",
        "Secret/db-user-app",
        "Namespace/a",
    ] {
        assert!(kept.iter().any(|kept| kept == name), "{name} in {kept:?}");
    }
    assert!(!kept.contains(&"NetworkPolicy/s".to_owned()), "{kept:?}");
}

const SCALED: &str = "app: a
services: { web: { image: r.example/web:1, ports: 3000, scale: 2..4 } }
";

/// Each command has a runtime of its own; virtual time must not notice.
#[test]
fn what_was_asked_before_changes_nothing_about_an_up() {
    let wanted = Bench::with(SCALED).json(&["up"], 0);
    for before in ["plan", "status", "doctor", "drift", "checklist"] {
        let bench = Bench::with(SCALED);
        bench.run(&[before]);
        assert_eq!(bench.json(&["up"], 0), wanted, "after `{before}`");
    }
}

#[test]
fn an_autoscaled_service_comes_up_again_after_a_down() {
    let bench = Bench::with(SCALED);
    bench.json(&["up"], 0);
    bench.json(&["down"], 0);
    assert_eq!(bench.json(&["up"], 0)["ready"], json!(true));
}

/// An Ingress is up when its certificate is: before that nobody is served.
#[test]
fn an_ingress_comes_up_with_its_certificate() {
    let bench = Bench::with(
        "app: a
services: { web: { image: r.example/web:1, ports: 3000 } }
routes: { main: { hosts: a.example.org, paths: { /: web } } }
platform: { gateway: ingress-nginx }
",
    );
    let up = bench.run(&["up"]);
    assert_eq!(up.code, 0, "{}{}", up.stdout, up.stderr);
    assert!(
        up.stdout
            .contains("https://a.example.org/  answered by Pod a/web-"),
        "{}",
        up.stdout
    );
    assert!(
        up.stderr.contains(
            "Ingress/main waiting: cert-manager has not issued its certificate yet: \
             Secret/main-tls is missing"
        ),
        "{}",
        up.stderr
    );
}

/// Holds V4: what may be said for the CNI alone is rehearsed without its gateway.
#[test]
fn policies_of_cilium_are_taken_without_its_gateway() {
    let bench = Bench::with(
        "app: a
services:
  web: { image: r.example/web:1, ports: 3000, can: [get pods], uses: [maps] }
externals: { maps: { host: maps.example.org } }
cluster: { cni: cilium }
",
    );
    let up = bench.run(&["up"]);
    assert_eq!(up.code, 0, "{}{}", up.stdout, up.stderr);
    assert!(
        up.stderr.contains("CiliumNetworkPolicy/web created"),
        "{}",
        up.stderr
    );
}

/// LANGUAGE 9.2: the embedded cluster takes every environment.
#[test]
fn what_the_file_says_exists_already_is_stood_in_for() {
    let bench = Bench::with(
        "app: a
images: { pull: { secret: registry } }
namespaces: { shared: { existing: true } }
services:
  web: { image: r.example/web:1, ports: 3000, volumes: { /files: files } }
  far: { image: r.example/far:1, ports: 3000, namespace: shared, placement: { priority: urgent } }
stores: { db: { engine: postgres, storage: { size: 1Gi, class: quick }, backup: none } }
claims: { files: { existing: true, shared: true } }
routes: { main: { hosts: a.example.org, paths: { /: web }, tls: { secret: bought } } }
",
    );
    let up = bench.run(&["up"]);
    assert_eq!(up.code, 0, "{}{}", up.stdout, up.stderr);
    // None of them is ours.
    let removed = bench.json(&["down", "--data", "a"], 0);
    assert_eq!(removed["kept"], json!([]));
    assert_eq!(bench.json(&["up"], 0)["ready"], json!(true));
}

#[test]
fn an_ingress_takes_a_certificate_that_exists() {
    let bench = Bench::with(
        "app: a
services: { web: { image: r.example/web:1, ports: 3000 } }
routes: { main: { hosts: a.example.org, paths: { /: web }, tls: { secret: bought } } }
platform: { gateway: ingress-nginx }
",
    );
    let up = bench.run(&["up"]);
    assert_eq!(up.code, 0, "{}{}", up.stdout, up.stderr);
}

#[test]
fn an_environment_with_a_context_is_rehearsed_where_that_is_said() {
    let bench = Bench::with(&format!("{SCALED}cluster: {{ context: production }}\n"));
    let real = bench.run(&["up", "--yes"]);
    assert_ne!(real.code, 0, "there is no such context here");
    for command in ["plan", "up", "status", "checklist", "history", "down"] {
        let ran = bench.run(&[command, "--embedded"]);
        assert!(
            !ran.stderr.contains("production"),
            "{command}: {}",
            ran.stderr
        );
    }
    let both = bench.run(&["up", "--embedded", "--context", "production"]);
    assert_eq!(both.code, 2, "{}", both.stderr);
}

/// What `rollback` refuses is no way back.
#[test]
fn the_checklist_says_when_no_release_can_come_back() {
    let file = |tag: &str| {
        format!(
            "app: a
images: {{ registry: r.example, tag: 1.{tag} }}
services: {{ web: {{ image: web, ports: 3000, uses: [db] }} }}
stores: {{ db: {{ engine: postgres, backup: none }} }}
migrations: {{ schema: {{ store: db, service: web, command: [migrate] }} }}
"
        )
    };
    let bench = Bench::with(&file("1"));
    bench.json(&["up"], 0);
    bench.write("plimsoll.yaml", &file("2"));
    bench.json(&["up"], 0);
    let line = way_back(&bench);
    assert_ne!(bench.run(&["rollback"]).code, 0);
    assert_eq!(line["mark"], json!("no"), "{line}");
    let evidence = line["evidence"].as_str().expect("text");
    assert!(
        evidence.starts_with("release 1: migration schema ran since"),
        "{line}"
    );
}

fn way_back(bench: &Bench) -> Value {
    line_of(bench, "a release can come back")
}

fn line_of(bench: &Bench, what: &str) -> Value {
    let ran = bench.run(&["checklist", "--json"]);
    let lines: Vec<Value> = serde_json::from_str(&ran.stdout).expect("JSON");
    let mut lines = lines.into_iter();
    lines
        .find(|line| line["what"] == what)
        .expect("such a line")
}

#[test]
fn the_checklist_knows_the_backups_of_an_operator() {
    let bench = Bench::with(
        "app: a
services: { web: { image: r.example/web:1, ports: 3000, uses: [db] } }
stores:
  db: { engine: postgres, run: operator, backup: { to: copies, full: daily 02:00 } }
externals: { copies: { bucket: s3://copies, secret: access } }
secrets: { access: { keys: [AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY] } }
",
    );
    bench.json(&["up"], 0);
    let line = line_of(&bench, "backups are fresh");
    assert_eq!(
        line["evidence"],
        json!("ScheduledBackup/db-backup-full has not ended well yet"),
        "{line}"
    );
}

/// Plain files of SQL are a migration without any image of ours (LANGUAGE 5.2): a new file is a new run.
#[test]
fn files_of_sql_are_run_by_the_client_of_the_store() {
    let bench = Bench::with(
        "app: shop
images: { registry: r.example }
services: { web: { image: web:1, ports: 8080, uses: [db] } }
stores: { db: { engine: postgres, backup: none } }
migrations: { db: { service: web, tool: sql, folder: schema } }
",
    );
    let missing = bench.run(&["check"]);
    assert!(
        missing.stdout.contains("there is no `schema/*.sql`"),
        "{}",
        missing.stdout
    );
    bench.write("schema/001_orders.sql", "create table orders (id int);\n");
    let up = bench.json(&["up"], 0);
    assert_eq!(up["migrations"].as_array().map(Vec::len), Some(1));
    let again = bench.json(&["up"], 0);
    assert_eq!(
        (&again["objects"]["created"], &again["objects"]["changed"]),
        (&json!(0), &json!(0))
    );
    let manifests = bench.run(&["render"]).stdout;
    for part in [
        "image: docker.io/library/postgres:",
        "plimsoll-migrations-001-orders-sql: |\n    create table orders (id int);",
        "mountPath: /plimsoll/migrations",
        "postgresql://app:$(DB_PASSWORD)@db:5432/app",
    ] {
        assert!(manifests.contains(part), "{part} in\n{manifests}");
    }
    bench.write("schema/002_more.sql", "alter table orders add note text;\n");
    let up = bench.json(&["up"], 0);
    assert_eq!(up["objects"]["created"], 2, "a ConfigMap and a Job: {up}");
}
