//! Short forms that stand for more than one key.

use plimsoll_source::{Entry, Node, Origin, Str};

use crate::types::Leaf as _;

/// A map of what is given, all with one origin.
pub fn map_of(origin: &Origin, entries: impl IntoIterator<Item = (&'static str, Node)>) -> Node {
    let entries = entries.into_iter().map(|(key, value)| Entry {
        key: key.into(),
        at: origin.clone(),
        value,
    });
    Node::map(origin.clone(), entries)
}

/// An empty map.
pub fn empty(origin: &Origin) -> Node {
    Node::map(origin.clone(), [])
}

/// `NAME[:TAG][@DIGEST]` as its parts. What stands in `${…}` is not looked into.
pub fn image(node: &Node) -> Option<Node> {
    let text = node.text()?;
    let (name, tag, digest) = image_parts(text);
    let part = |text: &str| Node::Text(node.origin().clone(), Str::from(text));
    let parts = [("name", Some(name)), ("tag", tag), ("digest", digest)];
    let parts = parts
        .into_iter()
        .filter_map(|(key, text)| Some((key, part(text?))));
    Some(map_of(node.origin(), parts))
}

/// Name, tag and digest of an image.
pub fn image_parts(text: &str) -> (&str, Option<&str>, Option<&str>) {
    let outside = |wanted: char| {
        let mut depth = 0_usize;
        let mut found = None;
        for (at, c) in text.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                '/' if depth == 0 && wanted == ':' => found = None,
                '@' if depth == 0 && wanted == ':' => break,
                c if c == wanted && depth == 0 => found = Some(at),
                _ => {}
            }
        }
        found
    };
    let at = outside('@');
    let (rest, digest) = match at {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    match outside(':') {
        Some(colon) => (&rest[..colon], Some(&rest[colon + 1..]), digest),
        None => (rest, None, digest),
    }
}

/// Keys of a probe.
const PROBE: &[&str] = &[
    "check", "headers", "every", "timeout", "fails", "passes", "within",
];

/// One probe is start and ready; `none` is all three. Also of a map with the keys of a probe.
pub fn health(node: &Node) -> Option<Node> {
    let origin = node.origin();
    if node.text().is_some_and(|text| text == "none") {
        let all = ["start", "ready", "live"].map(|key| (key, node.clone()));
        return Some(map_of(origin, all));
    }
    let probe = match node {
        Node::Map(_, entries) => entries.iter().any(|e| PROBE.contains(&e.key.as_str())),
        _ => !node.is_null(),
    };
    if !probe {
        return None;
    }
    let rest = node
        .entries()
        .iter()
        .filter(|e| !PROBE.contains(&e.key.as_str()));
    let own = node
        .entries()
        .iter()
        .filter(|e| PROBE.contains(&e.key.as_str()));
    let (start, ready) = match node {
        Node::Map(..) => (
            Node::map(origin.clone(), own.clone().cloned()),
            Node::map(
                origin.clone(),
                own.filter(|entry| entry.key != "within").cloned(),
            ),
        ),
        _ => (node.clone(), node.clone()),
    };
    let both = map_of(origin, [("start", start), ("ready", ready)]);
    let entries = both
        .entries()
        .iter()
        .chain(rest)
        .cloned()
        .collect::<Vec<_>>();
    Some(Node::map(origin.clone(), entries))
}

/// A size, or one of `claims`.
pub fn volume(node: &Node) -> Option<Node> {
    let text = node.text()?;
    let first = text.chars().next();
    let size = first.is_some_and(|c| c.is_ascii_digit() || c == '$');
    let key = if size { "size" } else { "claim" };
    Some(map_of(node.origin(), [(key, node.clone())]))
}

/// `true` is the thing without options; `false` is none.
pub fn switch(node: &Node) -> Option<Node> {
    match bool::parse(node.text()?) {
        Ok(true) => Some(empty(node.origin())),
        Ok(false) => Some(Node::Text(node.origin().clone(), "none".into())),
        Err(_) => None,
    }
}

/// As a switch, or an image.
pub fn exporter(node: &Node) -> Option<Node> {
    match node {
        Node::Map(_, entries) => {
            let image = ["name", "tag", "digest", "policy"];
            let is_image = entries.iter().any(|e| image.contains(&e.key.as_str()));
            is_image.then(|| map_of(node.origin(), [("image", node.clone())]))
        }
        _ => switch(node).or_else(|| Some(map_of(node.origin(), [("image", node.clone())]))),
    }
}
