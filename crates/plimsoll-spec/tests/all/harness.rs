//! What the tests share: files in memory, and findings as text.

use plimsoll_source::{Finding, Sources};
use plimsoll_spec::{App, Loaded, load};
use std::collections::BTreeMap;

/// Loads one file.
pub fn file(text: &str) -> Loaded {
    files(&[("plimsoll.yaml", text)])
}

/// Loads several files, of which `plimsoll.yaml` is the first.
pub fn files(texts: &[(&str, &str)]) -> Loaded {
    let files: BTreeMap<String, String> = texts
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect();
    load(&files, "plimsoll.yaml", &[])
}

/// Loads one file with `--set`.
pub fn with_sets(text: &str, sets: &[(&str, &str)]) -> Loaded {
    let files = BTreeMap::from([("plimsoll.yaml".to_owned(), text.to_owned())]);
    let sets: Vec<(String, String)> = sets
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    load(&files, "plimsoll.yaml", &sets)
}

/// The application of the only, or the default, environment; nothing may be wrong with the file.
pub fn app(text: &str) -> App {
    one(file(text), None)
}

/// The application of an environment; nothing may be wrong with the file.
pub fn app_in(text: &str, environment: &str) -> App {
    one(file(text), Some(environment))
}

/// The application of an environment of what was loaded without findings.
pub fn one(mut loaded: Loaded, environment: Option<&str>) -> App {
    let found = findings(&loaded);
    assert!(found.is_empty(), "{}", found.join("\n"));
    let at = match environment {
        Some(name) => loaded.environments.iter().position(|e| e.name == name),
        None => Some(loaded.default),
    };
    let environment = loaded
        .environments
        .swap_remove(at.expect("the environment exists"));
    environment.app.expect("the application is complete")
}

/// Every finding on a line: place, code, message, the environments that have it.
pub fn findings(loaded: &Loaded) -> Vec<String> {
    let sorted = loaded.findings.sorted();
    sorted
        .into_iter()
        .map(|finding| line(&loaded.sources, finding))
        .collect()
}

fn line(sources: &Sources, finding: &Finding) -> String {
    let place = match finding.place() {
        Some(span) => {
            let position = sources.position(span);
            let name = &sources.file(span.file).name;
            format!("{name}:{}:{}", position.line, position.column)
        }
        None => "nowhere".to_owned(),
    };
    let help = finding
        .help
        .as_deref()
        .map_or(String::new(), |help| format!("; {help}"));
    format!("{place} {} {}{help}", finding.rule.code, finding.message)
}
