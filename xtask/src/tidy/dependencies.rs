//! What the workspace may depend on: open licences, one registry, none of the crates that we chose
//! against, and no crate twice without a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

/// Licences that the product may be built from.
const LICENCES: &[&str] = &[
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Zlib",
];

/// The only place that crates come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Crates that may not come in, not even through another one.
const BANNED: &[(&str, &str)] = &[
    ("native-tls", "rustls is the one TLS library"),
    (
        "openssl-sys",
        "rustls is the one TLS library; a static binary links no system library",
    ),
    (
        "serde_yaml",
        "unmaintained, and without spans: plimsoll-source reads YAML",
    ),
];

/// Crates that exist in several versions because of others; a line goes when they agree again.
const TWICE: &[&str] = &[
    "base64",
    "bit-vec",
    "cpufeatures",
    "getrandom",
    "hashbrown",
    "syn",
    "untrusted",
];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
}

/// Everything wrong with the crates that this workspace is built from on this machine's platform.
pub fn complaints() -> Result<Vec<String>> {
    Ok(of_packages(&packages()?))
}

fn of_packages(packages: &[Package]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages {
        let Package { name, version, .. } = package;
        versions.entry(name).or_default().insert(version);
        let licence = package.license.as_deref().unwrap_or_default();
        if !is_open(licence) {
            complaints.push(format!(
                "{name} {version}: licence `{licence}` is not on the list"
            ));
        }
        if package
            .source
            .as_deref()
            .is_some_and(|source| source != REGISTRY)
        {
            complaints.push(format!("{name} {version} does not come from the registry"));
        }
        if let Some((_, reason)) = BANNED.iter().find(|(banned, _)| banned == name) {
            complaints.push(format!("{name} may not be used: {reason}"));
        }
    }
    for (name, versions) in versions {
        if versions.len() > 1 && !TWICE.contains(&name) {
            let versions: Vec<_> = versions.into_iter().collect();
            complaints.push(format!("{name} is there as {}", versions.join(" and ")));
        }
    }
    complaints
}

fn packages() -> Result<Vec<Package>> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version", "1", "--locked", "--offline"]);
    // Crates of other platforms are not downloaded by a build, so nothing is known of them.
    cargo.args(["--filter-platform", &host()?]);
    let output = cargo
        .current_dir(super::root())
        .output()
        .context("starting cargo")?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let Metadata {
        mut packages,
        resolve,
    } = serde_json::from_slice(&output.stdout)?;
    let used: BTreeSet<String> = resolve.nodes.into_iter().map(|node| node.id).collect();
    packages.retain(|package| used.contains(&package.id));
    Ok(packages)
}

fn host() -> Result<String> {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .context("starting rustc")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc names no host")
}

/// Whether a licence expression can be met by licences on the list alone.
fn is_open(expression: &str) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut words = words.as_slice();
    any(&mut words) && words.is_empty()
}

/// `a OR b`; reads all of it, whatever the first says.
fn any(words: &mut &[&str]) -> bool {
    let mut open = all(words);
    while let ["OR", rest @ ..] = words {
        *words = rest;
        open |= all(words);
    }
    open
}

/// `a AND b`.
fn all(words: &mut &[&str]) -> bool {
    let mut open = one(words);
    while let ["AND", rest @ ..] = words {
        *words = rest;
        open &= one(words);
    }
    open
}

/// A licence, one with an exception (which only ever allows more), or an expression in brackets.
fn one(words: &mut &[&str]) -> bool {
    match words {
        ["(", rest @ ..] => {
            *words = rest;
            let open = any(words);
            let closed = words.first() == Some(&")");
            *words = words.get(1..).unwrap_or_default();
            open && closed
        }
        [licence, "WITH", _, rest @ ..] | [licence, rest @ ..] => {
            let open = LICENCES.contains(licence);
            *words = rest;
            open
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licence_expressions_are_weighed() {
        for open in [
            "MIT",
            "GPL-3.0-only OR MIT",
            "MIT/Apache-2.0",
            "(MIT OR GPL-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert!(is_open(open), "{open}");
        }
        for closed in ["", "GPL-3.0-only", "MIT AND BUSL-1.1", "(MIT", "MIT MIT"] {
            assert!(!is_open(closed), "{closed}");
        }
    }

    #[test]
    fn each_breach_is_named() {
        let package = |name: &str, version: &str, source: &str| Package {
            id: String::new(),
            name: name.to_owned(),
            version: version.to_owned(),
            license: Some("MIT".to_owned()),
            source: Some(source.to_owned()),
        };
        let said = of_packages(&[
            package("serde_yaml", "0.9.0", REGISTRY),
            package("tide", "1.0.0", REGISTRY),
            package("tide", "2.0.0", "git+https://example.org/tide"),
        ]);
        assert_eq!(said.len(), 3, "{said:?}");
    }
}
