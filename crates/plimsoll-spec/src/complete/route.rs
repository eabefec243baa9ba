//! What the paths of a route take from it.

use plimsoll_source::{Entry, Node};

use super::Filler;
use crate::tree;

/// Words of a route that are the defaults of its paths.
const INHERITED: [&str; 4] = ["body", "allow", "auth", "rate"];

/// Fills a route and its paths.
pub fn complete(root: &Node, entry: &Entry) -> Node {
    let route = &entry.value;
    let Some(paths) = route.get("paths") else {
        return route.clone();
    };
    let made = tree::each(paths, |path| match &path.value {
        Node::Map(..) => Some(filled(root, route, &path.value)),
        other => Some(other.clone()),
    });
    tree::with(route, &["paths"], made)
}

fn filled(root: &Node, route: &Node, path: &Node) -> Node {
    let mut filler = Filler::new("route", path);
    for key in INHERITED {
        if let Some(value) = route.get(key) {
            filler.value(&[key], value.clone());
        }
    }
    match route.get("stream") {
        Some(stream) => filler.value(&["stream"], stream.clone()),
        None => match speaks(root, &filler.node) {
            Some(speaks) => {
                let is_grpc = speaks.text().is_some_and(|text| text == "grpc");
                let streams = if is_grpc { "true" } else { "false" };
                filler.text_because(&["stream"], streams, speaks.origin())
            }
            None => filler.text(&["stream"], "false"),
        },
    };
    if let Some(timeout) = route.get("timeout") {
        filler.value(&["timeout"], timeout.clone());
    }
    if let Some(stream) = filler.node.get("stream").cloned() {
        let streams = stream.text().is_some_and(|text| text == "true");
        let timeout = if streams { "1h" } else { "30s" };
        filler.text_because(&["timeout"], timeout, stream.origin());
    }
    filler.node
}

/// What the port speaks that a path leads to.
fn speaks<'a>(root: &'a Node, path: &Node) -> Option<&'a Node> {
    let to = path.get("to")?.text()?;
    let (name, port) = to
        .split_once(':')
        .map_or((to.as_str(), None), |(n, p)| (n, Some(p)));
    let ports = root.at(&["services", name, "ports"])?.entries();
    let number = |entry: &Entry, wanted| {
        entry
            .value
            .get("at")
            .and_then(Node::text)
            .is_some_and(|at| at == wanted)
    };
    let entry = match port {
        None => ports.first(),
        Some(port) => ports
            .iter()
            .find(|entry| entry.key == port || number(entry, port)),
    };
    entry?.value.get("speaks")
}
