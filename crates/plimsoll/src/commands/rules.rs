//! `plimsoll rules`: every rule that `check` knows.

use crate::exit::{Exit, Outcome};
use crate::terminal;
use plimsoll_source::{Level, Rule};

/// Every rule of every crate, by code.
pub fn all() -> Vec<&'static Rule> {
    let lists = [
        plimsoll_source::rules::ALL,
        plimsoll_spec::rules::ALL,
        plimsoll_compile::RULES,
        plimsoll_manifests::rules::ALL,
        plimsoll_rules::ALL,
        plimsoll_emit::rules::ALL,
        plimsoll_rules::levels::ALL,
    ];
    let mut all: Vec<&'static Rule> = lists.into_iter().flatten().copied().collect();
    all.sort_by_key(|rule| rule.code);
    all
}

/// Prints them, a line each.
pub fn run() -> Outcome {
    for rule in all() {
        let level = level(rule.level);
        terminal::out(format!(
            "{}  {level:<7}  {:<28}  {}\n",
            rule.code, rule.name, rule.consequence
        ));
    }
    Ok(Exit::Fine)
}

/// The word for a level.
pub fn level(level: Level) -> &'static str {
    match level {
        Level::Off => "off",
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
    }
}

#[cfg(test)]
mod tests {
    use super::{all, level};
    use std::collections::BTreeSet;
    use std::fmt::Write as _;
    use std::path::Path;

    /// The page of the book ends with every rule; `PLIMSOLL_WRITE=1` writes them anew.
    #[test]
    fn the_book_lists_every_rule() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/checks.md");
        let page = std::fs::read_to_string(&path).expect("the page");
        let head = "| --- | --- | --- | --- |\n";
        let (before, _) = page.rsplit_once(head).expect("a table of rules");
        let mut fresh = format!("{before}{head}");
        for rule in all() {
            let (level, name) = (level(rule.level), rule.name);
            let _ = writeln!(
                fresh,
                "| {} | {level} | `{name}` | {} |",
                rule.code, rule.consequence
            );
        }
        if std::env::var_os("PLIMSOLL_WRITE").is_some() {
            std::fs::write(&path, &fresh).expect("the page can be written");
        }
        let page = std::fs::read_to_string(&path).expect("the page");
        assert!(
            page == fresh,
            "docs/checks.md is stale: run the test with PLIMSOLL_WRITE=1"
        );
    }

    #[test]
    fn no_code_and_no_name_is_used_twice() {
        let rules = all();
        let codes: BTreeSet<&str> = rules.iter().map(|rule| rule.code).collect();
        let names: BTreeSet<&str> = rules.iter().map(|rule| rule.name).collect();
        assert_eq!((codes.len(), names.len()), (rules.len(), rules.len()));
    }

    #[test]
    fn every_rule_says_what_would_happen_and_has_a_page() {
        for rule in all() {
            assert!(
                !rule.consequence.is_empty() && rule.docs.len() > 40,
                "{}",
                rule.code
            );
        }
    }
}
