//! Rules for single files: module docs, size, last newline, words that do not belong here, effects
//! that only the outer crates may have.

use super::Text;

const MOST_LINES: usize = 700;

/// Files that may be longer, each with its reason: one exhaustive match, one state machine, one
/// table, or generated.
const LONG_FILES: &[(&str, &str)] = &[];

/// Crates that may write files and start programs: the command line and what never ships.
const OUTER: &[&str] = &["crates/plimsoll/", "crates/plimsoll-testkit/", "xtask/"];

/// Calls that change the world outside the process.
const EFFECTS: &[&str] = &[
    "fs::write",
    "File::create",
    "fs::remove_",
    "process::Command",
];

/// Texts that would tie the repository to one machine; in halves, so that this file passes.
const FOREIGN: &[(&str, &str)] = &[
    ("/work", "/main"),
    ("/work", "/wt"),
    ("/work", "/shared"),
    ("/work", "/."),
    ("/tmp", "/target"),
    ("/tmp", "/brief"),
    ("shared", "/research"),
    ("shared", "/seeds"),
    ("shared", "/tools"),
    ("shared", "/crds"),
    ("DESIGN", ".md"),
    ("STYLE", ".md"),
    ("research", "/spike"),
    ("research", "/knobs"),
    ("research", "/authoring"),
    ("research", "/ecosystem"),
    ("research", "/peers"),
];

/// Everything wrong with single files.
pub fn complaints(texts: &[Text]) -> Vec<String> {
    let mut complaints: Vec<String> = texts.iter().flat_map(of_one).collect();
    for (path, _) in LONG_FILES {
        if !texts
            .iter()
            .any(|text| text.path == *path && lines(text) > MOST_LINES)
        {
            complaints.push(format!("{path}: no longer an exception for its length"));
        }
    }
    complaints
}

fn of_one(text: &Text) -> Vec<String> {
    let mut said = Vec::new();
    let mut say = |what: String| said.push(format!("{}: {what}", text.path));
    if is_rust(text) {
        if !text.text.starts_with("//!") {
            say("does not begin with a module doc (`//!`)".to_owned());
        }
        let excepted = LONG_FILES.iter().any(|(path, _)| *path == text.path);
        if lines(text) > MOST_LINES && !excepted {
            say(format!("{} lines, more than {MOST_LINES}", lines(text)));
        }
        for effect in effects(text) {
            say(format!(
                "`{effect}` belongs to the command line: return data instead"
            ));
        }
    }
    if !text.text.is_empty() && (!text.text.ends_with('\n') || text.text.ends_with("\n\n")) {
        say("does not end in exactly one newline".to_owned());
    }
    for (head, tail) in FOREIGN {
        let word = format!("{head}{tail}");
        if text.text.contains(&word) {
            say(format!(
                "mentions `{word}`, which is not part of the project"
            ));
        }
    }
    said
}

/// Effects in product code; tests may have them.
fn effects(text: &Text) -> Vec<&'static str> {
    let in_tests = text.path.contains("/tests") || text.path.contains("/benches/");
    if in_tests || OUTER.iter().any(|outer| text.path.starts_with(outer)) {
        return Vec::new();
    }
    let product = text.text.split("#[cfg(test)]").next().unwrap_or_default();
    EFFECTS
        .iter()
        .copied()
        .filter(|effect| product.contains(effect))
        .collect()
}

fn is_rust(text: &Text) -> bool {
    text.path
        .rsplit_once('.')
        .is_some_and(|(_, extension)| extension == "rs")
}

fn lines(text: &Text) -> usize {
    text.text.lines().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said_of(path: &str, text: &str) -> Vec<String> {
        of_one(&Text {
            path: path.to_owned(),
            text: text.to_owned(),
        })
    }

    #[test]
    fn a_tidy_file_is_passed_in_silence() {
        assert!(said_of("crates/x/src/lib.rs", "//! Something.\n").is_empty());
    }

    #[test]
    fn each_breach_is_named() {
        let long = format!("//! Long.\n{}", "\n//".repeat(MOST_LINES + 1));
        assert_eq!(
            said_of("crates/x/src/lib.rs", &format!("{long}\n")).len(),
            1
        );
        assert_eq!(said_of("crates/x/src/lib.rs", "fn f() {}\n").len(), 1);
        assert_eq!(said_of("a.md", "no newline").len(), 1);
        assert_eq!(said_of("a.md", "two newlines\n\n").len(), 1);
        assert_eq!(
            said_of("a.md", &format!("see {}{}\n", "/work", "/main")).len(),
            1
        );
    }

    #[test]
    fn only_tests_and_outer_crates_may_write_files() {
        let writes = "//! Writes.\nfn f() { std::fs::write(p, b) }\n";
        assert_eq!(said_of("crates/plimsoll-emit/src/lib.rs", writes).len(), 1);
        assert!(said_of("crates/plimsoll-emit/tests/all/main.rs", writes).is_empty());
        assert!(said_of("crates/plimsoll/src/main.rs", writes).is_empty());
        let in_test = "//! Pure.\n#[cfg(test)]\nmod tests { use std::process::Command; }\n";
        assert!(said_of("crates/plimsoll-emit/src/lib.rs", in_test).is_empty());
    }
}
