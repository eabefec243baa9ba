//! List items that server-side apply cannot tell apart.
use serde_json::Value;

use crate::{ListKind, Path, Schemas, Segment, Shape, Text, Type, TypeId};

/// The items that repeat the keys of an earlier item, or an earlier value of a set.
///
/// Server-side apply refuses such lists; other writes of built-in kinds may accept them.
pub fn duplicates(schemas: &Schemas, id: TypeId, value: &Value) -> Vec<Path> {
    let mut found = Vec::new();
    visit(schemas, id, value, &mut Path::default(), &mut found);
    found
}

/// What tells an item of a list apart: its key fields, or the whole value in a set.
///
/// A key that is absent counts as its default; without one it is `null`.
pub fn item_key(schemas: &Schemas, item_type: TypeId, list: &ListKind, item: &Value) -> Vec<Value> {
    match list {
        ListKind::Map { keys } => {
            let ty = schemas.get(item_type);
            keys.iter().map(|key| key_value(ty, key, item)).collect()
        }
        ListKind::Set | ListKind::Atomic => vec![item.clone()],
    }
}

fn key_value(ty: &Type, key: &Text, item: &Value) -> Value {
    let default = || serde_json::from_str(ty.field(key)?.default.as_deref()?).ok();
    let written = item
        .get(key.as_ref())
        .filter(|value| !value.is_null())
        .cloned();
    written.or_else(default).unwrap_or(Value::Null)
}

fn visit(schemas: &Schemas, id: TypeId, value: &Value, path: &mut Path, found: &mut Vec<Path>) {
    let ty = schemas.get(id);
    match value {
        Value::Array(items) => {
            let Shape::List {
                item: item_type,
                list,
            } = &ty.shape
            else {
                return;
            };
            let mut seen = Vec::new();
            for (index, item) in items.iter().enumerate() {
                path.0.push(Segment::Index(index));
                if *list != ListKind::Atomic {
                    let key = item_key(schemas, *item_type, list, item);
                    if seen.contains(&key) {
                        found.push(path.clone());
                    }
                    seen.push(key);
                }
                visit(schemas, *item_type, item, path, found);
                path.0.pop();
            }
        }
        Value::Object(object) => {
            for (name, value) in object {
                let (segment, inner) = match &ty.shape {
                    Shape::Map { value, .. } => (Segment::Key(name.clone()), *value),
                    _ => match ty.field(name) {
                        Some(field) => (Segment::Field(name.clone()), field.ty),
                        None => continue,
                    },
                };
                path.0.push(segment);
                visit(schemas, inner, value, path, found);
                path.0.pop();
            }
        }
        _ => {}
    }
}
