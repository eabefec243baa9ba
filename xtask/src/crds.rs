//! Fetches the custom resource definitions that tests apply to a real API server, each set out of
//! its Go module, into one file per definition.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use plimsoll_testkit::cache;
use plimsoll_testkit::catalogue::{self, DEFINITIONS, Definitions};

use crate::go;

/// Fills the cache, unless it holds exactly these sets already.
pub fn fetch() -> Result<()> {
    let folder = cache::definitions();
    if cache::definitions_are_complete() {
        println!("custom resource definitions are there");
        return Ok(());
    }
    let mut files = BTreeMap::new();
    for set in DEFINITIONS {
        let found = of_set(set).with_context(|| format!("fetching {}", set.module))?;
        ensure!(
            !found.is_empty(),
            "{} {} holds no definition",
            set.module,
            set.path
        );
        println!(
            "{} {}: {} definitions",
            set.module,
            set.version,
            found.len()
        );
        files.extend(found);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    for (name, text) in &files {
        fs::write(folder.join(format!("{name}.yaml")), text)?;
    }
    // The stamp comes last: an interrupted fetch is done again.
    fs::write(folder.join(".complete"), catalogue::definitions_stamp())?;
    Ok(())
}

fn of_set(set: &Definitions) -> Result<BTreeMap<String, String>> {
    let module = go::download(set.module, set.version)?;
    let mut found = BTreeMap::new();
    for file in files(&module.folder.join(set.path))? {
        let text = fs::read_to_string(&file).with_context(|| format!("{}", file.display()))?;
        found.extend(definitions(&go::without_templates(&text)));
    }
    Ok(found)
}

fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).with_context(|| format!("reading {}", path.display()))? {
        files.push(entry?.path());
    }
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "yaml")
    });
    Ok(files)
}

/// The definitions among the documents of a file, by name; it is generated text in block style.
fn definitions(text: &str) -> Vec<(String, String)> {
    let documents = text
        .split("\n---")
        .map(|document| document.trim_start_matches("---"));
    let mut found = Vec::new();
    for document in documents {
        let is_definition = document
            .lines()
            .any(|line| line == "kind: CustomResourceDefinition");
        let name = name(document);
        if let (true, Some(name)) = (is_definition, name) {
            found.push((name, format!("{}\n", document.trim())));
        }
    }
    found
}

/// The value of `metadata.name`.
fn name(document: &str) -> Option<String> {
    let mut lines = document
        .lines()
        .skip_while(|line| *line != "metadata:")
        .skip(1);
    let name = lines
        .by_ref()
        .take_while(|line| line.starts_with(' '))
        .find_map(|line| line.strip_prefix("  name: "))?;
    Some(name.trim_matches(['"', '\'']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_told_from_other_documents_and_named() {
        let text = "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: other\n---\n\
                    kind: CustomResourceDefinition\nmetadata:\n  labels:\n    name: no\n  \
                    name: ships.example.org\nspec:\n  name: no\n";
        let found = definitions(text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, "ships.example.org");
        assert!(found[0].1.starts_with("kind: CustomResourceDefinition\n"));
    }
}
