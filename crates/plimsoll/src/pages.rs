//! The pages of the book about releases that stop, one section for each cause.

use plimsoll_ship::Cause;

/// The page of the book.
const BOOK: &str = include_str!("../../../docs/failures.md");

/// The section about a cause, where the book has one.
pub fn of(cause: Cause) -> Option<String> {
    let head = format!("\n## {cause}\n");
    let (_, rest) = BOOK.split_once(&head)?;
    let end = rest.find("\n#").unwrap_or(rest.len());
    Some(format!("{cause}\n\n{}\n", rest[..end].trim()))
}

/// The cause of this name.
pub fn named(name: &str) -> Option<Cause> {
    Cause::ALL
        .iter()
        .copied()
        .find(|cause| cause.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_a_page_and_every_page_a_cause() {
        for &cause in Cause::ALL {
            let page = of(cause).unwrap_or_else(|| panic!("{cause} has no page"));
            assert!(page.len() > 80, "{page}");
        }
        let heads = BOOK.lines().filter_map(|line| line.strip_prefix("## "));
        for head in heads {
            assert!(named(head).is_some(), "{head} is no cause");
        }
    }
}
