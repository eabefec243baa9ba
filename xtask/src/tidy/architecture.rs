//! `ARCHITECTURE.md` names every crate, and everything that it names is there.

use std::fs;
use std::path::Path;

use anyhow::Result;

const MOST_LINES: usize = 200;

/// Crates that the page forgets, and paths and crates that it invents.
pub fn complaints() -> Result<Vec<String>> {
    let root = super::root();
    let page = fs::read_to_string(root.join("ARCHITECTURE.md"))?;
    let mut crates = Vec::new();
    for entry in fs::read_dir(root.join("crates"))? {
        crates.push(entry?.file_name().to_string_lossy().into_owned());
    }
    crates.sort();
    Ok(of_page(&page, &crates, &root))
}

fn of_page(page: &str, crates: &[String], root: &Path) -> Vec<String> {
    let named: Vec<&str> = page.split('`').skip(1).step_by(2).collect();
    let mut complaints = Vec::new();
    for name in crates.iter().filter(|name| !named.contains(&name.as_str())) {
        complaints.push(format!("ARCHITECTURE.md does not name the crate {name}"));
    }
    for name in named {
        let missing_crate = name.starts_with("plimsoll-")
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            && !crates.iter().any(|known| known == name);
        let missing_path = is_path(name) && !root.join(name).exists();
        if missing_crate || missing_path {
            complaints.push(format!(
                "ARCHITECTURE.md names `{name}`, which is not there"
            ));
        }
    }
    if page.lines().count() > MOST_LINES {
        complaints.push(format!("ARCHITECTURE.md has more than {MOST_LINES} lines"));
    }
    complaints
}

/// Whether a quoted word means a file of this repository rather than, say, an API path.
fn is_path(word: &str) -> bool {
    let starts = [
        "crates/",
        "docs/",
        "examples/",
        "xtask/",
        ".ci/",
        ".cargo/",
        "editors/",
    ];
    starts.iter().any(|start| word.starts_with(start)) && !word.contains(['*', '<', ' ', '{'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgotten_crates_and_invented_names_are_reported() {
        let crates = ["plimsoll-source".to_owned(), "plimsoll-spec".to_owned()];
        let page = "`plimsoll-source` `plimsoll-tides` `docs/nowhere.md` `/apis/apps/v1`";
        let said = of_page(page, &crates, Path::new("/nonexistent"));
        assert_eq!(
            said,
            [
                "ARCHITECTURE.md does not name the crate plimsoll-spec",
                "ARCHITECTURE.md names `plimsoll-tides`, which is not there",
                "ARCHITECTURE.md names `docs/nowhere.md`, which is not there",
            ]
        );
    }
}
