//! Overlays of all examples, applied twice with `kubectl apply -k` to a real server.

use crate::examples::path;
use crate::harness::Bench;
use plimsoll_testkit::{ControlPlane, Minor};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Kinds of which kubectl says `configured` although nothing changes: it sends some of their lists and
/// selectors whole, without the defaults that the server has put into the live ones. It says so of
/// manifests that were written by hand as well.
const SENT_WHOLE: [&str; 9] = [
    "poddisruptionbudget",
    "statefulset",
    "gateway",
    "httproute",
    "grpcroute",
    "podmonitor",
    "externalsecret",
    "backendtrafficpolicy",
    "certificate",
];

/// The second time nothing changes, and where kubectl can know, it says so.
#[test]
fn an_overlay_that_is_applied_twice_changes_nothing_the_second_time() {
    let Some(plane) = ControlPlane::start(Minor::V1_37) else {
        return;
    };
    plane.with_metrics();
    if plane.with_crds().is_none() {
        return;
    }
    let bench = Bench::empty();
    let mut wrong = Vec::new();
    for example in [
        "starter",
        "traversion",
        "identity-platform",
        "tartware",
        "sorcha",
    ] {
        let rendered = bench.run(&["render", &path(example), "--to", "kustomize", "-o", example]);
        assert_eq!(rendered.code, 0, "{}", rendered.stderr);
        let overlay = overlay(&bench.folder().join(example)).expect("an overlay of production");
        let overlay = overlay.to_string_lossy().into_owned();
        make_namespaces(&plane, &overlay);
        let apply = ["apply", "-k", &overlay];
        plane
            .run(&apply)
            .unwrap_or_else(|error| panic!("{example}: {error:#}"));
        let before = content(&plane, &overlay);
        let said = plane
            .run(&apply)
            .expect("what was taken once is taken twice");
        let after = content(&plane, &overlay);
        let changed = before
            .iter()
            .filter(|(name, body)| after.get(*name) != Some(body));
        wrong.extend(changed.map(|(name, _)| format!("{example}: {name} is another")));
        let told = said.lines().filter(|line| !line.ends_with(" unchanged"));
        let untrue = told.filter(|line| {
            let kind = line.split(['.', '/']).next().unwrap_or_default();
            !SENT_WHOLE.contains(&kind)
        });
        wrong.extend(untrue.map(|line| format!("{example}: {line}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The overlay of the environment that is closest to production.
fn overlay(folder: &Path) -> Option<PathBuf> {
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for name in ["production", "prod"] {
            let overlay = folder.join("overlays").join(name);
            if overlay.is_dir() {
                return Some(overlay);
            }
        }
        let entries = std::fs::read_dir(&folder).expect("a folder").flatten();
        open.extend(
            entries
                .map(|entry| entry.path())
                .filter(|path| path.is_dir()),
        );
    }
    None
}

/// Namespaces that components bring elsewhere.
fn make_namespaces(plane: &ControlPlane, overlay: &str) {
    let built = plane.run(&["kustomize", overlay]).expect("it is built");
    let named = built
        .lines()
        .filter_map(|line| line.trim().strip_prefix("namespace: "));
    for namespace in named.collect::<BTreeSet<_>>() {
        // One that is there already, or that the overlay makes, is as good.
        let _ = plane.run(&["create", "namespace", namespace]);
    }
}

/// Every object of an overlay as it is, without what controllers and the server count.
fn content(plane: &ControlPlane, overlay: &str) -> BTreeMap<String, Value> {
    let list = plane
        .run(&["get", "-k", overlay, "-o", "json"])
        .expect("objects");
    let list: Value = serde_json::from_str(&list).expect("JSON");
    let mut objects = BTreeMap::new();
    for mut object in list["items"].as_array().cloned().unwrap_or_default() {
        let metadata = &object["metadata"];
        let name = format!(
            "{} {} {}",
            object["kind"], metadata["namespace"], metadata["name"]
        );
        for counted in ["resourceVersion", "generation", "managedFields"] {
            object["metadata"]
                .as_object_mut()
                .expect("metadata")
                .remove(counted);
        }
        let all = object.as_object_mut().expect("an object");
        all.remove("status");
        if let Some(spec) = all.get_mut("spec").and_then(Value::as_object_mut) {
            // An autoscaler's.
            spec.remove("replicas");
        }
        objects.insert(name, object);
    }
    objects
}
