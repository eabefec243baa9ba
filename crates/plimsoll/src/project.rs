//! Finding and reading the application file.

use crate::exit::Failure;
use anyhow::Context;
use std::path::{Path, PathBuf};

/// Name of the application file.
pub const FILE: &str = "plimsoll.yaml";

/// The application file that was meant: the given one, the one in the given folder, or the nearest
/// one upwards from here.
pub fn locate(path: Option<&Path>) -> Result<PathBuf, Failure> {
    match path {
        Some(path) if path.is_dir() => existing(path.join(FILE), || {
            format!("there is no {FILE} in `{}`", path.display())
        }),
        Some(path) => existing(path.to_path_buf(), || {
            format!("there is no file `{}`", path.display())
        }),
        None => upwards(&std::env::current_dir().context("asking for the current folder")?),
    }
}

fn existing(path: PathBuf, missing: impl FnOnce() -> String) -> Result<PathBuf, Failure> {
    if path.is_file() {
        Ok(path)
    } else {
        Err(Failure::usage(missing()))
    }
}

fn upwards(from: &Path) -> Result<PathBuf, Failure> {
    let found = from
        .ancestors()
        .map(|folder| folder.join(FILE))
        .find(|path| path.is_file());
    found.ok_or_else(|| {
        Failure::usage(format!(
            "there is no {FILE} here or in a folder above; name one: `plimsoll check PATH`"
        ))
    })
}

/// The path as a person would write it from here.
pub fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here)
        .unwrap_or(path)
        .display()
        .to_string()
}
