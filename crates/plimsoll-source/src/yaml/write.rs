//! The printer: a tree as kubectl would show it, in one pass.
//!
//! Two blanks for a level, dashes under their key, `|` blocks for lines. Text is quoted wherever a
//! reader of YAML 1.1 or 1.2 could take it for something else.

use super::quote::{self, Quoting};
use crate::{Entry, Node};

/// Longer keys need a `?`: readers look for the `:` within 1024 characters.
const MAX_SIMPLE_KEY: usize = 1000;

/// A document, with a line break at its end.
pub fn write(node: &Node) -> Vec<u8> {
    let mut out = Vec::new();
    write_to(&mut out, node);
    out
}

/// Several documents with `---` between them.
pub fn write_all<'a>(documents: impl IntoIterator<Item = &'a Node>) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, document) in documents.into_iter().enumerate() {
        if at > 0 {
            out.extend_from_slice(b"---\n");
        }
        write_to(&mut out, document);
    }
    out
}

/// Appends a document.
pub fn write_to(out: &mut Vec<u8>, node: &Node) {
    match node {
        Node::Map(_, entries) if !entries.is_empty() => map(out, entries, 0),
        Node::Seq(_, items) if !items.is_empty() => seq(out, items, 0),
        Node::Plain(_, text) if text.is_empty() => out.extend_from_slice(b"null\n"),
        scalar_or_empty => {
            scalar(out, scalar_or_empty, 0);
            out.push(b'\n');
        }
    }
}

/// A map whose first key begins where `out` ends.
fn map(out: &mut Vec<u8>, entries: &[Entry], indent: usize) {
    for (at, entry) in entries.iter().enumerate() {
        if at > 0 {
            pad(out, indent);
        }
        key(out, &entry.key, indent);
        out.push(b':');
        match &entry.value {
            Node::Map(_, entries) if !entries.is_empty() => {
                out.push(b'\n');
                pad(out, indent + 2);
                map(out, entries, indent + 2);
            }
            Node::Seq(_, items) if !items.is_empty() => {
                out.push(b'\n');
                pad(out, indent);
                seq(out, items, indent);
            }
            value => line(out, value, indent),
        }
    }
}

/// A list whose first dash stands where `out` ends.
fn seq(out: &mut Vec<u8>, items: &[Node], indent: usize) {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            pad(out, indent);
        }
        out.push(b'-');
        match item {
            Node::Map(_, entries) if !entries.is_empty() => {
                out.push(b' ');
                map(out, entries, indent + 2);
            }
            Node::Seq(_, items) if !items.is_empty() => {
                out.push(b' ');
                seq(out, items, indent + 2);
            }
            item => line(out, item, indent),
        }
    }
}

/// A scalar after a `:` or `-`, and the end of the line.
fn line(out: &mut Vec<u8>, node: &Node, indent: usize) {
    if !matches!(node, Node::Plain(_, text) if text.is_empty()) {
        out.push(b' ');
        scalar(out, node, indent);
    }
    out.push(b'\n');
}

/// A scalar, or an empty map or list. The lines of a block stand two blanks deeper than `indent`.
fn scalar(out: &mut Vec<u8>, node: &Node, indent: usize) {
    match node {
        Node::Null(_) => out.extend_from_slice(b"null"),
        Node::Bool(_, true) => out.extend_from_slice(b"true"),
        Node::Bool(_, false) => out.extend_from_slice(b"false"),
        Node::Int(_, value) => out.extend_from_slice(itoa::Buffer::new().format(*value).as_bytes()),
        Node::Float(_, value) => out.extend_from_slice(float(*value).as_bytes()),
        Node::Text(_, text) => text_of(out, text, quote::of_text(text), indent),
        Node::Plain(_, text) => text_of(out, text, quote::of_plain(text), indent),
        Node::Map(..) => out.extend_from_slice(b"{}"),
        Node::Seq(..) => out.extend_from_slice(b"[]"),
    }
}

fn text_of(out: &mut Vec<u8>, text: &str, quoting: Quoting, indent: usize) {
    match quoting {
        Quoting::None => out.extend_from_slice(text.as_bytes()),
        Quoting::Single => quote::single(out, text),
        Quoting::Double => quote::double(out, text),
        Quoting::Block => block(out, text, indent + 2),
    }
}

fn key(out: &mut Vec<u8>, key: &str, indent: usize) {
    let start = out.len();
    match quote::of_text(key) {
        Quoting::None => out.extend_from_slice(key.as_bytes()),
        Quoting::Single => quote::single(out, key),
        Quoting::Double | Quoting::Block => quote::double(out, key),
    }
    if out.len() - start > MAX_SIMPLE_KEY {
        out.splice(start..start, *b"? ");
        out.push(b'\n');
        pad(out, indent);
    }
}

/// A literal block without its last line break.
fn block(out: &mut Vec<u8>, text: &str, indent: usize) {
    out.push(b'|');
    if text.starts_with(' ') {
        out.push(b'2');
    }
    let body = text.strip_suffix('\n');
    match body {
        None => out.push(b'-'),
        Some(body) if body.ends_with('\n') => out.push(b'+'),
        Some(_) => {}
    }
    for line in body.unwrap_or(text).split('\n') {
        out.push(b'\n');
        if !line.is_empty() {
            pad(out, indent);
            out.extend_from_slice(line.as_bytes());
        }
    }
}

/// A fraction that readers of YAML 1.1 take for one too: with a point, and a sign before the
/// exponent.
fn float(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let short = format!("{value:?}");
    let Some((digits, exponent)) = short.split_once('e') else {
        return short;
    };
    let point = if digits.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with('-') { "" } else { "+" };
    format!("{digits}{point}e{sign}{exponent}")
}

fn pad(out: &mut Vec<u8>, indent: usize) {
    const BLANKS: &[u8; 64] = &[b' '; 64];
    let mut left = indent;
    while left > 0 {
        let now = left.min(BLANKS.len());
        out.extend_from_slice(&BLANKS[..now]);
        left -= now;
    }
}
