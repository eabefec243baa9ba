//! Compose, read by the loader of its specification.

use std::process::{Command, Stdio};

use plimsoll_emit::{FileSet, compose};
use serde_json::{Value, json};

use crate::project::{EXAMPLES, Project, document, write};

const FILE: &str = "compose/compose.yaml";

/// Names in `.env.example`.
fn variables(files: &FileSet) -> Vec<String> {
    let example = files.get("compose/.env.example").expect("an example");
    let example = String::from_utf8(example.to_vec()).expect("text");
    let names = example.lines().filter_map(|line| line.strip_suffix('='));
    names.map(str::to_owned).collect()
}

fn example(name: &str) -> Value {
    document(
        &compose::files(&Project::example(name).system()).files,
        FILE,
    )
}

/// Holds P1: the reference implementation loads the file of every example, with its variables.
#[test]
fn the_loader_of_the_specification_takes_every_example() {
    let Some(program) = plimsoll_testkit::tool("compose-go") else {
        return;
    };
    let mut refused = Vec::new();
    let mut projects: Vec<_> = EXAMPLES.map(|name| (name, Project::example(name))).into();
    projects.push(("volumes", Project::of(VOLUMES)));
    for (example, project) in projects {
        let emitted = compose::files(&project.system());
        let folder = tempfile::tempdir().expect("a folder");
        write(&emitted.files, folder.path());
        // The loader's program does not look into the environment, so values are put in before.
        let path = folder.path().join(FILE);
        let mut text = std::fs::read_to_string(&path).expect("text");
        for name in variables(&emitted.files) {
            text = text.replace(&format!("${{{name}:?write it into .env}}"), "value");
        }
        assert!(!text.contains(":?"), "a variable is not in .env.example");
        std::fs::write(&path, text).expect("writes");
        let output = Command::new(&program)
            .arg(&path)
            .stdin(Stdio::null())
            .output()
            .expect("the loader starts");
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            refused.push(format!("{example}: {text}"));
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// Holds P1: the local environment of the policy has its services, stores, migrations and ports.
#[test]
fn the_local_environment_of_the_identity_platform_runs_on_one_machine() {
    let file = example("identity-platform");
    let services = file["services"].as_object().expect("services");
    for name in [
        "graphql-bff",
        "websocket",
        "auth-service",
        "db",
        "cache",
        "events",
    ] {
        assert!(
            services.contains_key(name),
            "{name} of {:?}",
            services.keys()
        );
    }
    let auth = &services["auth-service"];
    assert_eq!(
        auth["image"],
        "ghcr.io/identity-platform/auth-service:1.8.0"
    );
    assert_eq!(auth["user"], "10001:10001");
    assert_eq!(auth["read_only"], true);
    assert_eq!(
        auth["environment"]["DATABASE_URL"],
        "postgresql://auth_db:${DB_AUTH_DB_PASSWORD:?write it into .env}@db.data:5432/auth_db?sslmode=require"
    );
    assert_eq!(auth["ports"][0]["published"], "3001");
    let waits =
        |service: &str, other: &str| services[service]["depends_on"][other]["condition"].clone();
    // The order of the migrations, and what waits for them.
    assert_eq!(waits("identity-db-migrate", "db"), "service_healthy");
    let ended = json!("service_completed_successfully");
    assert_eq!(waits("auth-db-migrate", "identity-db-migrate"), ended);
    assert_eq!(waits("legal-db-migrate", "auth-db-migrate"), ended);
    assert_eq!(waits("auth-service", "auth-db-migrate"), ended);
    assert_eq!(services["auth-db-migrate"]["restart"], "no");
    // Hosts of other namespaces are the same names here.
    let aliases = &services["db"]["networks"]["default"]["aliases"];
    let aliases: Vec<&str> = aliases
        .as_array()
        .expect("aliases")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(aliases.contains(&"db.data"), "{aliases:?}");
    assert_eq!(services["db"]["healthcheck"]["test"][1], "pg_isready");
}

/// A certificate that a cluster would be given is made by a container that runs once.
#[test]
fn a_store_with_tls_is_given_a_certificate() {
    let file = example("shop");
    let maker = &file["services"]["db-tls"];
    let script = maker["entrypoint"][2].as_str().expect("a script");
    assert!(script.contains("subjectAltName=DNS:db"), "{script}");
    assert_eq!(
        file["services"]["db"]["depends_on"]["db-tls"]["condition"],
        "service_completed_successfully"
    );
    assert!(
        file["volumes"]
            .as_object()
            .expect("volumes")
            .contains_key("db-tls")
    );
}

/// Sources are built where the file names them.
#[test]
fn a_service_with_a_source_is_built() {
    let file = example("starter");
    let build = &file["services"]["api"]["build"];
    assert_eq!(build["context"], "${PROJECT:-..}");
    assert_eq!(build["target"], "api");
    assert!(file["services"]["worker"].is_null(), "it is off");
}

/// No secret has a value in any file.
#[test]
fn secrets_are_variables_without_a_value() {
    let project = Project::example("traversion");
    let files = compose::files(&project.system()).files;
    let names = variables(&files);
    assert!(names.contains(&"JWT_SECRET".to_owned()), "{names:?}");
    assert_eq!(files.get("compose/.gitignore"), Some(&b".env\n"[..]));
}

/// What Compose has nothing for is said at the user's line.
#[test]
fn what_compose_leaves_out_is_said() {
    let project = Project::example("identity-platform");
    let text = project.text_of(&compose::files(&project.system()).findings);
    let line = "plimsoll.yaml:73:3: info[PL0610]: route `graphql` has no gateway in Compose";
    assert!(text.lines().any(|shown| shown == line), "{text}");
}

/// An application with every kind of volume, and a job that comes after a release.
const VOLUMES: &str = "\
app: shop
images: { registry: ghcr.example/shop, tag: 1.0.0 }
cluster: { nodes: { count: 1 } }
services:
  api:
    ports: 8080
    health: /ready
    scale: single
    volumes:
      /data: files
      /etc/own: { claim: shared, folder: own/cfg }
      /read: { claim: shared, folder: read, read: true }
      /fast: { size: 100Mi, memory: true }
      /both: { size: 64Mi, memory: true }
    sidecars:
      beside: { mounts: [/both] }
  root:
    ports: 8081
    health: /ready
    scale: single
    volumes: { /data: other }
    security: { user: 2000 }
jobs:
  greet: { service: api, when: after, command: [greet], volumes: { /greetings: greetings } }
claims: { files: {}, shared: { shared: true }, other: {}, greetings: {} }
";

fn with_volumes() -> Value {
    let project = Project::of(VOLUMES);
    document(&compose::files(&project.system()).files, FILE)
}

fn mount<'a>(service: &'a Value, path: &str) -> &'a Value {
    let mounts = service["volumes"].as_array().expect("volumes");
    let found = mounts.iter().find(|mount| mount["target"] == path);
    found.unwrap_or_else(|| panic!("{path} of {mounts:#?}"))
}

