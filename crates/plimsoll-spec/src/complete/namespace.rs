//! Name of the main namespace, which much else is made of.

use indexmap::IndexMap;
use plimsoll_source::{Entry, Knob, Node, Origin, Str};

use crate::reference::Substitution;
use crate::shape::Shape;
use crate::tree;

/// The main namespace is named after the application unless another name is written.
pub fn name(root: &Node) -> Node {
    let Some(app) = root.get("app") else {
        return root.clone();
    };
    let origin = Origin::rule("default: namespace.name", [app.origin().clone()]);
    let named = tree::with_default(root, &["namespace", "name"], || {
        app.clone().with_origin(origin)
    });
    let Some(further) = named.get("namespaces") else {
        return named;
    };
    let further = tree::each(further, |entry| Some(keyed(entry)));
    tree::with(&named, &["namespaces"], further)
}

/// A further namespace is named by its key.
fn keyed(entry: &Entry) -> Node {
    let name = Node::Text(entry.at.clone(), entry.key.clone());
    match &entry.value {
        Node::Map(..) => tree::with(&entry.value, &["name"], name),
        other => other.clone(),
    }
}

/// The name with its variables replaced.
pub fn substituted(root: &Node, vars: &IndexMap<Str, Knob<Str>>) -> Node {
    let Some(name) = root.at(&["namespace", "name"]) else {
        return root.clone();
    };
    let mut substitution = Substitution::new(root, vars);
    let name = substitution.apply(&Shape::Raw, name);
    tree::with(root, &["namespace", "name"], name)
}
