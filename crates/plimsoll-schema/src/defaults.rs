//! The defaults that a schema itself declares.
use serde_json::{Map, Value};

use crate::{Extra, Schemas, Shape, Type, TypeId};

/// Adds the declared default of every absent field, as the API server does on each write.
///
/// An object that is absent and has no default of its own stays absent, whatever defaults its
/// fields have. Most defaults of built-in kinds are code of the API server and not added here.
pub fn fill_defaults(schemas: &Schemas, id: TypeId, value: &mut Value) {
    let ty = schemas.get(id);
    match (&ty.shape, value) {
        (Shape::Object { .. }, Value::Object(object)) => fill_object(schemas, ty, object),
        (Shape::Map { value: inner, .. }, Value::Object(object)) => {
            for value in object.values_mut() {
                fill_defaults(schemas, *inner, value);
            }
        }
        (Shape::List { item, .. }, Value::Array(items)) => {
            for value in items {
                fill_defaults(schemas, *item, value);
            }
        }
        _ => {}
    }
}

fn fill_object(schemas: &Schemas, ty: &Type, object: &mut Map<String, Value>) {
    for field in ty.fields() {
        let Some(default) = &field.default else {
            continue;
        };
        let nullable = schemas.get(field.ty).nullable;
        let absent = object
            .get(field.name.as_ref())
            .is_none_or(|value| value.is_null() && !nullable);
        if let Some(default) = serde_json::from_str(default).ok().filter(|_| absent) {
            object.insert(field.name.to_string(), default);
        }
    }
    for (name, value) in object {
        let inner = match (ty.field(name), &ty.shape) {
            (Some(field), _) => field.ty,
            (
                None,
                Shape::Object {
                    extra: Extra::Of(inner),
                    ..
                },
            ) => *inner,
            _ => continue,
        };
        fill_defaults(schemas, inner, value);
    }
}
