//! Where tools and custom resource definitions are kept, and which of them are there.
//!
//! The cache lies outside the repository: `$PLIMSOLL_TOOLS`, else `~/.cache/plimsoll-tools`.

use std::path::{Path, PathBuf};

use crate::catalogue::{self, Tool};
use crate::skipping::missing;

/// The cache folder, whether it exists or not.
///
/// # Panics
/// If neither `PLIMSOLL_TOOLS` nor `HOME` is set.
pub fn root() -> PathBuf {
    if let Some(folder) = std::env::var_os("PLIMSOLL_TOOLS") {
        return PathBuf::from(folder);
    }
    let home = std::env::var_os("HOME").expect("set PLIMSOLL_TOOLS or HOME");
    Path::new(&home).join(".cache/plimsoll-tools")
}

/// Folder of the built programs and their version stamps.
pub fn programs() -> PathBuf {
    root().join("bin")
}

/// File whose text is the version of the program beside it.
pub fn stamp(tool: &Tool) -> PathBuf {
    programs().join(format!(".{}.version", tool.name))
}

/// Path of the program, if it is installed in the pinned version. Never skips, never panics.
pub fn installed(tool: &Tool) -> Option<PathBuf> {
    let program = programs().join(tool.name);
    let version = std::fs::read_to_string(stamp(tool)).ok()?;
    (version.trim() == tool.stamp() && program.is_file()).then_some(program)
}

/// Path of the named tool; `None` counts a skipped test.
///
/// # Panics
/// If no tool has that name, or if it is missing while `PLIMSOLL_DEMAND_TOOLS=1`.
pub fn tool(name: &str) -> Option<PathBuf> {
    let tool = catalogue::named(name).unwrap_or_else(|| panic!("no tool is named {name}"));
    installed(tool).or_else(|| missing(&format!("{name} {}", tool.version), "tools"))
}

/// Folder of KWOK's own stages, copied out of its module when KWOK is installed.
pub fn kwok_stages() -> PathBuf {
    root().join("kwok-stages")
}

/// Folder of the custom resource definitions, whether it exists or not.
pub fn definitions() -> PathBuf {
    root().join("crds")
}

/// Whether the folder of definitions holds exactly those of the catalogue.
pub fn definitions_are_complete() -> bool {
    let stamp = std::fs::read_to_string(definitions().join(".complete"));
    stamp.is_ok_and(|stamp| stamp == catalogue::definitions_stamp())
}

/// Folder of the custom resource definitions that `xtask crds` fetched, one file for each, named
/// like its definition; `None` counts a skipped test.
///
/// # Panics
/// If they are missing while `PLIMSOLL_DEMAND_TOOLS=1`.
pub fn crds() -> Option<PathBuf> {
    if definitions_are_complete() {
        return Some(definitions());
    }
    missing("custom resource definitions", "crds")
}
