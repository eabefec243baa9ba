//! Hashes in object names, defined so that a chart computes the same from its values: SHA-256 over
//! what Go's `toJson` prints, keys sorted by bytes.

use plimsoll_source::{Node, Str};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// First eight hex digits of SHA-256 over the content of a tree.
pub fn content_hash(node: &Node) -> Str {
    let mut json = String::new();
    write_json(node, &mut json);
    let digest = Sha256::digest(json.as_bytes());
    digest[..4]
        .iter()
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
        .into()
}

fn write_json(node: &Node, out: &mut String) {
    match node {
        Node::Map(_, entries) => {
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_by(|a, b| a.key.cmp(&b.key));
            out.push('{');
            for (at, entry) in sorted.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_text(&entry.key, out);
                out.push(':');
                write_json(&entry.value, out);
            }
            out.push('}');
        }
        Node::Seq(_, items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_json(item, out);
            }
            out.push(']');
        }
        Node::Text(_, text) | Node::Plain(_, text) => write_text(text, out),
        Node::Null(_) => out.push_str("null"),
        Node::Bool(_, value) => out.push_str(if *value { "true" } else { "false" }),
        Node::Int(_, value) => drop(write!(out, "{value}")),
        Node::Float(_, value) => drop(write!(out, "{value}")),
    }
}

/// A JSON string as Go prints it: `<`, `>`, `&` and the two line separators are escaped too.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_source::{Entry, Origin};

    #[test]
    fn the_order_of_keys_does_not_change_the_hash() {
        let origin = || Origin::rule("test", []);
        let entry = |key: &str| Entry {
            key: key.into(),
            at: origin(),
            value: Node::Text(origin(), "<&>".into()),
        };
        let one = Node::map(origin(), [entry("a"), entry("b")]);
        let two = Node::map(origin(), [entry("b"), entry("a")]);
        assert_eq!(content_hash(&one), content_hash(&two));
        let mut json = String::new();
        write_json(&one, &mut json);
        assert_eq!(
            json,
            r#"{"a":"\u003c\u0026\u003e","b":"\u003c\u0026\u003e"}"#
        );
    }
}
