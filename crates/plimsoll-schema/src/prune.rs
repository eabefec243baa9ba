//! Dropping what an API server does not keep.
use serde_json::{Map, Value};

use crate::{Extra, Minor, Schemas, Shape, Type, TypeId};

/// Removes the fields that version `at` does not keep: unknown ones, and those whose feature gate
/// is off by default.
pub fn prune(schemas: &Schemas, id: TypeId, value: &mut Value, at: Minor) {
    let ty = schemas.get(id);
    match (&ty.shape, value) {
        (Shape::Object { .. }, Value::Object(object)) => prune_object(schemas, ty, object, at),
        (Shape::Map { value: inner, .. }, Value::Object(object)) => {
            for value in object.values_mut() {
                prune(schemas, *inner, value, at);
            }
        }
        (Shape::List { item, .. }, Value::Array(items)) => {
            for value in items {
                prune(schemas, *item, value, at);
            }
        }
        _ => {}
    }
}

fn prune_object(schemas: &Schemas, ty: &Type, object: &mut Map<String, Value>, at: Minor) {
    let Shape::Object {
        extra, embedded, ..
    } = &ty.shape
    else {
        return;
    };
    object.retain(|name, value| match (ty.field(name), extra) {
        (Some(field), _) => {
            prune(schemas, field.ty, value, at);
            field.usable_at(at)
        }
        (None, Extra::Of(inner)) => {
            prune(schemas, *inner, value, at);
            true
        }
        (None, Extra::Kept) => true,
        (None, Extra::Refused) => {
            *embedded && matches!(name.as_str(), "apiVersion" | "kind" | "metadata")
        }
    });
}
