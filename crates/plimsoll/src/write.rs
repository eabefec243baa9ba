//! Writing files whole or not at all.

use anyhow::{Context, Result};
use plimsoll_emit::FileSet;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Lists what we wrote into a folder, so that what is no longer meant can be removed and files of
/// others are never touched.
const LEDGER: &str = ".plimsoll-files";

/// Writes one file: a neighbour first, which then takes its place.
pub fn file(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .with_context(|| format!("making the folder {}", folder.display()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let fresh = folder.join(format!(".{name}.{}.new", std::process::id()));
    let write = || -> std::io::Result<()> {
        let mut file = fs::File::create(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    };
    write()
        .inspect_err(|_| drop(fs::remove_file(&fresh)))
        .with_context(|| format!("writing {}", path.display()))
}

/// What a set of files did to a folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Files that are new or have other bytes.
    pub changed: usize,
    /// Files that had these bytes already.
    pub unchanged: usize,
    /// Files that we wrote before and that are no longer meant.
    pub removed: usize,
}

/// Writes a set of files into a folder. `scope` is the part of the folder that the set stands for:
/// what we wrote there before and is not in the set is removed. The ledger is written before any
/// file that it names and again after the last removal, so a run that is killed is simply repeated.
pub fn files(folder: &Path, scope: &str, set: &FileSet) -> Result<Written> {
    let before = ledger(folder)?;
    let mine: BTreeSet<String> = set.iter().map(|(path, _)| path.to_owned()).collect();
    refuse_foreign(folder, &before, set)?;
    let all: BTreeSet<String> = before.union(&mine).cloned().collect();
    write_ledger(folder, &all)?;
    let mut written = Written::default();
    for (path, bytes) in set.iter() {
        let target = folder.join(path);
        if fs::read(&target).is_ok_and(|known| known == bytes) {
            written.unchanged += 1;
        } else {
            file(&target, bytes)?;
            written.changed += 1;
        }
    }
    let stale: Vec<String> = before
        .difference(&mine)
        .filter(|path| path.starts_with(scope))
        .cloned()
        .collect();
    for path in &stale {
        match fs::remove_file(folder.join(path)) {
            Ok(()) => written.removed += 1,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("removing {path}")),
        }
    }
    let left = all
        .into_iter()
        .filter(|path| !stale.contains(path))
        .collect();
    write_ledger(folder, &left)?;
    Ok(written)
}

fn refuse_foreign(folder: &Path, known: &BTreeSet<String>, set: &FileSet) -> Result<()> {
    let foreign: Vec<PathBuf> = set
        .iter()
        .filter(|(path, bytes)| {
            let there = fs::read(folder.join(path));
            !known.contains(*path) && there.is_ok_and(|there| there != *bytes)
        })
        .map(|(path, _)| folder.join(path))
        .collect();
    match foreign.first() {
        None => Ok(()),
        Some(first) => anyhow::bail!(
            "{} is there and was not written by plimsoll; move it away, or choose another folder",
            first.display()
        ),
    }
}

fn ledger(folder: &Path) -> Result<BTreeSet<String>> {
    match fs::read_to_string(folder.join(LEDGER)) {
        Ok(text) => Ok(text
            .lines()
            .filter(|line| plain(line))
            .map(str::to_owned)
            .collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(error) => Err(error).with_context(|| format!("reading {LEDGER}")),
    }
}

/// A ledger that somebody edited must not make us delete outside of the folder.
fn plain(path: &str) -> bool {
    !path.is_empty() && !path.starts_with('/') && path.split('/').all(|step| step != "..")
}

fn write_ledger(folder: &Path, paths: &BTreeSet<String>) -> Result<()> {
    let text: String = paths
        .iter()
        .flat_map(|path| [path.as_str(), "\n"])
        .collect();
    file(&folder.join(LEDGER), text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(files: &[(&str, &str)]) -> FileSet {
        let mut set = FileSet::default();
        for (path, text) in files {
            set.add(*path, *text);
        }
        set
    }

    #[test]
    fn what_is_no_longer_meant_goes_and_foreign_files_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        files(
            folder.path(),
            "m/a/",
            &set(&[("m/a/1", "x"), ("m/a/2", "x")]),
        )
        .expect("writes");
        fs::write(folder.path().join("m/a/mine"), "x").expect("a foreign file");
        let again = files(folder.path(), "m/a/", &set(&[("m/a/1", "x")])).expect("writes");
        assert_eq!(
            again,
            Written {
                changed: 0,
                unchanged: 1,
                removed: 1
            }
        );
        assert!(folder.path().join("m/a/mine").exists());
        assert!(!folder.path().join("m/a/2").exists());
    }

    #[test]
    fn another_scope_keeps_its_files() {
        let folder = tempfile::tempdir().expect("a folder");
        files(folder.path(), "m/a/", &set(&[("m/a/1", "x")])).expect("writes");
        files(folder.path(), "m/b/", &set(&[("m/b/1", "x")])).expect("writes");
        assert!(folder.path().join("m/a/1").exists());
    }

    #[test]
    fn a_foreign_file_is_never_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("a"), "theirs").expect("a foreign file");
        files(folder.path(), "", &set(&[("a", "ours")])).expect_err("refuses");
        assert_eq!(fs::read(folder.path().join("a")).expect("reads"), b"theirs");
    }
}
