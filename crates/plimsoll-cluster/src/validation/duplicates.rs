//! Server-side apply refuses a list that says the same item twice, before anything else looks at it.

use plimsoll_schema::{ListKind, Path, Schemas, Segment, Shape, TypeId, duplicates, item_key};
use serde_json::Value;

/// What is said of the first item that stands twice, as structured-merge-diff 6.4 says it.
pub fn first(schemas: &Schemas, id: TypeId, config: &Value) -> Option<String> {
    let path = duplicates(schemas, id, config).into_iter().next()?;
    let steps = steps(schemas, id, config, &path);
    let (item, list) = steps.split_last()?;
    Some(format!(
        "{}: duplicate entries for key {item}",
        list.concat()
    ))
}

/// A path as `.spec.containers[name="web"]`: an item is named by what tells it apart.
fn steps(schemas: &Schemas, id: TypeId, config: &Value, path: &Path) -> Vec<String> {
    let (mut id, mut at) = (Some(id), config);
    let mut steps = Vec::new();
    for segment in &path.0 {
        let ty = id.map(|id| schemas.get(id));
        match segment {
            Segment::Field(name) | Segment::Key(name) => {
                id = ty.and_then(|ty| match &ty.shape {
                    Shape::Map { value, .. } => Some(*value),
                    _ => ty.field(name).map(|field| field.ty),
                });
                at = &at[name.as_str()];
                steps.push(format!(".{name}"));
            }
            Segment::Index(index) => {
                let found = &at[*index];
                let (item, step) = match ty.map(|ty| &ty.shape) {
                    Some(Shape::List { item, list }) => {
                        (Some(*item), named(schemas, *item, list, found, *index))
                    }
                    _ => (None, format!("[{index}]")),
                };
                (id, at) = (item, found);
                steps.push(step);
            }
        }
    }
    steps
}

fn named(schemas: &Schemas, item: TypeId, list: &ListKind, found: &Value, at: usize) -> String {
    match list {
        ListKind::Atomic => format!("[{at}]"),
        ListKind::Set => format!("[={found}]"),
        ListKind::Map { keys } => {
            let values = item_key(schemas, item, list, found);
            let mut parts: Vec<String> = keys
                .iter()
                .zip(values)
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
            parts.sort_unstable();
            format!("[{}]", parts.join(","))
        }
    }
}
