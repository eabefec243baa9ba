//! Migrations by plain files of the project: the files become files of the program, and the image is that of
//! the store, which has the client.

use plimsoll_source::{Entry, Finding, Findings, Node, Origin, Str};

use super::Filler;
use crate::load::Texts;
use crate::rules::relations;
use crate::shape::short;
use crate::tree;

/// Folder of the files in the pod.
pub const FOLDER: &str = "/plimsoll/migrations";

/// Folder of the files in the project, where nobody names one.
const DEFAULT_FOLDER: &str = "migrations";

/// Whether a migration is plain files.
pub fn is_plain(migration: &Node) -> bool {
    let tool = migration.get("tool").and_then(Node::text);
    tool.is_some_and(|tool| tool == "sql")
}

/// Fills the migrations that are plain files.
pub fn fill(root: &mut Node, texts: &Texts<'_>, findings: &mut Findings) {
    let Some(migrations) = root.get("migrations").cloned() else {
        return;
    };
    let made = tree::each(&migrations, |entry| {
        Some(match &entry.value {
            node @ Node::Map(..) if is_plain(node) => plain(root, entry, texts, findings),
            other => other.clone(),
        })
    });
    *root = tree::with(root, &["migrations"], made);
}

fn plain(root: &Node, entry: &Entry, texts: &Texts<'_>, findings: &mut Findings) -> Node {
    let mut filler = Filler::new("migration", &entry.value);
    filler.text(&["folder"], DEFAULT_FOLDER);
    image(root, &mut filler);
    let Some(folder) = filler.node.get("folder").cloned() else {
        return filler.node;
    };
    let found = files(&folder, texts, findings);
    if found.is_empty() {
        let message = format!("there is no `{}`", pattern(&folder));
        let finding = Finding::new(&relations::MISSING_FILE, message);
        findings.report(finding.mark_origin(place(&folder, entry), "no files to run"));
    }
    for file in found {
        let name = file.rsplit('/').next().unwrap_or_default();
        let origin = filler.origin(&["config"]).because(folder.origin());
        let content = short::map_of(&origin, [("file", tree::text(&origin, file.as_str()))]);
        filler.value(&["config", &format!("{FOLDER}/{name}")], content);
    }
    filler.node
}

/// Where the folder was written, else the migration.
fn place<'a>(folder: &'a Node, entry: &'a Entry) -> &'a Origin {
    match folder.origin().place() {
        Some(_) => folder.origin(),
        None => &entry.at,
    }
}

fn pattern(folder: &Node) -> String {
    let folder = folder.text().map(Str::as_str).unwrap_or_default();
    format!("{}/*.sql", folder.trim_end_matches('/'))
}

/// The files of a folder whose names can be recorded; a finding for the others.
fn files(folder: &Node, texts: &Texts<'_>, findings: &mut Findings) -> Vec<String> {
    let mut found = texts.glob(&pattern(folder));
    found.retain(|file| {
        let name = file.rsplit('/').next().unwrap_or_default();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let is_known = name.chars().all(is_plain) && !name.starts_with('.');
        if !is_known {
            let message = format!("`{file}` cannot be recorded by its name");
            let finding = Finding::new(&relations::MISSING_FILE, message)
                .mark_origin(folder.origin(), "in this folder")
                .help("name it by letters, digits, `.`, `_` and `-`, and no `.` at the begin");
            findings.report(finding);
        }
        is_known
    });
    found
}

/// The image of the store. No registry of the application goes before it.
fn image(root: &Node, filler: &mut Filler) {
    let store = filler.node.get("store").and_then(Node::text).cloned();
    let store = store.unwrap_or_default();
    let store = store.split('.').next().unwrap_or_default();
    let Some(image) = root.at(&["stores", store, "image"]) else {
        return;
    };
    if filler.has(&["image", "name"]) {
        return;
    }
    for part in image.entries() {
        let value = match (part.key.as_str(), part.value.text()) {
            ("name", Some(name)) => tree::text(part.value.origin(), with_registry(name)),
            _ => part.value.clone(),
        };
        filler.value(&["image", &part.key], value);
    }
}

/// The name of an image as it is pulled where it names no registry.
fn with_registry(name: &str) -> String {
    match name.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => name.to_owned(),
        Some(_) => format!("docker.io/{name}"),
        None => format!("docker.io/library/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::with_registry;

    #[test]
    fn an_image_names_its_registry() {
        assert_eq!(with_registry("postgres"), "docker.io/library/postgres");
        assert_eq!(with_registry("a/b"), "docker.io/a/b");
        assert_eq!(with_registry("r.example/a/b"), "r.example/a/b");
        assert_eq!(with_registry("localhost/b"), "localhost/b");
    }
}
