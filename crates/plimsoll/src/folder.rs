//! Rendered files in a folder: written whole or not at all, removed when they are no longer meant,
//! and never those of others.

use crate::write;
use anyhow::{Context, Result, bail};
use plimsoll_emit::FileSet;
use similar::TextDiff;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Lists what we wrote into a folder: the part that it belongs to, a tab, the path.
const LEDGER: &str = ".plimsoll-files";

/// Files that belong together: what was written for the same part and is no longer in it goes.
pub struct Part {
    /// Its name, such as `manifests/production`.
    pub name: String,
    /// Its files.
    pub files: FileSet,
}

/// What happens to files of parts that are not named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// They stay.
    Stay,
    /// They go: the parts that are named are all that is meant.
    Go,
}

/// What it takes to make a folder hold some parts.
pub struct Plan<'a> {
    folder: &'a Path,
    fresh: Vec<(&'a str, &'a [u8])>,
    unchanged: usize,
    stale: Vec<String>,
    before: Ledger,
    after: Ledger,
}

/// What was done to a folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Files that are new or have other bytes.
    pub changed: usize,
    /// Files that had these bytes already.
    pub unchanged: usize,
    /// Files that we wrote before and that are no longer meant.
    pub removed: usize,
}

/// Path → part.
type Ledger = BTreeMap<String, String>;

impl<'a> Plan<'a> {
    /// Compares a folder with what it should hold. Refuses where a file of somebody else would be
    /// overwritten.
    pub fn new(folder: &'a Path, parts: &'a [Part], others: Others) -> Result<Self> {
        let before = ledger(folder)?;
        let mut plan = Plan {
            folder,
            fresh: Vec::new(),
            unchanged: 0,
            stale: Vec::new(),
            before,
            after: Ledger::new(),
        };
        for part in parts {
            for (path, bytes) in part.files.iter() {
                plan.file(&part.name, path, bytes)?;
            }
        }
        for (path, part) in &plan.before {
            let named = parts.iter().any(|known| known.name == *part);
            if plan.after.contains_key(path) {
            } else if named || others == Others::Go {
                plan.stale.push(path.clone());
            } else {
                plan.after.insert(path.clone(), part.clone());
            }
        }
        Ok(plan)
    }

    fn file(&mut self, part: &str, path: &'a str, bytes: &'a [u8]) -> Result<()> {
        let target = self.folder.join(path);
        let there = fs::read(&target).ok();
        let same = there.as_deref() == Some(bytes);
        if !same && (there.is_some() || target.is_dir()) && !self.before.contains_key(path) {
            bail!(
                "{} is there and was not written by plimsoll; move it away, or choose another folder",
                target.display()
            );
        }
        if let Some(other) = self.after.insert(path.to_owned(), part.to_owned()) {
            bail!("{other} and {part} would both write {path}; give one of them another `folder`");
        }
        if same {
            self.unchanged += 1;
        } else {
            self.fresh.push((path, bytes));
        }
        Ok(())
    }

    /// Whether the folder holds what it should already.
    pub fn is_idle(&self) -> bool {
        self.fresh.is_empty() && self.stale.is_empty()
    }

    /// Makes the folder hold the parts. All new files are written beside their places before any
    /// takes its place, so a full disk changes nothing; the ledger names every file before it is
    /// there and until it is gone, so a run that is killed is simply repeated.
    pub fn write(&self) -> Result<Written> {
        let mut staged = Staged::default();
        for (path, bytes) in &self.fresh {
            staged.add(&self.folder.join(path), bytes)?;
        }
        let during: Ledger = self
            .before
            .iter()
            .chain(&self.after)
            .map(|(path, part)| (path.clone(), part.clone()))
            .collect();
        write_ledger(self.folder, &during)?;
        staged.settle()?;
        for path in &self.stale {
            self.remove(path)?;
        }
        write_ledger(self.folder, &self.after)?;
        Ok(Written {
            changed: self.fresh.len(),
            unchanged: self.unchanged,
            removed: self.stale.len(),
        })
    }

    /// Removes a file, and the folders that it leaves empty.
    fn remove(&self, path: &str) -> Result<()> {
        match fs::remove_file(self.folder.join(path)) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("removing {path}")),
        }
        let above = Path::new(path).ancestors().skip(1);
        for folder in above.take_while(|folder| !folder.as_os_str().is_empty()) {
            if fs::remove_dir(self.folder.join(folder)).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// What would change, as a unified diff.
    pub fn diff(&self) -> String {
        let fresh = self
            .fresh
            .iter()
            .map(|(path, bytes)| (*path, Some(*bytes)))
            .chain(self.stale.iter().map(|path| (path.as_str(), None)));
        let mut changes: Vec<_> = fresh.collect();
        changes.sort_unstable();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        changes
            .into_iter()
            .map(|(path, new)| {
                let old = fs::read(self.folder.join(path)).ok();
                let name = |prefix: &str, there: bool| {
                    if there {
                        format!("{prefix}/{path}")
                    } else {
                        "/dev/null".to_owned()
                    }
                };
                let names = (name("a", old.is_some()), name("b", new.is_some()));
                let (old, new) = (
                    text(old.as_deref().unwrap_or_default()),
                    text(new.unwrap_or_default()),
                );
                TextDiff::from_lines(&old, &new)
                    .unified_diff()
                    .header(&names.0, &names.1)
                    .to_string()
            })
            .collect()
    }
}

