//! What is generated from the types: the schema and the reference.

use plimsoll_spec::{explain, reference, schema};
use std::path::{Path, PathBuf};

/// A committed file, written anew where `PLIMSOLL_WRITE` is set.
#[expect(
    clippy::disallowed_methods,
    reason = "a developer asks the test to write"
)]
fn fresh(name: &str, wanted: &str) {
    let docs: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let path = docs.join(name);
    if std::env::var_os("PLIMSOLL_WRITE").is_some() {
        std::fs::create_dir_all(&docs).expect("the folder can be made");
        std::fs::write(&path, wanted).expect("the file can be written");
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        known == wanted,
        "docs/{name} is stale: run the tests with PLIMSOLL_WRITE=1"
    );
}

#[test]
fn the_schema_is_fresh() {
    let text = serde_json::to_string_pretty(&schema()).expect("a value");
    fresh("plimsoll.schema.json", &format!("{text}\n"));
}

#[test]
fn the_reference_is_fresh() {
    fresh("reference.md", &reference());
}

#[test]
fn every_key_says_what_it_means() {
    let page = reference();
    let silent: Vec<&str> = page.lines().filter(|line| line.ends_with("|  |")).collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn a_path_has_a_page_with_type_and_default() {
    let page = explain("services.api.scale.replicas").expect("a page");
    assert!(page.contains("default  `2`"), "{page}");
    assert!(page.contains("`3..50`"), "{page}");
    assert!(
        explain("services.kind")
            .expect("a page")
            .contains("daemonset")
    );
    assert!(explain("stores.postgres").expect("a page").contains("5432"));
    assert!(
        explain("stores.db.backup.full")
            .expect("a page")
            .contains("keep")
    );
    assert!(explain("services.api.nothing").is_none());
}
