//! The table of words and outputs: no word lacks a cell, and no cell is about nothing.

use std::collections::{BTreeMap, BTreeSet};

fn page(name: &str) -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");
    std::fs::read_to_string(format!("{root}/{name}")).expect("the page is there")
}

/// The keys of each block, from the page that is generated from the types.
fn keys() -> BTreeMap<String, BTreeSet<String>> {
    let mut blocks: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut block = String::new();
    for line in page("reference.md").lines() {
        if let Some(name) = line.strip_prefix("## ") {
            name.trim().clone_into(&mut block);
        } else if let Some(key) = line
            .strip_prefix("| `")
            .and_then(|rest| rest.split('`').next())
        {
            blocks
                .entry(block.clone())
                .or_default()
                .insert(key.to_owned());
        }
    }
    blocks
}

/// Rows of the table: block, keys, cells.
fn rows() -> Vec<(String, Vec<String>, Vec<String>)> {
    let page = page("outputs.md");
    let (_, table) = page.split_once("| word | objects |").expect("the table");
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let row = |line: &str| {
        let cells: Vec<String> = line
            .trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect();
        let (block, keys) = cells[0].split_once(": ").expect("BLOCK: KEYS");
        let keys = keys.split(", ").map(str::to_owned).collect();
        (block.to_owned(), keys, cells[1..].to_vec())
    };
    rows.map(row).collect()
}

/// Blocks of the top level; below them a cell is that of its block.
const BLOCKS: [&str; 18] = [
    "namespace",
    "images",
    "service",
    "job",
    "migration",
    "store",
    "external",
    "claim",
    "route",
    "secret",
    "load",
    "cap",
    "cluster",
    "platform",
    "deliver",
    "observe",
    "policy",
    "kubernetes",
];

#[test]
fn no_word_lacks_a_cell() {
    let keys = keys();
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    for (block, words, cells) in rows() {
        assert_eq!(cells.len(), 3, "{block}: {words:?}");
        for word in words {
            let known = keys.get(&block).is_some_and(|keys| keys.contains(&word));
            assert!(known, "{block}.{word} is no word");
            assert!(
                seen.insert((block.clone(), word.clone())),
                "{block}.{word} twice"
            );
        }
    }
    for block in BLOCKS {
        for key in &keys[block] {
            let has = seen.contains(&(block.to_owned(), key.clone()));
            assert!(has, "{block}.{key} has no cell in docs/outputs.md");
        }
    }
}

#[test]
fn every_cell_says_what_becomes_of_the_word() {
    let rules: BTreeSet<&str> = [
        plimsoll_emit::rules::ALL,
        plimsoll_compile::RULES,
        plimsoll_spec::rules::ALL,
        plimsoll_rules::ALL,
    ]
    .into_iter()
    .flatten()
    .map(|rule| rule.code)
    .collect();
    let begins = [
        "as it is",
        "as of a service",
        "by ",
        "spent",
        "none",
        "not possible: PL",
    ];
    for (block, words, cells) in rows() {
        for cell in cells {
            assert!(
                begins.iter().any(|begin| cell.starts_with(begin)),
                "{block}: {words:?}: {cell}"
            );
            let codes = cell.split("PL0").skip(1);
            for code in codes {
                let digits: String = code.chars().take_while(char::is_ascii_digit).collect();
                let code = format!("PL0{digits}");
                assert!(rules.contains(code.as_str()), "{code} is no rule: {cell}");
            }
            assert!(
                !cell.contains("not possible") || cell.contains("PL0"),
                "{cell}"
            );
        }
    }
}