/// A new volume is root's: before its process starts it belongs to the user of that, with the folders that
/// are mounted.
#[test]
fn disks_belong_to_their_process_and_have_their_folders() {
    let file = with_volumes();
    let services = &file["services"];
    let script = |volume: &str, owner: &str| {
        let maker = &services[format!("{volume}-volume")];
        assert_eq!(maker["user"], "0:0");
        assert_eq!(maker["volumes"][0]["source"], volume);
        let waits = &services[owner]["depends_on"][format!("{volume}-volume")];
        assert_eq!(waits["condition"], "service_completed_successfully");
        maker["entrypoint"][2]
            .as_str()
            .expect("a script")
            .to_owned()
    };
    assert!(script("files", "api").contains("chown 10001:10001 /volume\n"));
    assert!(script("other", "root").contains("chown 2000:2000 /volume\n"));
    let shared = script("shared", "api");
    assert!(
        shared.contains("mkdir -p '/volume/own/cfg' '/volume/read'\n"),
        "{shared}"
    );
    let api = &services["api"];
    assert_eq!(mount(api, "/etc/own")["volume"]["subpath"], "own/cfg");
    assert_eq!(mount(api, "/read")["read_only"], true);
    // What the image has there would bring its own owner along.
    assert_eq!(mount(api, "/data")["volume"]["nocopy"], true);
}

/// What is in memory is gone with its container, and has its size.
#[test]
fn volumes_in_memory_have_their_size() {
    let file = with_volumes();
    let tmpfs = file["services"]["api"]["tmpfs"].as_array().expect("tmpfs");
    let fast = tmpfs.iter().filter_map(Value::as_str);
    let fast: Vec<&str> = fast.filter(|line| line.starts_with("/fast:")).collect();
    assert_eq!(fast, ["/fast:size=100m,mode=1777,uid=10001,gid=10001"]);
    // Two containers share one only as a volume.
    let both = mount(&file["services"]["api"], "/both")["source"].as_str();
    let both = &file["volumes"][both.expect("a volume")]["driver_opts"];
    assert_eq!(both["type"], "tmpfs");
    assert_eq!(both["o"], "size=64m,mode=1777,uid=10001,gid=10001");
}

/// `up --wait` fails when a container ends that nothing waits for.
#[test]
fn nothing_ends_that_nothing_waits_for() {
    let mut files: Vec<Value> = EXAMPLES.into_iter().map(example).collect();
    files.push(with_volumes());
    for file in files {
        let services = file["services"].as_object().expect("services");
        let started = || {
            services
                .iter()
                .filter(|(_, body)| body["profiles"].is_null())
        };
        for (name, _) in started().filter(|(_, body)| body["restart"] == "no") {
            let waits = |(_, other): (&String, &Value)| {
                other["depends_on"][name]["condition"] == "service_completed_successfully"
            };
            assert!(started().any(waits), "nothing waits for {name}");
        }
    }
    let greet = &with_volumes()["services"]["greet"];
    assert_eq!(greet["profiles"], json!(["jobs"]));
}
