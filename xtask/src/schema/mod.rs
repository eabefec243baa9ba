//! `cargo xtask schema`: builds the embedded schema tables from published Go modules.
mod components;
mod gates;
mod kinds;
mod merge;
mod openapi;
mod yaml;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use plimsoll_schema::{Minor, Schemas, encode};

use crate::go;

/// One release of every minor in the table; any patch release has the same types.
const RELEASES: [&str; 11] = [
    "1.27.16", "1.28.15", "1.29.6", "1.30.14", "1.31.0", "1.32.0", "1.33.13", "1.34.1", "1.35.0",
    "1.36.3", "1.37.1",
];

/// Writes the tables below `data`, the data folder of `plimsoll-schema`.
pub fn write(data: &Path) -> Result<()> {
    fs::create_dir_all(data)?;
    for (name, table) in tables()? {
        let path = data.join(name);
        fs::write(&path, encode(&table)).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

fn tables() -> Result<[(&'static str, Schemas); 2]> {
    Ok([
        ("kubernetes.txt", kubernetes()?),
        ("components.txt", components::table()?),
    ])
}

fn kubernetes() -> Result<Schemas> {
    let mut merged = merge::Merged::default();
    for release in RELEASES {
        let minor: Minor = release.parse()?;
        let folder = go::download("k8s.io/kubernetes", &format!("v{release}"))?.folder;
        let openapi = openapi::read(&folder).with_context(|| format!("Kubernetes {release}"))?;
        merged.add(minor, openapi);
        merged.names.extend(kinds::short_names(&folder)?);
        merged.gates.extend(gates::read(&folder)?);
    }
    merged.lower()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Whether the module cache has all modules, so that nothing needs the network.
    fn modules_are_cached() -> bool {
        let Ok(output) = Command::new("go").args(["env", "GOMODCACHE"]).output() else {
            return false;
        };
        let cache = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let releases = RELEASES.map(|release| ("k8s.io/kubernetes", format!("v{release}")));
        let components =
            components::modules().map(|(module, version)| (module, version.to_owned()));
        releases
            .into_iter()
            .chain(components)
            .all(|(module, version)| {
                Path::new(&cache)
                    .join(format!("cache/download/{module}/@v/{version}.zip"))
                    .exists()
            })
    }

    #[test]
    fn every_minor_of_the_table_has_one_release() {
        let minors = RELEASES.map(|release| release.parse::<Minor>().expect("a version"));
        assert!(minors.into_iter().eq(Minor::all()));
    }

    #[test]
    fn the_committed_tables_are_those_of_the_modules() {
        if !modules_are_cached() {
            return;
        }
        let fresh = tables().expect("the modules hold what they held");
        let committed = [plimsoll_schema::kubernetes(), plimsoll_schema::components()];
        for ((name, fresh), committed) in fresh.iter().zip(committed) {
            assert!(
                encode(fresh) == encode(committed),
                "{name} is stale: run cargo xtask schema"
            );
        }
    }
}
