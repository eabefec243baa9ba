//! What we write for Argo CD, synced by its own engine on a real control plane: waves, migrations as gates,
//! a second sync, pruning.

use crate::harness::Bench;
use plimsoll_testkit::{ControlPlane, Minor};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

const FILE: &str = "\
app: shop
images: { registry: ghcr.example/shop, tag: 1.0.0 }
platform: { gitops: argocd }
services:
  api: { ports: 8080, health: /ready, uses: [db], scale: 2..4, metrics: /metrics }
stores:
  db: { engine: postgres, storage: 1Gi }
migrations:
  schema: { store: db, service: api, command: [migrate], deadline: 3s }
deliver: { by: argocd, repo: 'https://git.example.org/shop', sync: auto }
";

/// One Application: its name, its wave, and the folder that it syncs.
struct Application {
    name: String,
    wave: i64,
    folder: PathBuf,
}

/// A folder of Git, and the cluster that Argo CD keeps like it.
struct Git<'a> {
    plane: &'a ControlPlane,
    bench: Bench,
}

impl Git<'_> {
    fn push(&self, file: &str) {
        self.bench.write("plimsoll.yaml", file);
        let rendered = self.bench.run(&["render", "--to", "argocd", "-o", "git"]);
        assert_eq!(rendered.code, 0, "{}", rendered.stderr);
    }

    /// In the order in which the Application above them syncs them.
    fn applications(&self) -> Vec<Application> {
        let git = self.bench.folder().join("git");
        let files = fs::read_dir(git.join("argocd/applications/default")).expect("Applications");
        let mut all: Vec<Application> = files
            .map(|file| {
                let text = fs::read_to_string(file.expect("a file").path()).expect("text");
                let word = |key: &str| {
                    let mut lines = text
                        .lines()
                        .filter_map(|line| line.trim().strip_prefix(key));
                    let word = lines.next().unwrap_or_else(|| panic!("no {key} in {text}"));
                    word.trim_matches(['\"', '\'', ' ']).to_owned()
                };
                let wave = word("argocd.argoproj.io/sync-wave:");
                Application {
                    name: word("name:"),
                    wave: wave.parse().expect("a number"),
                    folder: git.join(word("path:")),
                }
            })
            .collect();
        all.sort_by_key(|one| one.wave);
        all
    }

    fn sync(&self, application: &Application) -> Option<Value> {
        let synced = self
            .plane
            .sync(&application.name, "shop", &application.folder)?;
        Some(synced.unwrap_or_else(|error| panic!("{}: {error:#}", application.name)))
    }

    /// What the Application above does: wave by wave, and no further than the first that is not well.
    fn sync_all(&self) -> Option<Vec<Value>> {
        let mut done = Vec::new();
        for application in self.applications() {
            let synced = self.sync(&application)?;
            let well =
                synced["phase"] == "Succeeded" && synced["unhealthy"] == Value::Array(vec![]);
            done.push(synced);
            if !well {
                break;
            }
        }
        Some(done)
    }

    fn has(&self, kind: &str, name: &str) -> bool {
        self.plane.run(&["get", kind, name, "-n", "shop"]).is_ok()
    }

    fn image(&self) -> String {
        let image = "-o=jsonpath={.spec.template.spec.containers[0].image}";
        let image = self
            .plane
            .run(&["get", "deployment", "api", "-n", "shop", image]);
        image.expect("a Deployment")
    }

    /// Lets nodes take pods, or not.
    fn nodes(&self, word: &str) {
        let nodes = self
            .plane
            .run(&["get", "nodes", "-o", "name"])
            .expect("nodes");
        let nodes: Vec<&str> = nodes.lines().collect();
        self.plane
            .run(&[&[word][..], &nodes].concat())
            .expect("nodes");
    }
}

fn texts<'a>(synced: &'a Value, list: &str, key: &str) -> Vec<&'a str> {
    let all = synced[list].as_array().into_iter().flatten();
    all.map(|one| if key.is_empty() { one } else { &one[key] })
        .filter_map(Value::as_str)
        .collect()
}

/// Holds P6, T2, S9.
#[test]
fn argo_cd_goes_through_waves_stops_at_a_failed_migration_and_finds_nothing_the_second_time() {
    let Some(plane) = ControlPlane::start(Minor::V1_37) else {
        return;
    };
    if plane
        .with_definitions(&["cert-manager.io", "monitoring.coreos.com"])
        .is_none()
    {
        return;
    }
    let git = Git {
        plane: &plane,
        bench: Bench::empty(),
    };
    git.push(FILE);
    // Nobody takes the pod of the migration: it fails by its deadline.
    let Some(first) = in_waves(&git) else {
        return;
    };
    assert_eq!(first["phase"], "Succeeded", "{first:#}");
    a_failed_migration_stops_the_sync(&git);
    the_second_time_nothing_differs(&git);
    a_new_version_is_migrated_first(&git);
    what_holds_data_is_not_pruned(&git);
}

/// The foundation: what others need stands before them.
fn in_waves(git: &Git<'_>) -> Option<Value> {
    let applications = git.applications();
    let names: Vec<&str> = applications.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    let foundation = git.sync(&applications[0])?;
    let order = texts(&foundation, "results", "object");
    let at = |object: &str| {
        let at = order.iter().position(|one| *one == object);
        at.unwrap_or_else(|| panic!("no {object} in {order:?}"))
    };
    assert_eq!(at("Namespace/shop"), 0);
    for before in [
        "ServiceAccount/db",
        "NetworkPolicy/db",
        "Certificate/db-tls",
    ] {
        assert!(at(before) < at("StatefulSet/db"), "{order:?}");
    }
    assert_eq!(foundation["unhealthy"], Value::Array(vec![]));
    Some(foundation)
}

