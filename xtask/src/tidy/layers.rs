//! Crates depend downwards only.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

/// Every crate of the product, lowest first; a crate uses only crates named before it.
const LAYERS: &[&str] = &[
    "plimsoll-source",
    "plimsoll-secrets",
    "plimsoll-schema",
    "plimsoll-spec-derive",
    "plimsoll-spec",
    "plimsoll-world",
    "plimsoll-manifests",
    "plimsoll-compile",
    "plimsoll-rules",
    "plimsoll-emit",
    "plimsoll-cluster",
    "plimsoll-ship",
    "plimsoll-report",
    "plimsoll",
];

/// Crates that never ship: any of them may use any crate, product crates use them in tests only.
const UNSHIPPED: &[&str] = &["plimsoll-testkit", "xtask"];

/// Two crates that know Kubernetes only, or nothing of it: useful to others as they are.
const ALONE: &[(&str, &[&str])] = &[
    ("plimsoll-source", &[]),
    ("plimsoll-cluster", &["plimsoll-source", "plimsoll-schema"]),
];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

/// Crates without a layer, and dependencies that do not point downwards.
pub fn complaints() -> Result<Vec<String>> {
    let packages = packages()?;
    let ours = |name: &str| packages.iter().any(|package| package.name == name);
    let mut complaints = Vec::new();
    for Package { name, dependencies } in &packages {
        if UNSHIPPED.contains(&name.as_str()) {
            continue;
        }
        if level(name).is_none() {
            complaints.push(format!(
                "{name} has no layer: place it in xtask/src/tidy/layers.rs"
            ));
            continue;
        }
        for dependency in dependencies
            .iter()
            .filter(|dependency| ours(&dependency.name))
        {
            let test_only = dependency.kind.as_deref() == Some("dev");
            if !may_use(name, &dependency.name, test_only) {
                complaints.push(format!("{name} may not use {}", dependency.name));
            }
        }
    }
    Ok(complaints)
}

/// A test may use any lower crate, whatever its crate itself is held to.
fn may_use(user: &str, dependency: &str, test_only: bool) -> bool {
    if UNSHIPPED.contains(&dependency) {
        return test_only;
    }
    let alone = ALONE.iter().find(|(name, _)| *name == user);
    let allowed = alone.is_none_or(|(_, allowed)| test_only || allowed.contains(&dependency));
    allowed && level(dependency) < level(user)
}

fn level(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| *layer == name)
}

fn packages() -> Result<Vec<Package>> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
        "--offline",
    ]);
    let output = cargo
        .current_dir(super::root())
        .output()
        .context("starting cargo")?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
    Ok(metadata.packages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upward_or_sideways_dependency_is_refused() {
        assert!(may_use("plimsoll-emit", "plimsoll-world", false));
        assert!(!may_use("plimsoll-world", "plimsoll-emit", false));
        assert!(!may_use("plimsoll-world", "plimsoll-world", false));
    }

    #[test]
    fn the_cluster_knows_nothing_of_applications_but_its_tests_may() {
        assert!(!may_use("plimsoll-cluster", "plimsoll-world", false));
        assert!(may_use("plimsoll-cluster", "plimsoll-world", true));
        assert!(may_use("plimsoll-cluster", "plimsoll-schema", false));
    }

    #[test]
    fn the_testkit_is_for_tests() {
        assert!(may_use("plimsoll-ship", "plimsoll-testkit", true));
        assert!(!may_use("plimsoll-ship", "plimsoll-testkit", false));
    }
}
