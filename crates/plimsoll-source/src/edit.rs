//! Edits applied to the text of a file.

use crate::Edit;
use std::fmt;

/// Why edits cannot be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditError {
    /// Two of them change the same bytes.
    Overlap,
    /// One of them lies outside of the text, inside a character, or in another file.
    Outside,
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Overlap => "two edits change the same place",
            Self::Outside => "an edit does not belong to this text",
        })
    }
}

impl std::error::Error for EditError {}

/// The text with the edits made; all are of the same file.
///
/// Edits that are the same count once. Two insertions at one place overlap: nobody knows which
/// comes first.
pub fn apply<'a>(
    text: &str,
    edits: impl IntoIterator<Item = &'a Edit>,
) -> Result<String, EditError> {
    let mut edits: Vec<&Edit> = edits.into_iter().collect();
    edits.sort_by_key(|edit| (edit.span, &edit.text));
    edits.dedup();
    let (mut mended, mut done) = (String::with_capacity(text.len()), 0);
    let mut last: Option<&Edit> = None;
    for edit in edits {
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        let same_file = last.is_none_or(|last| last.span.file == edit.span.file);
        if !same_file || text.get(start..end).is_none() {
            return Err(EditError::Outside);
        }
        if start < done || last.is_some_and(|last| last.span.start == edit.span.start) {
            return Err(EditError::Overlap);
        }
        mended.push_str(&text[done..start]);
        mended.push_str(&edit.text);
        done = end;
        last = Some(edit);
    }
    mended.push_str(&text[done..]);
    Ok(mended)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FileId, Span};

    fn edit(file: u32, start: u32, end: u32, text: &str) -> Edit {
        let file = FileId(file);
        let span = Span { file, start, end };
        Edit {
            span,
            text: text.to_owned(),
        }
    }

    #[test]
    fn edits_replace_insert_and_remove_in_any_order() {
        let edits = [
            edit(0, 4, 5, ""),
            edit(0, 0, 1, "xyz"),
            edit(0, 2, 2, "-"),
            edit(0, 2, 2, "-"),
        ];
        assert_eq!(apply("abcde", &edits), Ok("xyzb-cd".to_owned()));
        assert_eq!(apply("ab", &[edit(0, 2, 2, "c")]), Ok("abc".to_owned()));
    }

    #[test]
    fn edits_of_the_same_bytes_are_refused() {
        let overlap = Err(EditError::Overlap);
        assert_eq!(
            apply("abcde", &[edit(0, 0, 3, "x"), edit(0, 2, 4, "y")]),
            overlap
        );
        assert_eq!(
            apply("abcde", &[edit(0, 2, 2, "x"), edit(0, 2, 2, "y")]),
            overlap
        );
        assert!(apply("abcde", &[edit(0, 0, 2, "x"), edit(0, 2, 4, "y")]).is_ok());
    }

    #[test]
    fn edits_of_another_text_are_refused() {
        let outside = Err(EditError::Outside);
        assert_eq!(apply("ab", &[edit(0, 1, 3, "x")]), outside);
        assert_eq!(apply("ä", &[edit(0, 1, 2, "x")]), outside);
        assert_eq!(
            apply("ab", &[edit(0, 0, 1, "x"), edit(1, 1, 2, "x")]),
            outside
        );
    }
}
