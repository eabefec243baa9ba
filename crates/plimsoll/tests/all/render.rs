//! `render`: the stream, the folder, and files of others in it.

use crate::harness::{Bench, MIGRATED, SHORTEST};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn tree(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            let inner = tree(&path).into_iter();
            files.extend(inner.map(|(below, text)| (format!("{name}/{below}"), text)));
        } else {
            files.insert(name, fs::read_to_string(&path).expect("text"));
        }
    }
    files
}

#[test]
fn the_stream_holds_every_object_once() {
    let ran = Bench::with(SHORTEST).run(&["render"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let deployments = ran
        .stdout
        .lines()
        .filter(|line| *line == "kind: Deployment");
    assert_eq!(deployments.count(), 1);
    let documents = ran.stdout.lines().filter(|line| *line == "---").count();
    let kinds = ran
        .stdout
        .lines()
        .filter(|line| line.starts_with("kind: "))
        .count();
    assert_eq!(documents, kinds);
}

#[test]
fn no_value_of_a_secret_is_written() {
    let ran = Bench::with(SHORTEST).run(&["render"]);
    assert!(
        ran.stdout.lines().all(|line| line != "kind: Secret"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_second_render_changes_no_file() {
    let bench = Bench::with(SHORTEST);
    let first = bench.run(&["render", "-o", "out"]);
    assert_eq!((first.code, first.stdout.as_str()), (0, ""));
    let before = tree(&bench.folder().join("out"));
    let second = bench.run(&["render", "-o", "out"]);
    assert!(
        second.stderr.contains(": 0 files changed, "),
        "{}",
        second.stderr
    );
    assert_eq!(tree(&bench.folder().join("out")), before);
}

#[test]
fn files_that_are_no_longer_meant_go_and_files_of_others_stay() {
    let bench = Bench::with(SHORTEST);
    bench.run(&["render", "-o", "out"]);
    bench.write("out/manifests/default/99-theirs.yaml", "theirs");
    bench.write("out/README", "theirs, too");
    let routes = |files: &BTreeMap<String, String>| {
        files
            .keys()
            .filter(|name| name.contains("httproute"))
            .count()
    };
    assert_eq!(routes(&tree(&bench.folder().join("out"))), 2);
    let (without, _) = SHORTEST.split_once("routes:").expect("routes come last");
    bench.write("plimsoll.yaml", without);
    assert_eq!(bench.run(&["render", "-o", "out"]).code, 0);
    let files = tree(&bench.folder().join("out"));
    assert_eq!(routes(&files), 0);
    assert_eq!(files["manifests/default/99-theirs.yaml"], "theirs");
    assert_eq!(files["README"], "theirs, too");
}

#[test]
fn a_file_of_others_is_never_overwritten() {
    let bench = Bench::with(SHORTEST);
    let path = "out/manifests/default/70-web-deployment.yaml";
    bench.write(path, "theirs");
    let ran = bench.run(&["render", "-o", "out"]);
    assert_eq!(ran.code, 3);
    assert!(
        ran.stderr.contains("was not written by plimsoll"),
        "{}",
        ran.stderr
    );
    let files = tree(&bench.folder().join("out"));
    assert_eq!(files["manifests/default/70-web-deployment.yaml"], "theirs");
    assert_eq!(files.len(), 1, "nothing was written: {files:?}");
}

#[test]
fn environments_share_a_folder() {
    let bench = Bench::with(MIGRATED);
    bench.run(&["render", "-o", "out"]);
    bench.run(&["render", "-o", "out", "-e", "staging"]);
    let files = tree(&bench.folder().join("out"));
    let count = |environment: &str| {
        let folder = format!("manifests/{environment}/");
        files
            .keys()
            .filter(|name| name.starts_with(&folder))
            .count()
    };
    assert!(count("production") > 0);
    assert_eq!(count("production"), count("staging"));
}

#[test]
fn two_processes_write_the_same_bytes() {
    let bench = Bench::with(MIGRATED);
    assert_eq!(bench.run(&["render"]), bench.run(&["render"]));
}

#[test]
fn all_outputs_of_all_environments_are_one_set() {
    let bench = Bench::with(MIGRATED);
    let ran = bench.run(&["render", "--to", "all", "-o", "out"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    let files = tree(&bench.folder().join("out"));
    for path in [
        "manifests/production/70-web-deployment.yaml",
        "manifests/staging/70-web-deployment.yaml",
        "kustomize/base/kustomization.yaml",
        "kustomize/overlays/staging/kustomization.yaml",
    ] {
        assert!(
            files.contains_key(path),
            "{path} is among {:?}",
            files.keys()
        );
    }
    // An environment that goes takes its files and folders with it.
    let (without, _) = MIGRATED.split_once("  staging:").expect("it comes last");
    bench.write("plimsoll.yaml", without);
    assert_eq!(bench.run(&["render", "--to", "all", "-o", "out"]).code, 0);
    assert!(!bench.folder().join("out/manifests/staging").exists());
    assert!(
        !bench
            .folder()
            .join("out/kustomize/overlays/staging")
            .exists()
    );
}

#[test]
fn a_diff_shows_what_would_change_and_changes_nothing() {
    let bench = Bench::with(MIGRATED);
    let render = ["render", "--to", "all", "-o", "out"];
    assert_eq!(bench.run(&render).code, 0);
    let diff = ["render", "--to", "all", "-o", "out", "--diff"];
    let idle = bench.run(&diff);
    assert_eq!((idle.code, idle.stdout.as_str()), (0, ""));
    let before = tree(&bench.folder().join("out"));
    bench.write("plimsoll.yaml", &MIGRATED.replace("1.4.2", "1.4.3"));
    let changed = bench.run(&diff);
    assert_eq!(changed.code, 1);
    let shows = |line: &str| line.starts_with('+') && line.ends_with("shop/web:1.4.3");
    assert!(changed.stdout.lines().any(shows), "{}", changed.stdout);
    assert_eq!(tree(&bench.folder().join("out")), before);
}

#[test]
fn a_folder_that_leads_outside_is_refused_at_its_line() {
    let file = format!("{SHORTEST}deliver: {{ kustomize: {{ folder: ../other }} }}\n");
    let ran = Bench::with(&file).run(&["render", "--to", "all", "-o", "out"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("PL0601"), "{}", ran.stderr);
    assert!(ran.stderr.contains("plimsoll.yaml:8:"), "{}", ran.stderr);
}

#[test]
fn many_files_do_not_fit_into_one_stream() {
    let ran = Bench::with(SHORTEST).run(&["render", "--to", "kustomize"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("-o DIR"), "{}", ran.stderr);
}
