//! No Rust file is forgotten: its parent names it, so that the compiler and the test runner see it.

use super::Text;

/// Files that no parent names, and integration tests outside their crate's one program.
pub fn complaints(texts: &[Text]) -> Vec<String> {
    texts
        .iter()
        .filter_map(|text| complaint(text, texts))
        .collect()
}

fn complaint(text: &Text, texts: &[Text]) -> Option<String> {
    let path = text.path.strip_suffix(".rs")?;
    let (folder, stem) = path.rsplit_once('/')?;
    if folder.ends_with("/tests") && !folder.contains("/src/") {
        return Some(format!("{}: integration tests lie in tests/all", text.path));
    }
    let in_crate = folder.contains("/src") || folder.contains("/tests/all");
    if !in_crate || folder.ends_with("/src/bin") || matches!(stem, "lib" | "main") {
        return None;
    }
    let (folder, stem) = if stem == "mod" {
        folder.rsplit_once('/')?
    } else {
        (folder, stem)
    };
    let parents = ["/mod.rs", "/lib.rs", "/main.rs", ".rs"].map(|end| format!("{folder}{end}"));
    let is_parent = |other: &&Text| parents.contains(&other.path);
    let named = texts
        .iter()
        .filter(is_parent)
        .any(|parent| names(&parent.text, stem));
    (!named).then(|| format!("{}: no parent names it, so it is not compiled", text.path))
}

/// Whether the word stands in the text outside comments; a macro may list modules, too.
fn names(text: &str, word: &str) -> bool {
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .any(|found| found == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(files: &[(&str, &str)]) -> Vec<String> {
        let text = |&(path, text): &(&str, &str)| Text {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let texts: Vec<Text> = files.iter().map(text).collect();
        complaints(&texts)
    }

    #[test]
    fn a_file_that_its_parent_names_is_passed() {
        let files = [
            ("crates/x/src/lib.rs", "mod a;\nmod c;"),
            ("crates/x/src/a.rs", "mod b;"),
            ("crates/x/src/a/b.rs", ""),
            ("crates/x/src/c/mod.rs", "mod d;"),
            ("crates/x/src/c/d.rs", "mod tests;"),
            ("crates/x/src/c/d/tests/mod.rs", "mod f;"),
            ("crates/x/src/c/d/tests/f.rs", ""),
            ("crates/x/tests/all/main.rs", "mod e;"),
            ("crates/x/tests/all/e.rs", ""),
        ];
        assert_eq!(said(&files), Vec::<String>::new());
    }

    #[test]
    fn forgotten_files_and_second_test_programs_are_reported() {
        let files = [
            ("crates/x/src/lib.rs", "// mod a;\n"),
            ("crates/x/src/a.rs", ""),
            ("crates/x/tests/all/main.rs", ""),
            ("crates/x/tests/all/e.rs", ""),
            ("crates/x/tests/more.rs", ""),
        ];
        assert_eq!(said(&files).len(), 3);
    }
}
