//! Every example, in every environment: nothing wrong with it, and it comes up.

use crate::harness::{Bench, objects};
use serde_json::json;

/// Every example with its environments.
pub const EXAMPLES: [(&str, &[&str]); 6] = [
    (
        "identity-platform",
        &["local", "development", "staging", "production"],
    ),
    ("shop", &["default"]),
    ("sorcha", &["development", "staging", "production"]),
    ("starter", &["production", "staging"]),
    ("tartware", &["dev", "staging", "prod"]),
    ("traversion", &["production", "staging", "development"]),
];

/// The folder of an example.
pub fn path(example: &str) -> String {
    format!("{}/../../examples/{example}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_example_is_without_errors() {
    let bench = Bench::empty();
    for (example, _) in EXAMPLES {
        let ran = bench.run(&["check", &path(example), "--format", "short"]);
        assert_eq!(ran.code, 0, "{example}: {}", ran.stdout);
    }
}

#[test]
fn every_example_comes_up_in_every_environment_and_stays_as_it_is() {
    let bench = Bench::empty();
    let mut broken = Vec::new();
    for (example, environments) in EXAMPLES {
        for environment in environments {
            let path = path(example);
            let up = ["up", path.as_str(), "-e", environment, "--json"];
            let ran = bench.run(&up);
            let release: serde_json::Value = serde_json::from_str(&ran.stdout)
                .unwrap_or_else(|_| panic!("{example} {environment}: {}", ran.stderr));
            if release["ready"] != json!(true) {
                broken.push(format!("{example} {environment}: {}", release["failure"]));
                continue;
            }
            let again = bench.run(&up);
            let again: serde_json::Value = serde_json::from_str(&again.stdout).expect("JSON");
            let [created, changed, _, pruned] = objects(&again);
            assert_eq!(
                [created, changed, pruned],
                [0, 0, 0],
                "{example} {environment}"
            );
        }
    }
    assert!(broken.is_empty(), "not ready:\n{}", broken.join("\n"));
}
