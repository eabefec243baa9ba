//! Streams of documents: lists of objects, and what charts print.

use crate::Text;
use plimsoll_source::{Node, Str};
use std::collections::BTreeMap;

/// Adds an object, or every item of a list of objects.
pub(crate) fn unfold(document: &Node, all: &mut Vec<Node>) {
    let word = |key: &str| document.get(key).and_then(Node::text);
    let is_list = word("kind").is_some_and(|kind| kind.ends_with("List"));
    match document.get("items") {
        Some(items) if is_list && word("apiVersion").is_some() => {
            items.items().iter().for_each(|item| unfold(item, all));
        }
        _ => all.push(document.clone()),
    }
}

/// Splits what `helm template` prints into one text for each template, in the order of first mention,
/// so that a place in it names the template.
pub fn split(stream: &str) -> Vec<Text> {
    let mut order: Vec<&str> = Vec::new();
    let mut parts: BTreeMap<&str, String> = BTreeMap::new();
    let mut current = "the chart";
    for document in documents(stream) {
        let source = document
            .lines()
            .find_map(|line| line.strip_prefix("# Source: "));
        current = source.map_or(current, str::trim);
        if !parts.contains_key(current) {
            order.push(current);
        }
        let part = parts.entry(current).or_default();
        part.push_str("---\n");
        part.push_str(document);
    }
    let text = |name: &&str| Text {
        name: Str::from(format!("{name} as rendered")),
        bytes: parts[*name].clone().into_bytes(),
    };
    order.iter().map(text).collect()
}

/// The documents between lines `---`, without those lines; what has no content is left out.
fn documents(stream: &str) -> Vec<&str> {
    let (mut documents, mut start, mut at) = (Vec::new(), 0, 0);
    for line in stream.split_inclusive('\n') {
        if line.trim_end() == "---" {
            documents.push(&stream[start..at]);
            start = at + line.len();
        }
        at += line.len();
    }
    documents.push(&stream[start..]);
    documents.retain(|text| !text.trim().is_empty());
    documents
}
