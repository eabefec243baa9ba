//! Which requirement a test holds, and which none does.
//!
//! `docs/requirements.tsv` lists the rows; a test claims some in its doc comment, as in
//! "Holds S7, V4."; `docs/requirements-open.txt` lists exactly the rows that no test claims.

use std::collections::BTreeSet;
use std::fs;

use anyhow::Result;

use super::Text;

const ROWS: &str = "docs/requirements.tsv";
const OPEN: &str = "docs/requirements-open.txt";

/// Claims of rows that do not exist, and differences between the open list and the truth.
pub(super) fn complaints(texts: &[Text]) -> Result<Vec<String>> {
    let rows = rows()?;
    let claimed = claimed(texts);
    let listed = fs::read_to_string(super::root().join(OPEN))?;
    let listed: BTreeSet<&str> = listed.lines().collect();
    let mut complaints = Vec::new();
    for id in claimed.iter().filter(|id| !rows.contains(id)) {
        complaints.push(format!("a test claims {id}, which {ROWS} does not list"));
    }
    for id in &rows {
        match (claimed.contains(id), listed.contains(id.as_str())) {
            (true, true) => complaints.push(format!("{id} has a test: {OPEN} lists it (bless)")),
            (false, false) => complaints.push(format!("{id} has no test: {OPEN} lacks it")),
            _ => {}
        }
    }
    for id in listed
        .iter()
        .filter(|id| !rows.iter().any(|row| row == *id))
    {
        complaints.push(format!("{OPEN} lists {id}, which {ROWS} does not"));
    }
    Ok(complaints)
}

/// Rewrites the open list and prints it.
pub fn bless() -> Result<()> {
    let claimed = claimed(&super::texts()?);
    let mut rows = rows()?;
    rows.retain(|id| !claimed.contains(id));
    let mut lines = rows.clone();
    lines.push(String::new());
    fs::write(super::root().join(OPEN), lines.join("\n"))?;
    println!(
        "{} requirements without a test: {}",
        rows.len(),
        rows.join(" ")
    );
    Ok(())
}

fn rows() -> Result<Vec<String>> {
    let text = fs::read_to_string(super::root().join(ROWS))?;
    let ids = text.lines().filter_map(|line| line.split_once('\t'));
    Ok(ids.map(|(id, _)| id.to_owned()).collect())
}

fn claimed(texts: &[Text]) -> BTreeSet<String> {
    let rust = texts.iter().filter(|text| text.path.ends_with(".rs"));
    rust.flat_map(|text| claims(&text.text)).collect()
}

/// The ids in doc comments that say "Holds"; a claim runs to the full stop, over several lines.
fn claims(text: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut claiming = false;
    for line in text.lines() {
        let Some(said) = line.trim().strip_prefix("/// ") else {
            claiming = false;
            continue;
        };
        let rest = match said.strip_prefix("Holds ") {
            Some(rest) => rest,
            None if claiming => said,
            None => continue,
        };
        let (claim, done) = match rest.split_once('.') {
            Some((claim, _)) => (claim, true),
            None => (rest, false),
        };
        claiming = !done;
        let words = claim.split(|c: char| !c.is_ascii_alphanumeric());
        ids.extend(words.filter(|word| is_id(word)).map(str::to_owned));
    }
    ids
}

fn is_id(word: &str) -> bool {
    let digits = word.strip_prefix(['T', 'S', 'W', 'P', 'V']);
    digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_read_from_the_doc_comment_of_a_test() {
        let text = "/// Holds S7, V4.\n#[test]\nfn a() {}\n/// Holds W2\n/// and P4. Not T1.\n";
        assert_eq!(claims(text), ["S7", "V4", "W2", "P4"]);
    }

    #[test]
    fn other_text_claims_nothing() {
        assert!(claims("// Holds S7.\n/// Shows V4.\nlet x = \"/// Holds T1\";\n").is_empty());
    }
}
