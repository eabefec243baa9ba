//! Edits that make a key of a file hold a value, and leave its comments and layout as they are.

use crate::{Edit, Node, Origin, Span, Str, yaml};
use std::fmt;

/// Why a key cannot be made to hold a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceError {
    /// It holds a variable, which other keys may use too.
    Variable(Span),
    /// It, or a key above it, holds something that is no map and no single value.
    Shape(Span),
}

impl fmt::Display for PlaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Variable(_) => "a variable stands there; change the variable",
            Self::Shape(_) => "it is written in another form there; change it by hand",
        })
    }
}

impl std::error::Error for PlaceError {}

/// The edit after which the key at the end of a path holds a single value. Keys that are missing
/// are added at the end of what is there.
pub fn put(root: &Node, text: &str, path: &[&str], value: &str) -> Result<Edit, PlaceError> {
    let Some((step, rest)) = path.split_first() else {
        return scalar(root, text, value);
    };
    let Some(entry) = root.entry(step) else {
        return add(root, text, path, value);
    };
    if entry.value.is_null() && !rest.is_empty() || is_empty(&entry.value) {
        // `key:` without a value: what is put there follows the colon.
        let key = written(&entry.at);
        let colon = text[key.end as usize..].find(':').unwrap_or(0);
        let after = key.end as usize + colon + 1;
        let span = Span {
            start: offset(after),
            end: offset(after),
            file: key.file,
        };
        let text = format!(" {}", nested(rest, value));
        return Ok(Edit { span, text });
    }
    put(&entry.value, text, rest, value)
}

/// A plain nothing that takes no room.
fn is_empty(node: &Node) -> bool {
    matches!(node, Node::Plain(_, text) if text.is_empty())
}

fn scalar(node: &Node, text: &str, value: &str) -> Result<Edit, PlaceError> {
    let span = written(node.origin());
    match node {
        Node::Map(..) | Node::Seq(..) => Err(PlaceError::Shape(span)),
        _ if text[span.start as usize..span.end as usize].contains("${") => {
            Err(PlaceError::Variable(span))
        }
        _ => Ok(Edit {
            span,
            text: quoted(value),
        }),
    }
}

/// Adds what is left of a path to a map.
fn add(map: &Node, text: &str, path: &[&str], value: &str) -> Result<Edit, PlaceError> {
    let span = written(map.origin());
    let Node::Map(_, entries) = map else {
        return Err(PlaceError::Shape(span));
    };
    let line = format!("{}: {}", path[0], nested(&path[1..], value));
    let Some(first) = entries.first() else {
        return Ok(Edit {
            span,
            text: format!("{{ {line} }}"),
        });
    };
    let at = |at: usize| Span {
        start: offset(at),
        end: offset(at),
        file: span.file,
    };
    let end = end_of(map);
    let first = written(&first.at).start as usize;
    if text.as_bytes().get(span.start as usize) == Some(&b'{') {
        // Inside braces: before the first key, since a comment may stand after the last.
        return Ok(Edit {
            span: at(first),
            text: format!("{line}, "),
        });
    }
    let begin = text[..first].rfind('\n').map_or(0, |at| at + 1);
    let indent = " ".repeat(text[begin..first].chars().count());
    // A block of lines ends behind its last line break.
    if end > 0 && text.as_bytes().get(end - 1) == Some(&b'\n') {
        return Ok(Edit {
            span: at(end),
            text: format!("{indent}{line}\n"),
        });
    }
    let stop = text[end..].find('\n').map_or(text.len(), |at| end + at);
    Ok(Edit {
        span: at(stop),
        text: format!("\n{indent}{line}"),
    })
}

/// Where the last thing in a tree ends.
fn end_of(node: &Node) -> usize {
    let own = written(node.origin());
    match node {
        Node::Map(_, entries) => {
            let ends = entries
                .iter()
                .map(|entry| end_of(&entry.value).max(written(&entry.at).end as usize));
            ends.max().unwrap_or(own.end as usize)
        }
        Node::Seq(_, items) => items.iter().map(end_of).max().unwrap_or(own.end as usize),
        _ => own.end as usize,
    }
}

