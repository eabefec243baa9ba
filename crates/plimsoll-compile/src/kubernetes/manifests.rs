//! Objects that the file brings itself join the application: checked, ordered, shipped, pruned.

use super::rules::{MADE_ALREADY, NO_OBJECT};
use super::strategic::owned;
use crate::cx::{Cx, Objects};
use plimsoll_source::{Entry, Finding, Node, Origin};
use plimsoll_spec::app::kubernetes::Manifest;
use plimsoll_world::{Cond, Form, ObjectForm, ObjectKey, Unit, plain};

/// Adds each object, lists taken apart.
pub(super) fn objects(cx: &Cx, out: &mut Objects) {
    for manifest in &cx.app.kubernetes.manifests {
        match manifest {
            Manifest::Object(node) => join(cx, &node.resolve(), node.origin(), out),
            Manifest::Glob { pattern, objects } => {
                for node in objects {
                    join(cx, node, pattern.origin(), out);
                }
            }
        }
    }
}

fn join(cx: &Cx, node: &Node, because: &Origin, out: &mut Objects) {
    let text = |key: &str| node.get(key).and_then(Node::text);
    if text("apiVersion").is_some_and(|version| version == "v1")
        && text("kind").is_some_and(|kind| kind == "List")
    {
        for item in node.get("items").map_or(&[][..], Node::items) {
            join(cx, item, because, out);
        }
        return;
    }
    // Of another kind or name it is another object, with all that is in it.
    let named = [
        node.get("apiVersion"),
        node.get("kind"),
        node.at(&["metadata", "name"]),
    ];
    let named = named
        .into_iter()
        .flatten()
        .map(|node| node.origin().clone());
    let body = owned(
        &placed(cx, node),
        &Origin::all(named.chain([because.clone()])),
    );
    let Some(key) = ObjectKey::of(&body) else {
        let finding = Finding::new(&NO_OBJECT, "this is no Kubernetes object");
        let finding = finding.mark_origin(
            node.origin(),
            "lacks `apiVersion`, `kind` or `metadata.name`",
        );
        return cx.report(finding);
    };
    if let Some(other) = out
        .iter()
        .find(|made| identity(made).as_ref() == Some(&key))
    {
        let finding = Finding::new(&MADE_ALREADY, format!("`{key}` is there already"))
            .mark_origin(node.origin(), "again")
            .mark_origin(origin_of(&other.body), "made for this");
        return cx.report(finding);
    }
    let when = Cond::known(true, because);
    out.push(ObjectForm::new(Unit::Shared, when, Form::Plain(body)));
}

/// The object in the main namespace, if it lives in one and does not say in which.
fn placed(cx: &Cx, node: &Node) -> Node {
    let text = |key: &str| {
        node.get(key)
            .and_then(Node::text)
            .map_or("", |text| text.as_str())
    };
    let known = plimsoll_schema::find_kind(text("apiVersion"), text("kind"));
    let lives_in_one = known.is_some_and(|(_, kind)| kind.namespaced);
    let metadata = node
        .get("metadata")
        .filter(|metadata| metadata.get("namespace").is_none());
    let Some(metadata) = metadata.filter(|_| lives_in_one) else {
        return node.clone();
    };
    let home = cx.main_namespace();
    let namespace = Node::Text(home.origin().clone(), home.peek().clone());
    let mut entries = metadata.entries().to_vec();
    let at = entries
        .iter()
        .position(|entry| entry.key == "name")
        .map_or(entries.len(), |at| at + 1);
    entries.insert(
        at,
        Entry {
            key: "namespace".into(),
            at: metadata.origin().clone(),
            value: namespace,
        },
    );
    with(
        node,
        "metadata",
        Node::map(metadata.origin().clone(), entries),
    )
}

fn with(node: &Node, key: &str, value: Node) -> Node {
    let entry = |entry: &Entry| Entry {
        value: if entry.key == key {
            value.clone()
        } else {
            entry.value.clone()
        },
        ..entry.clone()
    };
    Node::map(node.origin().clone(), node.entries().iter().map(entry))
}

/// What identifies an object, with the values of the file.
pub(super) fn identity(object: &ObjectForm) -> Option<ObjectKey> {
    plain(&object.body).as_ref().and_then(ObjectKey::of)
}

/// Where a form comes from.
pub(super) fn origin_of(form: &Form) -> &Origin {
    match form {
        Form::Plain(node) => node.origin(),
        Form::Map(origin, _) | Form::Seq(origin, _) => origin,
        Form::Shrinking(inner) => origin_of(inner),
        Form::Expr(_) => unreachable!("an object is a map"),
    }
}
