//! What must hold of the repository as a whole: each check lists its complaints, and is a test.

mod architecture;
mod dependencies;
mod layers;
mod modules;
pub mod requirements;
mod sources;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// A text file of the repository.
struct Text {
    /// Path from the root, with `/`.
    path: String,
    /// What it says.
    text: String,
}

/// Prints every complaint; fails if there is one.
pub fn run() -> Result<()> {
    let texts = texts()?;
    let mut complaints = sources::complaints(&texts);
    complaints.extend(modules::complaints(&texts));
    complaints.extend(layers::complaints()?);
    complaints.extend(dependencies::complaints()?);
    complaints.extend(architecture::complaints()?);
    complaints.extend(requirements::complaints(&texts)?);
    if complaints.is_empty() {
        return Ok(());
    }
    bail!("{}", complaints.join("\n       "))
}

/// The root of the repository.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("xtask lies in the root").to_owned()
}

/// Every text file of the repository, in order of path; build results are left out.
fn texts() -> Result<Vec<Text>> {
    let mut texts = Vec::new();
    collect(&root(), "", &mut texts)?;
    texts.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(texts)
}

fn collect(folder: &Path, prefix: &str, texts: &mut Vec<Text>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if matches!(name.as_str(), "target" | ".git" | "node_modules") {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), texts)?;
        } else if let Ok(text) = String::from_utf8(fs::read(entry.path())?) {
            texts.push(Text { path, text });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_tidy() {
        assert_eq!(sources::complaints(&texts().unwrap()), Vec::<String>::new());
    }

    #[test]
    fn no_file_is_forgotten() {
        assert_eq!(modules::complaints(&texts().unwrap()), Vec::<String>::new());
    }

    #[test]
    fn crates_depend_downwards_only() {
        assert_eq!(layers::complaints().unwrap(), Vec::<String>::new());
    }

    #[test]
    fn dependencies_are_open_and_chosen() {
        assert_eq!(dependencies::complaints().unwrap(), Vec::<String>::new());
    }

    #[test]
    fn the_architecture_page_names_what_is_there() {
        assert_eq!(architecture::complaints().unwrap(), Vec::<String>::new());
    }

    #[test]
    fn the_list_of_open_requirements_is_exact() {
        let complaints = requirements::complaints(&texts().unwrap()).unwrap();
        assert_eq!(complaints, Vec::<String>::new());
    }
}
