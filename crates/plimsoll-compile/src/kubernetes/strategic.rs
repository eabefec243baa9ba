//! A strategic merge patch of a form: lists know by which field their items are told apart.
//!
//! Source: `k8s.io/apimachinery/pkg/util/strategicpatch`; `$patch: replace` and `$patch: delete` of maps and
//! items are known, the ordering directives of clients are not.

use super::edit;
use plimsoll_schema::{Field, Schemas, Shape, TypeId};
use plimsoll_source::{Node, Origin};
use plimsoll_world::Form;

const DIRECTIVE: &str = "$patch";

/// Where in the types a value stands; nothing where nobody knows the type.
pub(super) type Place = Option<(&'static Schemas, TypeId)>;

/// The form with a patch merged into it; `None` where the patch takes it away.
pub(super) fn merge(
    place: Place,
    form: Option<&Form>,
    patch: &Node,
    because: &Origin,
) -> Option<Form> {
    match (patch, directive(patch)) {
        (Node::Null(_), _) | (_, Some("delete")) => None,
        (_, Some("replace")) => Some(Form::Plain(without_directive(patch, because))),
        (Node::Map(_, entries), _) => {
            let empty = Form::Plain(Node::map(because.clone(), []));
            let mut merged = form.unwrap_or(&empty).clone();
            for entry in entries.iter().filter(|entry| entry.key != DIRECTIVE) {
                merged = field(place, &merged, &entry.key, &entry.value, because);
            }
            Some(merged)
        }
        _ => Some(Form::Plain(owned(patch, because))),
    }
}

fn field(place: Place, map: &Form, key: &str, patch: &Node, because: &Origin) -> Form {
    let (inner, known) = (below(place, key), known(place, key));
    let by = known
        .filter(|field| field.patch.merges())
        .and_then(|field| field.merge_key.as_deref());
    match (patch, by) {
        (Node::Map(..), _) => edit::entry(Some(map), key, because, &|old| {
            merge(inner, old, patch, because)
        }),
        (Node::Seq(_, items), Some(by)) => edit::entry(Some(map), key, because, &|old| {
            Some(list(inner, by, old, items, because))
        }),
        (Node::Seq(_, items), None) if known.is_some_and(|field| field.patch.merges()) => {
            edit::entry(Some(map), key, because, &|old| {
                Some(set(old, items, because))
            })
        }
        (Node::Null(_), _) => edit::take(Some(map), key, because),
        _ => edit::put(Some(map), key, because, Form::Plain(owned(patch, because))),
    }
}

/// A list whose items are told apart by a field.
fn list(place: Place, by: &str, old: Option<&Form>, items: &[Node], because: &Origin) -> Form {
    let item = place.and_then(|(schemas, id)| match &schemas.get(id).shape {
        Shape::List { item, .. } => Some((schemas, *item)),
        _ => None,
    });
    let replaces = items.iter().any(|item| directive(item) == Some("replace"));
    let nothing = Form::Plain(Node::seq(because.clone(), []));
    let mut merged = old.filter(|_| !replaces).unwrap_or(&nothing).clone();
    for patch in items
        .iter()
        .filter(|item| directive(item) != Some("replace"))
    {
        let Some(wanted) = patch.get(by) else {
            continue;
        };
        merged = edit::item(Some(&merged), by, wanted, because, &|old| {
            merge(item, old, patch, because)
        });
    }
    merged
}

/// A list of plain values, each there once.
fn set(old: Option<&Form>, items: &[Node], because: &Origin) -> Form {
    let mut all: Vec<Node> = old
        .map(edit::frozen)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|form| form.plain().cloned())
        .collect();
    for item in items {
        if !all.contains(item) {
            all.push(owned(item, because));
        }
    }
    Form::Plain(Node::seq(because.clone(), all))
}

fn directive(patch: &Node) -> Option<&str> {
    patch
        .get(DIRECTIVE)
        .and_then(Node::text)
        .map(plimsoll_source::Str::as_str)
}

fn without_directive(patch: &Node, because: &Origin) -> Node {
    let entries = patch
        .entries()
        .iter()
        .filter(|entry| entry.key != DIRECTIVE);
    owned(
        &Node::map(patch.origin().clone(), entries.cloned()),
        because,
    )
}

/// A value of the patch, which is there because of the patch.
pub(super) fn owned(node: &Node, because: &Origin) -> Node {
    let origin = node.origin().because(because);
    match node {
        Node::Map(_, entries) => {
            let entry = |entry: &plimsoll_source::Entry| plimsoll_source::Entry {
                value: owned(&entry.value, because),
                ..entry.clone()
            };
            Node::map(origin, entries.iter().map(entry).collect::<Vec<_>>())
        }
        Node::Seq(_, items) => Node::seq(
            origin,
            items
                .iter()
                .map(|item| owned(item, because))
                .collect::<Vec<_>>(),
        ),
        other => other.clone().with_origin(origin),
    }
}

fn known(place: Place, key: &str) -> Option<&'static Field> {
    let (schemas, id) = place?;
    schemas.get(id).field(key)
}

fn below(place: Place, key: &str) -> Place {
    let (schemas, id) = place?;
    Some((schemas, schemas.below(id, key)?))
}
