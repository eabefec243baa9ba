//! The rules of the application file.

use crate::harness::{files, findings, with_sets};
use plimsoll_spec::rules::ALL;
use std::collections::BTreeSet;

/// Every test that names codes of rules.
const TESTS: [&str; 6] = [
    include_str!("wrong.rs"),
    include_str!("wrong/copies.rs"),
    include_str!("wrong/promises.rs"),
    include_str!("merging.rs"),
    include_str!("reading.rs"),
    include_str!("rules.rs"),
];

#[test]
fn codes_and_names_are_used_once() {
    let codes: BTreeSet<&str> = ALL.iter().map(|rule| rule.code).collect();
    let names: BTreeSet<&str> = ALL.iter().map(|rule| rule.name).collect();
    assert_eq!((codes.len(), names.len()), (ALL.len(), ALL.len()));
    assert!(codes.iter().all(|code| ("PL0100".."PL0400").contains(code)));
}

#[test]
fn every_rule_has_a_case() {
    let shown = |code: &str| TESTS.iter().any(|test| test.contains(&format!("{code} ")));
    let missing: Vec<&str> = ALL
        .iter()
        .map(|rule| rule.code)
        .filter(|code| !shown(code))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn an_include_that_finds_nothing_is_reported() {
    let loaded = files(&[("plimsoll.yaml", "app: a\ninclude: x/*.yaml\n")]);
    assert_eq!(
        findings(&loaded),
        ["plimsoll.yaml:2:10 PL0100 no file is `x/*.yaml`"]
    );
}

#[test]
fn a_file_that_is_not_there_is_reported() {
    let loaded = files(&[]);
    assert_eq!(
        findings(&loaded),
        ["nowhere PL0115 there is no `plimsoll.yaml`"]
    );
    assert!(loaded.environments.is_empty());
}

#[test]
fn a_set_without_value_is_reported() {
    let loaded = with_sets("app: a\n", &[("services.web.scale", "")]);
    assert_eq!(
        findings(&loaded),
        ["--set services.web.scale:1:1 PL0116 `--set services.web.scale=` has no value"]
    );
}

#[test]
fn a_mistake_of_several_environments_is_reported_once_with_their_names() {
    let text = "app: a\nservices: { web: { uses: [db] } }\nenvironments: { x: {}, y: {}, z: { stores: { db: { engine: redis } } } }\n";
    let loaded = files(&[("plimsoll.yaml", text)]);
    let sorted = loaded.findings.sorted();
    assert_eq!(sorted.len(), 1);
    assert_eq!(sorted[0].environments, ["x", "y"]);
}

#[test]
fn a_file_of_sealed_values_that_holds_something_else_is_reported() {
    let text = "app: a\nplatform: { secrets: sealed }\n";
    for (sealed, what) in [
        (
            "kind: ConfigMap\n",
            "PL0172 the file holds something that is no `SealedSecret`",
        ),
        (
            "kind: SealedSecret\nmetadata: { name: a }\n",
            "PL0172 a `SealedSecret` lacks its name or its namespace",
        ),
        (
            "kind: SealedSecret\nmetadata: { name: a, namespace: b }\n",
            "PL0172 b/a holds no `encryptedData`",
        ),
    ] {
        let loaded = files(&[("plimsoll.yaml", text), ("sealed/default.yaml", sealed)]);
        assert_eq!(
            findings(&loaded),
            [format!("sealed/default.yaml:1:1 {what}")]
        );
    }
}
