//! Wrong files, all that is said about each, and that the edit which is offered mends it.
//!
//! The cases stand in `tests/mistakes/cases.txt`: a line `=== CODE KIND: what is wrong`, the file,
//! `---`, and the findings as a terminal shows them. `@@ PATH` begins another file, `$ --set` says
//! what the command line does. `PLIMSOLL_WRITE=1` writes the findings anew.

use crate::prepare::Prepared;
use plimsoll_source::render::{self, Look};
use plimsoll_source::{Edit, Finding, Level};
use plimsoll_spec::load::load;
use plimsoll_spec::types::Date;
use std::collections::BTreeMap;
use std::path::PathBuf;

const CASES: &str = include_str!("../tests/mistakes/cases.txt");

/// Rules that say what a good file still lacks, or what this version leaves out.
const CALM: [Level; 1] = [Level::Info];

/// A wrong file.
struct Case {
    head: String,
    files: BTreeMap<String, String>,
    sets: Vec<(String, String)>,
    wrong: String,
    found: String,
}

impl Case {
    fn read(text: &str) -> Self {
        let (head, rest) = text.split_once('\n').expect("a head");
        let (wrong, found) = rest.split_once("---\n").expect("a file and its findings");
        let (mut files, mut sets) = (BTreeMap::new(), Vec::new());
        let mut name = "plimsoll.yaml".to_owned();
        for line in wrong.lines() {
            if let Some(other) = line.strip_prefix("@@ ") {
                other.clone_into(&mut name);
            } else if let Some((key, value)) = line
                .strip_prefix("$ --set ")
                .and_then(|set| set.split_once('='))
            {
                sets.push((key.to_owned(), value.to_owned()));
            } else {
                let file: &mut String = files.entry(name.clone()).or_default();
                file.push_str(line);
                file.push('\n');
            }
        }
        let (head, wrong, found) = (head.to_owned(), wrong.to_owned(), found.to_owned());
        Self {
            head,
            files,
            sets,
            wrong,
            found,
        }
    }

    fn code(&self) -> &str {
        self.head.split(' ').next().unwrap_or_default()
    }

    fn is(&self, kind: &str) -> bool {
        self.head.split([' ', ':']).nth(1) == Some(kind)
    }

    fn prepared(&self, files: &BTreeMap<String, String>) -> Prepared {
        let loaded = load(files, "plimsoll.yaml", &self.sets);
        let today = Date {
            year: 2026,
            month: 11,
            day: 21,
        };
        let prepared = Prepared::of(PathBuf::from("plimsoll.yaml"), loaded, None, None, today);
        prepared.unwrap_or_else(|failure| panic!("{}: {}", self.head, failure.render()))
    }

    /// All that is said, without what is worth knowing of every file like it.
    fn text(&self) -> String {
        let prepared = self.prepared(&self.files);
        let mut findings = prepared.findings.clone();
        for finding in findings.iter_mut() {
            if CALM.contains(&finding.level) && finding.rule.code != self.code() {
                finding.level = Level::Off;
            }
        }
        let look = Look {
            color: false,
            width: 100,
        };
        let text = render::terminal(&findings, &prepared.sources, look);
        format!("{}\n", text.trim())
    }
}

fn cases() -> Vec<Case> {
    CASES
        .split("=== ")
        .filter(|case| !case.is_empty())
        .map(Case::read)
        .collect()
}

/// What a finding says, without its place.
fn said(finding: &Finding) -> (&'static str, String) {
    (finding.rule.code, finding.message.clone())
}

#[test]
fn every_mistake_is_told_as_it_is_written_down() {
    let all = cases();
    let texts: Vec<String> = all.iter().map(Case::text).collect();
    if std::env::var_os("PLIMSOLL_WRITE").is_some() {
        let whole = all.iter().zip(&texts);
        let whole =
            whole.map(|(case, text)| format!("=== {}\n{}---\n{text}", case.head, case.wrong));
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mistakes/cases.txt");
        std::fs::write(path, whole.collect::<String>()).expect("the cases are written");
        return;
    }
    for (case, text) in all.iter().zip(&texts) {
        assert_eq!(*text, case.found, "{}", case.head);
        assert!(
            text.contains(case.code()),
            "{}: another mistake is found",
            case.head
        );
    }
}

#[test]
fn every_edit_mends_its_mistake_and_makes_no_other() {
    for case in cases() {
        let before = case.prepared(&case.files);
        let findings: Vec<&Finding> = before.findings.sorted();
        let offered = findings
            .iter()
            .filter_map(|finding| Some((finding, finding.edit.as_ref()?)));
        for (finding, edit) in offered {
            let Edit { span, text } = edit;
            let name = before.sources.file(span.file).name.to_string();
            let Some(mut mended) = case.files.get(&name).cloned() else {
                continue;
            };
            mended.replace_range(span.start as usize..span.end as usize, text);
            let mut files = case.files.clone();
            files.insert(name, mended);
            let after = case.prepared(&files);
            let old: Vec<_> = findings.iter().map(|finding| said(finding)).collect();
            let left: Vec<_> = after
                .findings
                .sorted()
                .into_iter()
                .filter(|finding| !CALM.contains(&finding.level))
                .map(said)
                .collect();
            assert!(
                !left.contains(&said(finding)),
                "{}: the edit does not mend",
                case.head
            );
            let new: Vec<_> = left
                .iter()
                .filter(|finding| !old.contains(finding))
                .collect();
            assert!(new.is_empty(), "{}: the edit makes {new:?}", case.head);
        }
    }
}

#[test]
fn the_mistakes_are_many_and_of_every_kind() {
    let all = cases();
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    all.iter()
        .for_each(|case| *codes.entry(case.code()).or_default() += 1);
    let count = |kind: &str| all.iter().filter(|case| case.is(kind)).count();
    assert!(
        all.len() >= 150 && codes.len() >= 50,
        "{} of {}",
        all.len(),
        codes.len()
    );
    assert!(codes.values().all(|count| *count <= 5), "{codes:?}");
    assert!(count("after") * 3 >= all.len() && count("elsewhere") >= 10);
}
