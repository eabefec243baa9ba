//! Disks of a class that binds them with their first pod: nobody waits for a disk before that pod.

use plimsoll_emit::{FileSet, argocd, flux, releases};
use serde_json::Value;
use std::collections::BTreeMap;

use crate::project::{Project, document, documents};

/// Disks of several things, of a service, of a migration, of a schedule alone, and of a store. A migration and
/// a job have disks like those of their service.
const FILE: &str = "\
app: shop
images: { registry: ghcr.example/shop, tag: 1.0.0 }
cluster: { nodes: { count: 1 } }
services:
  api: { ports: 8080, health: /ready, uses: [db], scale: single, volumes: { /data: files, /cache: 1Gi } }
stores:
  db: { engine: postgres, storage: 1Gi, volumes: { /archive: archive } }
migrations:
  schema: { store: db, service: api, command: [migrate], volumes: { /dumps: dumps } }
jobs:
  report: { service: api, when: daily 02:00, command: [report], volumes: { /reports: reports } }
claims:
  files: { size: 1Gi, shared: true }
  dumps: { size: 1Gi }
  reports: { size: 1Gi }
  archive: { size: 1Gi }
deliver: { repo: 'https://git.example.org/shop', sync: auto }
";

const DISK: &str = "PersistentVolumeClaim";

/// The objects of each folder below one.
fn folders(files: &FileSet, below: &str) -> BTreeMap<String, Vec<Value>> {
    let mut folders: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (path, _) in files.iter().filter(|(path, _)| path.starts_with(below)) {
        let (folder, _) = path.rsplit_once('/').expect("a folder");
        let objects = folders.entry(folder.to_owned()).or_default();
        objects.push(document(files, path));
    }
    folders
}

/// Those that start a pod at once which mounts a disk.
fn binding<'a>(disk: &Value, objects: &'a [Value]) -> Vec<&'a Value> {
    let mounts = |object: &&Value| {
        let volumes = object["spec"]["template"]["spec"]["volumes"].as_array();
        let mut volumes = volumes.into_iter().flatten();
        volumes.any(|one| one["persistentVolumeClaim"]["claimName"] == disk["metadata"]["name"])
    };
    objects.iter().filter(mounts).collect()
}

fn names(objects: &[Value]) -> Vec<&str> {
    let disks = objects.iter().filter(|object| object["kind"] == DISK);
    let names = disks.map(|disk| disk["metadata"]["name"].as_str());
    names.map(|name| name.expect("a name")).collect()
}

/// Holds P6: no wave of Argo CD, and no Application after, waits for a disk whose first pod comes later.
#[test]
fn waves_of_argo_cd_do_not_wait_for_disks() {
    let project = Project::of(FILE);
    let files = argocd::files(&project.system()).files;
    let wave = |object: &Value| {
        let annotations = &object["metadata"]["annotations"];
        annotations["argocd.argoproj.io/sync-wave"].clone()
    };
    for (folder, objects) in folders(&files, "argocd/rendered/default/") {
        for disk in objects.iter().filter(|object| object["kind"] == DISK) {
            if folder.ends_with("/volume-claims") {
                let annotations = &disk["metadata"]["annotations"];
                assert_eq!(annotations["argocd.argoproj.io/ignore-healthcheck"], "true");
                assert!(wave(disk).is_null(), "one wave alone: {disk:#}");
                continue;
            }
            let pods = binding(disk, &objects);
            assert!(
                pods.iter().any(|pod| wave(pod) == wave(disk)),
                "{folder}: {disk:#}"
            );
        }
        if folder.ends_with("/volume-claims") {
            let own = ["report-cache", "schema-migrate-cache"];
            let shared = ["dumps", "files", "reports"];
            assert_eq!(names(&objects).len(), objects.len(), "disks alone");
            let mut names = names(&objects);
            names.sort_unstable();
            let mut expected = [&shared[..], &own].concat();
            expected.sort_unstable();
            assert_eq!(names, expected);
        }
    }
    let application = document(&files, "argocd/applications/default/volume-claims.yaml");
    assert_eq!(
        wave(&application),
        "-2",
        "after the namespace, before migrations"
    );
}

/// Holds S9: a Kustomization that waits holds no disk that only pods of a later one bind.
#[test]
fn kustomizations_of_flux_do_not_wait_for_disks() {
    let project = Project::of(FILE);
    let files = flux::files(&project.system()).files;
    let all = documents(files.get("flux/default.yaml").expect("an environment"));
    let (mut held, mut before) = (Vec::new(), Value::Null);
    for kustomization in &all[1..] {
        assert_eq!(kustomization["spec"]["dependsOn"][0]["name"], before);
        before = kustomization["metadata"]["name"].clone();
        let path = kustomization["spec"]["path"].as_str().expect("a path");
        let below = format!("{}/", path.trim_start_matches("./"));
        let objects = folders(&files, &below).into_values().flatten();
        let objects: Vec<Value> = objects.collect();
        for disk in objects.iter().filter(|object| object["kind"] == DISK) {
            let is_bound = !binding(disk, &objects).is_empty();
            let waits = kustomization["spec"]["wait"] == true;
            assert_eq!(waits, is_bound, "{path}: {disk:#}");
        }
        held.extend(names(&objects).into_iter().map(str::to_owned));
    }
    held.sort();
    let shared = ["archive", "dumps", "files", "reports"];
    let own = ["api-cache", "report-cache", "schema-migrate-cache"];
    let mut expected = [&shared[..], &own].concat();
    expected.sort_unstable();
    assert_eq!(held, expected);
}

/// Holds T1: Helm waits until every disk of a release is bound, so a release of disks for later ones is not
/// waited for by Helm; kubectl waits for its stores.
#[test]
fn a_release_with_disks_of_later_ones_is_not_waited_for() {
    let project = Project::of(FILE);
    let system = project.system();
    let files = releases::files(&system).files;
    let state = documents(files.get("helm/helmfile.yaml").expect("a helmfile")).remove(1);
    let releases = state["releases"].as_array().expect("releases");
    let of = |name: &str| {
        let found = releases.iter().find(|release| release["name"] == name);
        found.expect("a release")
    };
    assert_eq!(state["helmDefaults"]["wait"], true);
    assert_eq!(of("shop-stores")["wait"], false);
    let hooks = of("shop-stores")["hooks"].as_array().expect("hooks");
    let await_stores = &hooks.last().expect("a hook");
    assert_eq!(await_stores["events"][0], "postsync");
    let arguments = await_stores["args"].to_string();
    for word in ["rollout", "statefulset", "component=store", "--context="] {
        assert!(arguments.contains(word), "{word} in {arguments}");
    }
    let files = flux::files(&system).files;
    let all = documents(files.get("flux/helm/default.yaml").expect("releases"));
    let stores = all
        .iter()
        .find(|one| one["spec"]["releaseName"] == "shop-stores");
    assert_eq!(
        stores.expect("a release")["spec"]["install"]["disableWait"],
        true
    );
    let plain = "\
app: shop
images: { registry: ghcr.example/shop, tag: 1.0.0 }
services:
  api: { ports: 8080, health: /ready, uses: [db], scale: single, volumes: { /cache: 1Gi } }
stores:
  db: { engine: postgres, storage: 1Gi }
";
    let project = Project::of(plain);
    let files = releases::files(&project.system()).files;
    let state = documents(files.get("helm/helmfile.yaml").expect("a helmfile")).remove(1);
    for release in state["releases"].as_array().expect("releases") {
        assert!(
            release["wait"].is_null(),
            "its pods bind its disks: {release:#}"
        );
    }
}
