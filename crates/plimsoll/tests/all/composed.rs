//! Files that hold secrets, and jobs that go before services: what a program finds when it starts.

use crate::harness::Bench;
use serde_json::json;

const FILES: &str = "\
app: a
services:
  web:
    image: r.example/p:1
    ports: 8080
    uses: [db]
    secrets: [SALT]
    config:
      /etc/a.ini: \"password=${db.password}\\nkey=${secrets.SALT}\\n\"
      /etc/b.ini: \"level=info\\n\"
stores: { db: { engine: mysql, backup: none } }
secrets: { SALT: { kind: hex } }
";

/// A file in which a secret stands is a key of a Secret, and no ConfigMap holds it (LANGUAGE 1.3).
#[test]
fn a_file_that_holds_secrets_is_a_secret() {
    for source in ["generated", "external"] {
        let file = format!("{FILES}platform: {{ secrets: {source}, reload: reloader }}\n");
        let bench = Bench::with(&file);
        assert_eq!(bench.json(&["up"], 0)["ready"], json!(true), "{source}");
        let rendered = bench.run(&["render", "--to", "manifests"]).stdout;
        assert!(!rendered.contains("password=$("), "{source}: {rendered}");
        assert!(rendered.contains("level=info"), "the other file stays");
        assert!(rendered.contains("secretName: web-config"), "{rendered}");
        let composed = "password={{ index . \"DB_PASSWORD\" }}";
        assert_eq!(
            rendered.replace("\\\"", "\"").contains(composed),
            source == "external",
            "{rendered}"
        );
        let again = bench.json(&["up"], 0);
        assert_eq!(again["objects"]["changed"], json!(0), "{source}");
    }
}

/// What stands around a secret decides whether pods start anew, as with any other file.
#[test]
fn a_text_around_a_secret_that_changes_rolls_the_pods() {
    let bench = Bench::with(FILES);
    bench.json(&["up"], 0);
    bench.write("plimsoll.yaml", &FILES.replace("password=", "pass="));
    let plan = bench.run(&["plan"]).stdout;
    assert!(plan.contains("checksum/config"), "{plan}");
}

/// Stores, then jobs of `before`, then services (LANGUAGE 5.1).
#[test]
fn a_job_of_before_runs_between_stores_and_services() {
    let bench = Bench::with(
        "app: a
services: { web: { image: r.example/web:1, ports: 3000, uses: [db] } }
jobs: { seed: { service: web, when: before, args: [x] } }
stores: { db: { engine: postgres, backup: none } }
",
    );
    let release = bench.json(&["up"], 0);
    assert_eq!(release["ready"], json!(true));
    let waves = release["waves"].as_array().expect("waves");
    assert!(waves.len() >= 3, "{waves:?}");
}
