//! Strategic merge patch: a merge patch whose lists know their keys.

use plimsoll_schema::{Field, PatchStrategy, Schemas, Shape, TypeId};
use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::kinds::Kind;

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
const SET_ORDER: &str = "$setElementOrder/";

/// Where in the types a value stands.
type Place<'a> = Option<(&'a Schemas, TypeId)>;

/// The outcome of a strategic merge patch.
pub fn apply(kind: &Kind, target: &Value, patch: &Value) -> Result<Value, ApiError> {
    if kind.custom.is_some() {
        return Err(ApiError::unsupported_media_type(
            "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
        ));
    }
    let Value::Object(patch) = patch else {
        return Err(ApiError::bad_request("error decoding patch: not an object"));
    };
    let empty = Map::new();
    let target = target.as_object().unwrap_or(&empty);
    Ok(Value::Object(merge_map(kind.schema(), target, patch)))
}

fn merge_map(
    place: Place<'_>,
    target: &Map<String, Value>,
    patch: &Map<String, Value>,
) -> Map<String, Value> {
    match patch.get(DIRECTIVE).and_then(Value::as_str) {
        Some("replace") => return without_directives(patch),
        Some("delete") => return Map::new(),
        _ => {}
    }
    let mut merged = target.clone();
    if let Some(kept) = patch.get(RETAIN_KEYS).and_then(Value::as_array) {
        merged.retain(|key, _| kept.iter().any(|one| one == key.as_str()));
    }
    for (key, change) in patch {
        if let Some(name) = key.strip_prefix(DELETE_FROM) {
            delete_values(&mut merged, name, change);
        } else if !key.starts_with('$') {
            merge_field(place, &mut merged, key, change);
        }
    }
    for (key, order) in patch {
        if let Some(name) = key.strip_prefix(SET_ORDER)
            && let (Some(items), Some(order)) = (
                merged.get_mut(name).and_then(Value::as_array_mut),
                order.as_array(),
            )
        {
            let merge_key = field(place, name).and_then(|field| field.merge_key.as_deref());
            sort_by_order(items, order, merge_key);
        }
    }
    merged
}

fn merge_field(place: Place<'_>, merged: &mut Map<String, Value>, key: &str, change: &Value) {
    let below = below(place, key);
    match change {
        Value::Null => drop(merged.shift_remove(key)),
        Value::Object(change) => {
            let empty = Map::new();
            let deleted = change
                .get(DIRECTIVE)
                .is_some_and(|directive| directive == "delete");
            if deleted {
                merged.shift_remove(key);
                return;
            }
            let before = merged.get(key).and_then(Value::as_object).unwrap_or(&empty);
            let after = merge_map(below, before, change);
            merged.insert(key.to_owned(), Value::Object(after));
        }
        Value::Array(change) => {
            let before = merged
                .get(key)
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default();
            let strategy = field(place, key).filter(|field| field.patch.merges());
            let after = match strategy {
                Some(field) => merge_list(below, field, before, change),
                None => change.clone(),
            };
            merged.insert(key.to_owned(), Value::Array(after));
        }
        scalar => drop(merged.insert(key.to_owned(), scalar.clone())),
    }
}

fn merge_list(place: Place<'_>, field: &Field, before: Vec<Value>, patch: &[Value]) -> Vec<Value> {
    if patch.iter().any(|item| item[DIRECTIVE] == "replace") {
        return patch
            .iter()
            .filter(|item| item[DIRECTIVE] != "replace")
            .cloned()
            .collect();
    }
    let Some(key) = field.merge_key.as_deref() else {
        let mut merged = before;
        for item in patch {
            if !merged.contains(item) {
                merged.push(item.clone());
            }
        }
        return merged;
    };
    let item_place = place.and_then(|(schemas, id)| match &schemas.get(id).shape {
        Shape::List { item, .. } => Some((schemas, *item)),
        _ => None,
    });
    let retains = field.patch == PatchStrategy::MergeRetainKeys;
    let mut merged = before;
    for item in patch {
        let at = merged.iter().position(|one| one[key] == item[key]);
        if item[DIRECTIVE] == "delete" {
            merged.retain(|one| one[key] != item[key]);
            continue;
        }
        let Some(change) = item.as_object() else {
            continue;
        };
        match at {
            Some(at) => {
                let empty = Map::new();
                let mut before = merged[at].as_object().unwrap_or(&empty).clone();
                if retains && !change.contains_key(RETAIN_KEYS) && change.get(DIRECTIVE).is_none() {
                    before.retain(|_, value| !value.is_null());
                }
                merged[at] = Value::Object(merge_map(item_place, &before, change));
            }
            None => merged.push(Value::Object(merge_map(item_place, &Map::new(), change))),
        }
    }
    merged
}

fn field<'a>(place: Place<'a>, name: &str) -> Option<&'a Field> {
    let (schemas, id) = place?;
    schemas.get(id).field(name)
}

fn below<'a>(place: Place<'a>, name: &str) -> Place<'a> {
    let (schemas, id) = place?;
    Some((schemas, schemas.below(id, name)?))
}

fn without_directives(patch: &Map<String, Value>) -> Map<String, Value> {
    patch
        .iter()
        .filter(|(key, _)| !key.starts_with('$'))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn delete_values(merged: &mut Map<String, Value>, name: &str, gone: &Value) {
    let gone = gone.as_array().cloned().unwrap_or_default();
    if let Some(items) = merged.get_mut(name).and_then(Value::as_array_mut) {
        items.retain(|item| !gone.contains(item));
    }
}

/// Puts the named items in the named order; others keep their places relative to their neighbours.
fn sort_by_order(items: &mut [Value], order: &[Value], key: Option<&str>) {
    let id = |value: &Value| key.map_or_else(|| value.clone(), |key| value[key].clone());
    let rank = |item: &Value| order.iter().position(|one| id(one) == id(item));
    let places: Vec<usize> = (0..items.len())
        .filter(|at| rank(&items[*at]).is_some())
        .collect();
    let mut named: Vec<Value> = places.iter().map(|at| items[*at].clone()).collect();
    named.sort_by_key(|item| rank(item));
    for (at, item) in places.into_iter().zip(named) {
        items[at] = item;
    }
}