/// New files beside their places; what does not settle is removed again.
#[derive(Default)]
struct Staged {
    files: Vec<(PathBuf, PathBuf)>,
}

impl Staged {
    fn add(&mut self, target: &Path, bytes: &[u8]) -> Result<()> {
        let folder = target.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)
            .with_context(|| format!("making the folder {}", folder.display()))?;
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let fresh = folder.join(format!(".{name}.plimsoll-new"));
        self.files.push((fresh.clone(), target.to_owned()));
        fs::write(&fresh, bytes).with_context(|| format!("writing {}", target.display()))
    }

    fn settle(mut self) -> Result<()> {
        for (fresh, target) in std::mem::take(&mut self.files) {
            fs::rename(&fresh, &target).with_context(|| format!("writing {}", target.display()))?;
        }
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        for (fresh, _) in &self.files {
            // What cannot be removed will be overwritten by the next run.
            let _ = fs::remove_file(fresh);
        }
    }
}

fn ledger(folder: &Path) -> Result<Ledger> {
    match fs::read_to_string(folder.join(LEDGER)) {
        Ok(text) => Ok(text
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .filter(|(_, path)| plain(path))
            .map(|(part, path)| (path.to_owned(), part.to_owned()))
            .collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Ledger::new()),
        Err(error) => Err(error).with_context(|| format!("reading {LEDGER}")),
    }
}

/// A ledger that somebody edited must not make us delete outside of the folder.
fn plain(path: &str) -> bool {
    !path.is_empty() && !path.starts_with('/') && path.split('/').all(|step| step != "..")
}

fn write_ledger(folder: &Path, files: &Ledger) -> Result<()> {
    let line = |(path, part): (&String, &String)| format!("{part}\t{path}\n");
    let text: String = files.iter().map(line).collect();
    write::file(&folder.join(LEDGER), text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, files: &[(&str, &str)]) -> Part {
        let mut set = FileSet::default();
        for (path, text) in files {
            set.add(*path, *text);
        }
        Part {
            name: name.to_owned(),
            files: set,
        }
    }

    fn write(folder: &Path, parts: &[Part], others: Others) -> Result<Written> {
        Plan::new(folder, parts, others)?.write()
    }

    #[test]
    fn what_is_no_longer_meant_goes_and_foreign_files_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let two = [part("m/a", &[("m/a/1", "x"), ("m/a/b/2", "x")])];
        write(folder.path(), &two, Others::Stay).expect("writes");
        fs::write(folder.path().join("m/a/mine"), "x").expect("a foreign file");
        let one = [part("m/a", &[("m/a/1", "x")])];
        let again = write(folder.path(), &one, Others::Stay).expect("writes");
        let expected = Written {
            changed: 0,
            unchanged: 1,
            removed: 1,
        };
        assert_eq!(again, expected);
        assert!(folder.path().join("m/a/mine").exists());
        assert!(
            !folder.path().join("m/a/b").exists(),
            "no empty folder stays"
        );
    }

    #[test]
    fn another_part_keeps_its_files_unless_all_is_meant() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = folder.path();
        write(at, &[part("a", &[("a/1", "x")])], Others::Stay).expect("writes");
        let other = [part("b", &[("b/1", "x")])];
        write(at, &other, Others::Stay).expect("writes");
        assert!(at.join("a/1").exists());
        write(at, &other, Others::Go).expect("writes");
        assert!(!at.join("a").exists());
        assert!(at.join("b/1").exists());
    }

    #[test]
    fn a_foreign_file_is_never_overwritten_and_nothing_else_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("b"), "theirs").expect("a foreign file");
        let parts = [part("p", &[("a", "ours"), ("b", "ours")])];
        write(folder.path(), &parts, Others::Go).expect_err("refuses");
        let kept = fs::read(folder.path().join("b")).expect("reads");
        assert_eq!(kept, b"theirs");
        assert!(!folder.path().join("a").exists());
    }

    #[test]
    fn a_place_that_cannot_be_written_leaves_every_other_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("z"), "a file where a folder should be").expect("writes");
        let parts = [part("p", &[("a", "ours"), ("z/b", "ours")])];
        write(folder.path(), &parts, Others::Go).expect_err("fails");
        let names: Vec<_> = fs::read_dir(folder.path())
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        assert_eq!(names, ["z"]);
    }

    #[test]
    fn a_diff_shows_both_sides_and_writes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let old = [part("p", &[("a", "1\n"), ("b", "1\n")])];
        write(folder.path(), &old, Others::Go).expect("writes");
        let new = [part("p", &[("a", "2\n"), ("c", "3\n")])];
        let diff = Plan::new(folder.path(), &new, Others::Go)
            .expect("plans")
            .diff();
        for line in [
            "--- a/a",
            "+++ b/a",
            "-1",
            "+2",
            "+++ /dev/null",
            "--- /dev/null",
            "+3",
        ] {
            assert!(diff.lines().any(|shown| shown == line), "{line}:\n{diff}");
        }
        assert!(!folder.path().join("c").exists());
    }
}
