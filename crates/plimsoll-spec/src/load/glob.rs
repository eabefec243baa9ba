//! Patterns of paths, and files that are in memory.

use std::collections::BTreeMap;

use super::Files;

/// Whether a pattern finds a path. `*` and `?` are within a folder, `**` across folders.
pub fn matches(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = pattern.trim_start_matches("./").split('/').collect();
    let path: Vec<&str> = path.trim_start_matches("./").split('/').collect();
    folders(&pattern, &path)
}

fn folders(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern, path) {
        ([], []) => true,
        (["**", rest @ ..], _) => (0..=path.len()).any(|skip| folders(rest, &path[skip..])),
        ([one, rest @ ..], [part, parts @ ..]) => {
            let (one, part): (Vec<char>, Vec<char>) =
                (one.chars().collect(), part.chars().collect());
            name(&one, &part) && folders(rest, parts)
        }
        _ => false,
    }
}

fn name(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        (['*', rest @ ..], _) => (0..=text.len()).any(|skip| name(rest, &text[skip..])),
        (['?', rest @ ..], [_, more @ ..]) => name(rest, more),
        ([one, rest @ ..], [c, more @ ..]) => one == c && name(rest, more),
        _ => false,
    }
}

/// Files in memory, by path.
impl Files for BTreeMap<String, String> {
    fn read(&self, path: &str) -> std::io::Result<Option<String>> {
        Ok(self.get(path).cloned())
    }

    fn glob(&self, pattern: &str) -> Vec<String> {
        self.keys()
            .filter(|path| matches(pattern, path))
            .cloned()
            .collect()
    }
}