fn a_failed_migration_stops_the_sync(git: &Git<'_>) {
    git.nodes("cordon");
    let done = git.sync_all().expect("the engine");
    let last = done.last().expect("something was synced");
    assert_eq!(done.len(), 2, "services come after migrations: {done:#?}");
    assert_eq!(last["phase"], "Failed", "{last:#}");
    assert_eq!(texts(last, "results", "phase"), ["PreSync"], "{last:#}");
    assert_eq!(texts(last, "results", "hook"), ["Failed"], "{last:#}");
    assert!(
        !git.has("deployment", "api"),
        "no service of a database that is not migrated"
    );
    assert!(!git.has("configmap", "shop-migrated"), "it is tried again");
    git.nodes("uncordon");
    let done = git.sync_all().expect("the engine");
    assert_eq!(done.len(), 3, "{done:#?}");
    assert!(
        done.iter().all(|one| one["phase"] == "Succeeded"),
        "{done:#?}"
    );
    assert_eq!(texts(&done[1], "results", "phase"), ["PreSync", "Sync"]);
    assert!(git.has("deployment", "api"));
}

fn the_second_time_nothing_differs(git: &Git<'_>) {
    for synced in git.sync_all().expect("the engine") {
        assert_eq!(synced["outOfSync"], Value::Array(vec![]), "{synced:#}");
    }
}

fn a_new_version_is_migrated_first(git: &Git<'_>) {
    let old = git.image();
    git.push(&FILE.replace("1.0.0", "1.0.1"));
    git.nodes("cordon");
    let done = git.sync_all().expect("the engine");
    assert_eq!(done.last().expect("synced")["phase"], "Failed", "{done:#?}");
    assert_eq!(git.image(), old, "the version that runs fits the database");
    git.nodes("uncordon");
    let done = git.sync_all().expect("the engine");
    assert!(
        done.iter().all(|one| one["phase"] == "Succeeded"),
        "{done:#?}"
    );
    assert_eq!(git.image(), "ghcr.example/shop/api:1.0.1");
}

fn what_holds_data_is_not_pruned(git: &Git<'_>) {
    git.push(
        "\
app: shop
images: { registry: ghcr.example/shop, tag: 1.0.1 }
platform: { gitops: argocd }
services:
  api: { ports: 8080, health: /ready, scale: 2..4, metrics: /metrics }
deliver: { by: argocd, repo: 'https://git.example.org/shop', sync: auto }
",
    );
    let synced = &git.sync_all().expect("the engine")[0];
    let skipped = synced["results"].as_array().expect("results").iter();
    let skipped: Vec<_> = skipped
        .filter(|one| one["status"] == "PruneSkipped")
        .filter_map(|one| one["object"].as_str())
        .collect();
    assert_eq!(skipped, ["StatefulSet/db"], "{synced:#}");
    assert!(git.has("statefulset", "db") && git.has("pvc", "data-db-0"));
    assert!(!git.has("podmonitor", "db"), "what holds none goes");
}

/// A class that binds a disk with its first pod.
const CLASS: &str = "\
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: standard, annotations: { storageclass.kubernetes.io/is-default-class: 'true' } }
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
";

/// Holds P6: disks that are bound with their first pod hold up no wave and no Application.
#[test]
fn argo_cd_does_not_wait_for_disks_whose_pods_come_later() {
    let Some(plane) = ControlPlane::start(Minor::V1_37) else {
        return;
    };
    let git = Git {
        plane: &plane,
        bench: Bench::empty(),
    };
    git.bench.write("class.yaml", CLASS);
    let class = git.bench.folder().join("class.yaml");
    let class = class.to_str().expect("a path");
    plane
        .run(&["replace", "--force", "-f", class])
        .expect("a class");
    git.push(
        "\
app: shop
images: { registry: ghcr.example/shop, tag: 1.0.0 }
cluster: { nodes: { count: 1 } }
platform: { gitops: argocd, metrics: none }
services:
  api: { ports: 8080, health: /ready, uses: [db], scale: single, volumes: { /data: files, /cache: 1Gi } }
stores:
  db: { engine: postgres, storage: 1Gi, tls: false, exporter: false, volumes: { /archive: archive } }
migrations:
  schema: { store: db, service: api, command: [migrate], volumes: { /dumps: dumps } }
claims: { files: { shared: true }, dumps: {}, archive: {} }
deliver: { by: argocd, repo: 'https://git.example.org/shop', sync: auto }
",
    );
    let Some(done) = git.sync_all() else {
        return;
    };
    assert_eq!(done.len(), 4, "{done:#?}");
    assert_eq!(done[3]["phase"], "Succeeded", "{done:#?}");
    for name in ["files", "dumps", "archive", "api-cache"] {
        let phase = plane.run(&[
            "get",
            "pvc",
            name,
            "-n",
            "shop",
            "-o=jsonpath={.status.phase}",
        ]);
        assert_eq!(phase.expect("a disk"), "Bound", "{name}");
    }
    for synced in git.sync_all().expect("the engine") {
        assert_eq!(synced["outOfSync"], Value::Array(vec![]), "{synced:#}");
    }
}
