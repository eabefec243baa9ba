//! Joins files as if they were written in one.

use plimsoll_source::{Entry, Finding, Findings, Node};

use super::Texts;
use crate::rules::layers as rules;

/// Blocks whose things may be spread over files.
const SPREAD: &[&str] = &[
    "vars",
    "namespaces",
    "services",
    "jobs",
    "migrations",
    "stores",
    "externals",
    "claims",
    "routes",
    "secrets",
    "load",
    "environments",
];

/// The main file with all that it includes.
pub fn join(main: &Node, name: &str, texts: &mut Texts<'_>, findings: &mut Findings) -> Node {
    let Some(include) = main.get("include") else {
        return main.clone();
    };
    let patterns: Vec<&Node> = match include {
        Node::Seq(_, items) => items.iter().collect(),
        Node::Plain(..) | Node::Text(..) => vec![include],
        _ => Vec::new(),
    };
    let mut joined = main.clone();
    for pattern in patterns {
        let Some(text) = pattern.text() else {
            continue;
        };
        let found = texts.glob(text).into_iter();
        let found: Vec<String> = found.filter(|found| found != name).collect();
        if found.is_empty() {
            let what = format!("no file is `{text}`");
            let finding = Finding::new(&rules::INCLUDE_MISSING, what);
            findings.report(finding.mark_origin(pattern.origin(), "finds nothing"));
        }
        for file in found {
            if let Some(part) = texts.document(&file, findings) {
                joined = both(&joined, &part, 0, "", findings);
            }
        }
    }
    joined
}

/// Two parts of one map. Below what may be spread, everything is defined once.
fn both(one: &Node, other: &Node, depth: usize, block: &str, findings: &mut Findings) -> Node {
    let mut entries: Vec<Entry> = one.entries().to_vec();
    for entry in other.entries() {
        let Some(known) = entries.iter_mut().find(|known| known.key == entry.key) else {
            entries.push(entry.clone());
            continue;
        };
        let spread = match depth {
            0 => SPREAD.contains(&entry.key.as_str()),
            1 => block == "environments",
            2 => block == "environments" && SPREAD.contains(&entry.key.as_str()),
            _ => false,
        };
        let maps = matches!((&known.value, &entry.value), (Node::Map(..), Node::Map(..)));
        if spread && maps {
            let block = if depth == 0 {
                entry.key.as_str()
            } else {
                block
            };
            known.value = both(&known.value, &entry.value, depth + 1, block, findings);
            continue;
        }
        let what = format!("`{}` is defined in two files", entry.key);
        let finding = Finding::new(&rules::DEFINED_TWICE, what)
            .mark_origin(&entry.at, "again")
            .mark_origin(&known.at, "first")
            .help("keep it in one of the two files");
        findings.report(finding);
    }
    Node::map(one.origin().clone(), entries)
}
