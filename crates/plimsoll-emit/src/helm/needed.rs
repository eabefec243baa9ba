//! Secrets that a chart's pods read and that neither it nor one before it brings: somebody else must.

use super::chart::Chart;
use plimsoll_source::Node;
use plimsoll_world::Object;
use std::collections::{BTreeMap, BTreeSet};

/// Secrets by name, each with the keys that are read one by one, under the chart's own values.
pub fn secrets(chart: &Chart) -> BTreeMap<String, BTreeSet<String>> {
    let world = chart.world(chart.main);
    let mut needed = BTreeMap::new();
    for object in &world.objects {
        read_by(&object.body, "", &mut needed);
    }
    for object in &world.objects {
        if let Some(name) = brought_by(object) {
            needed.remove(name);
        }
    }
    needed
}

/// The Secret that an object brings.
fn brought_by(object: &Object) -> Option<&str> {
    let path: &[&str] = match object.key.kind.as_str() {
        "Secret" | "SealedSecret" => &["metadata", "name"],
        "ExternalSecret" => &["spec", "target", "name"],
        "Certificate" => &["spec", "secretName"],
        _ => return None,
    };
    object
        .body
        .at(path)
        .and_then(Node::text)
        .map(plimsoll_source::Str::as_str)
}

fn read_by(node: &Node, block: &str, needed: &mut BTreeMap<String, BTreeSet<String>>) {
    let text = |key: &str| node.get(key).and_then(Node::text).map(ToString::to_string);
    let name = match block {
        "secretKeyRef" | "secretRef" | "imagePullSecrets" => text("name"),
        "secret" => text("secretName").or_else(|| text("name")),
        _ => None,
    };
    let optional = matches!(node.get("optional"), Some(Node::Bool(_, true)));
    if let Some(name) = name.filter(|_| !optional) {
        let keys = needed.entry(name).or_default();
        keys.extend(text("key"));
    }
    for entry in node.entries() {
        read_by(&entry.value, &entry.key, needed);
    }
    for item in node.items() {
        read_by(item, block, needed);
    }
}