/// `{ a: { b: value } }`, or the value alone.
fn nested(path: &[&str], value: &str) -> String {
    match path.split_first() {
        None => quoted(value),
        Some((step, rest)) => format!("{{ {step}: {} }}", nested(rest, value)),
    }
}

/// The text with quotes where it needs them.
fn quoted(value: &str) -> String {
    let node = Node::Text(Origin::rule("place", []), Str::from(value));
    let bytes = yaml::write(&node);
    String::from_utf8_lossy(&bytes).trim_end().to_owned()
}

/// Where a node of a file stands.
fn written(origin: &Origin) -> Span {
    let place = origin.place();
    place.expect("what is read from a file has a place in it")
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).expect("files of more than 4 GiB are not read")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Findings, Sources, edit};

    fn after(text: &str, path: &[&str], value: &str) -> String {
        let mut sources = Sources::default();
        let file = sources.add("f", text);
        let root = yaml::read_one(&sources, file, &mut Findings::default()).expect("a document");
        let change = put(&root, text, path, value).expect("an edit");
        edit::apply(text, [&change]).expect("applies")
    }

    #[test]
    fn a_value_is_replaced_and_its_comment_stays() {
        let text = "a:\n  tag: 1.0   # why\n  b: 2\n";
        assert_eq!(
            after(text, &["a", "tag"], "1.1"),
            "a:\n  tag: \"1.1\"   # why\n  b: 2\n"
        );
        assert_eq!(
            after("a: { tag: v1, b: 2 }\n", &["a", "tag"], "v2"),
            "a: { tag: v2, b: 2 }\n"
        );
    }

    #[test]
    fn a_missing_key_is_added_at_the_end() {
        let text = "a:\n  # first\n  b: 1 # one\n\n# rest\nc: 2\n";
        let expected = "a:\n  # first\n  b: 1 # one\n  tag: v2\n\n# rest\nc: 2\n";
        assert_eq!(after(text, &["a", "tag"], "v2"), expected);
        assert_eq!(
            after("a: { b: 1 }\n", &["a", "tag"], "v2"),
            "a: { tag: v2, b: 1 }\n"
        );
        assert_eq!(after("a: {}\n", &["a", "tag"], "v2"), "a: { tag: v2 }\n");
        assert_eq!(
            after("a:\n  t: |\n    x\nb: 1\n", &["a", "tag"], "v2"),
            "a:\n  t: |\n    x\n  tag: v2\nb: 1\n"
        );
    }

    #[test]
    fn what_is_empty_is_filled() {
        assert_eq!(
            after("a:\nb: 1\n", &["a", "i", "tag"], "v2"),
            "a: { i: { tag: v2 } }\nb: 1\n"
        );
        assert_eq!(
            after("a:\n  b:\n", &["a", "b", "tag"], "v2"),
            "a:\n  b: { tag: v2 }\n"
        );
        assert_eq!(
            after("b: 1\n", &["a", "tag"], "v2"),
            "b: 1\na: { tag: v2 }\n"
        );
    }

    #[test]
    fn variables_and_lists_are_left_alone() {
        let mut sources = Sources::default();
        let text = "a: \"${x}\"\nb: [1]\n";
        let file = sources.add("f", text);
        let root = yaml::read_one(&sources, file, &mut Findings::default()).expect("a document");
        assert!(matches!(
            put(&root, text, &["a"], "v"),
            Err(PlaceError::Variable(_))
        ));
        assert!(matches!(
            put(&root, text, &["b"], "v"),
            Err(PlaceError::Shape(_))
        ));
        assert!(matches!(
            put(&root, text, &["b", "c"], "v"),
            Err(PlaceError::Shape(_))
        ));
    }
}
