//! `cargo xtask schema`: builds the embedded schema tables from published Go modules.
mod components;
mod gates;
mod kinds;
mod merge;
mod openapi;
mod yaml;

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder};
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
    write_table(&data.join("kubernetes.txt.gz"), &kubernetes()?)?;
    write_table(&data.join("components.txt.gz"), &components::table()?)
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

/// Packs a table without time stamp, so that equal tables give equal files.
fn write_table(path: &Path, table: &Schemas) -> Result<()> {
    let mut packed = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::best());
    packed.write_all(encode(table).as_bytes())?;
    fs::write(path, packed.finish()?).with_context(|| path.display().to_string())
}
