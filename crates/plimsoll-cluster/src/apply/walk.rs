//! Walks over typed values: their field set, their difference, their union, and what is left without some fields.

use std::collections::{BTreeMap, BTreeSet};

use litemap::LiteMap;
use serde_json::{Map, Value};

use super::set::{FieldSet, Step, field_step};
use super::typed::{Form, TypeRef};

/// The fields in which two values differ.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// Only in the second one, or different there.
    pub changed: FieldSet,
    /// Only in the first one.
    pub removed: FieldSet,
}

/// All fields that a value sets.
pub fn to_set(ty: TypeRef<'_>, value: &Value) -> FieldSet {
    let mut set = FieldSet::default();
    let form = ty.form(value);
    match (form, value) {
        (Form::Map, Value::Object(fields)) => {
            for (name, value) in fields {
                let mut below = to_set(ty.field(name), value);
                let bare = value.is_null() || value.as_object().is_some_and(Map::is_empty);
                below.own |= bare || !ty.declares(name);
                set.put(field_step(name), below);
            }
        }
        (Form::Set | Form::Keyed(_), Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                let mut below = to_set(ty.item(), item);
                below.own = true;
                set.put(ty.step(form, item, index), below);
            }
        }
        _ => set.own = true,
    }
    set
}

/// Where two values differ.
pub fn compare(ty: TypeRef<'_>, before: &Value, after: &Value) -> Comparison {
    let mut comparison = Comparison::default();
    if let Some(part) = differ(ty, Some(before), Some(after)) {
        comparison = part;
    }
    comparison
}

/// Where two objects differ that are equal but for one of their fields.
pub fn compare_field(
    ty: TypeRef<'_>,
    name: &str,
    before: Option<&Value>,
    after: Option<&Value>,
) -> Comparison {
    let mut comparison = Comparison::default();
    if let Some(part) = differ(ty.field(name), before, after) {
        comparison.put(field_step(name), part);
    }
    comparison
}

/// The difference of two values of which one may be absent; `None` when they are equal.
fn differ(ty: TypeRef<'_>, before: Option<&Value>, after: Option<&Value>) -> Option<Comparison> {
    if before == after {
        return None;
    }
    let mut out = Comparison::default();
    let form_before = before.map(|value| ty.form(value));
    let form_after = after.map(|value| ty.form(value));
    let form = match (form_before, form_after) {
        (Some(one), Some(other)) if one == other => one,
        (Some(one), None) | (None, Some(one)) => one,
        _ => Form::Leaf,
    };
    let empty = |value: Option<&Value>| match value {
        Some(Value::Object(fields)) => fields.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        other => other.is_none_or(Value::is_null),
    };
    if form == Form::Leaf || (empty(before) && empty(after)) {
        match after {
            Some(_) => out.changed.own = true,
            None => out.removed.own = true,
        }
        return Some(out);
    }
    if form == Form::Map {
        differ_in_fields(ty, before, after, &mut out);
    } else {
        differ_in_items(ty, form, before, after, &mut out);
    }
    match (before, after) {
        (None, _) => out.changed.own = true,
        (_, None) => out.removed.own = true,
        _ => {}
    }
    Some(out)
}

fn differ_in_fields(
    ty: TypeRef<'_>,
    before: Option<&Value>,
    after: Option<&Value>,
    out: &mut Comparison,
) {
    let empty = Map::new();
    let before = before.and_then(Value::as_object).unwrap_or(&empty);
    let after = after.and_then(Value::as_object).unwrap_or(&empty);
    let added = after.keys().filter(|name| !before.contains_key(*name));
    for name in before.keys().chain(added) {
        if let Some(part) = differ(ty.field(name), before.get(name), after.get(name)) {
            out.put(field_step(name), part);
        }
    }
}

fn differ_in_items(
    ty: TypeRef<'_>,
    form: Form<'_>,
    before: Option<&Value>,
    after: Option<&Value>,
    out: &mut Comparison,
) {
    let before = index(ty, form, before);
    let after = index(ty, form, after);
    let steps: BTreeSet<&Step> = before.keys().chain(after.keys()).collect();
    for step in steps {
        if let Some(part) = differ(
            ty.item(),
            before.get(step).copied(),
            after.get(step).copied(),
        ) {
            out.put(step.clone(), part);
        }
    }
}

fn index<'v>(
    ty: TypeRef<'_>,
    form: Form<'_>,
    list: Option<&'v Value>,
) -> BTreeMap<Step, &'v Value> {
    let items = list
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .enumerate();
    items
        .map(|(at, item)| (ty.step(form, item, at), item))
        .collect()
}

impl Comparison {
    fn put(&mut self, step: Step, part: Self) {
        self.changed.put(step.clone(), part.changed);
        self.removed.put(step, part.removed);
    }
}

/// The live value with all fields of the wanted one laid over it.
pub fn merge(ty: TypeRef<'_>, live: &Value, wanted: &Value) -> Value {
    let form = ty.form(wanted);
    if form != ty.form(live) {
        return wanted.clone();
    }
    match (form, live, wanted) {
        (Form::Map, Value::Object(live), Value::Object(wanted)) => {
            let mut merged = live.clone();
            for (name, value) in wanted {
                let value = match live.get(name) {
                    Some(before) => merge(ty.field(name), before, value),
                    None => value.clone(),
                };
                merged.insert(name.clone(), value);
            }
            Value::Object(merged)
        }
        (Form::Set | Form::Keyed(_), Value::Array(live), Value::Array(wanted)) => {
            Value::Array(merge_items(ty, form, live, wanted))
        }
        _ => wanted.clone(),
    }
}

/// Items of both lists: live-only ones keep their place, wanted ones come in the wanted order.
fn merge_items(ty: TypeRef<'_>, form: Form<'_>, live: &[Value], wanted: &[Value]) -> Vec<Value> {
    let steps = |items: &[Value]| -> Vec<Step> {
        items
            .iter()
            .enumerate()
            .map(|(at, item)| ty.step(form, item, at))
            .collect()
    };
    let (live_steps, wanted_steps) = (steps(live), steps(wanted));
    let find = |steps: &[Step], step: &Step| steps.iter().position(|one| one == step);
    let mut shared = wanted_steps.iter().filter(|step| live_steps.contains(step));
    let mut next_shared = shared.next();
    let mut merged = Vec::new();
    let mut done: BTreeSet<&Step> = BTreeSet::new();
    let (mut at_live, mut at_wanted) = (0, 0);
    while at_live < live.len() || at_wanted < wanted.len() {
        let both = at_live < live.len() && at_wanted < wanted.len();
        if both {
            let step = &live_steps[at_live];
            if *step == wanted_steps[at_wanted] {
                merged.push(merge(ty.item(), &live[at_live], &wanted[at_wanted]));
                done.insert(step);
                at_live += 1;
                at_wanted += 1;
                next_shared = shared.next();
                continue;
            }
            if wanted_steps.contains(step) && next_shared.is_some_and(|next| next != step) {
                at_live += 1;
                continue;
            }
        }
        if at_live < live.len() {
            let step = &live_steps[at_live];
            if !wanted_steps.contains(step) {
                merged.push(live[at_live].clone());
                at_live += 1;
                continue;
            }
            if done.contains(step) {
                at_live += 1;
            }
        }
        if at_wanted < wanted.len() {
            let step = &wanted_steps[at_wanted];
            merged.push(match find(&live_steps, step) {
                Some(at) => merge(ty.item(), &live[at], &wanted[at_wanted]),
                None => wanted[at_wanted].clone(),
            });
            done.insert(step);
            at_wanted += 1;
            if next_shared == Some(step) {
                next_shared = shared.next();
            }
        }
    }
    merged
}

/// What is left of a value without these fields; `None` when nothing is.
pub fn without(ty: TypeRef<'_>, value: &Value, gone: &FieldSet) -> Option<Value> {
    let form = ty.form(value);
    match (form, value) {
        (Form::Map, Value::Object(fields)) if !fields.is_empty() => {
            let mut left = Map::new();
            for (name, value) in fields {
                match gone.children.get(&field_step(name)) {
                    None => drop(left.insert(name.clone(), value.clone())),
                    Some(below) if below.own => {}
                    Some(below) => {
                        if let Some(value) = without(ty.field(name), value, below) {
                            left.insert(name.clone(), value);
                        }
                    }
                }
            }
            (!left.is_empty()).then_some(Value::Object(left))
        }
        (Form::Set | Form::Keyed(_), Value::Array(items)) if !items.is_empty() => {
            let mut left = Vec::new();
            for (index, item) in items.iter().enumerate() {
                match gone.children.get(&ty.step(form, item, index)) {
                    None => left.push(item.clone()),
                    Some(below) if below.own => {}
                    Some(below) => left.extend(without(ty.item(), item, below)),
                }
            }
            (!left.is_empty()).then_some(Value::Array(left))
        }
        _ => Some(value.clone()),
    }
}

/// The set, with each declared field in it that has only longer paths so far.
pub fn with_named_fields(ty: TypeRef<'_>, set: &FieldSet) -> FieldSet {
    let mut all = FieldSet {
        own: set.own,
        children: LiteMap::new(),
    };
    for (step, child) in &set.children {
        let name = step.strip_prefix("f:");
        let below = name.map_or_else(|| ty.item(), |name| ty.field(name));
        let mut child = with_named_fields(below, child);
        child.own |= name.is_some_and(|name| ty.declares(name));
        all.children.insert(step.clone(), child);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn service() -> TypeRef<'static> {
        let schemas = plimsoll_schema::kubernetes();
        TypeRef::new(
            schemas,
            schemas.kind("", "v1", "Service").expect("a built-in kind"),
        )
    }

    fn below<'a>(set: &'a FieldSet, steps: &[&str]) -> &'a FieldSet {
        let child = |set: &'a FieldSet, step: &&str| set.children.get(*step).expect("in the set");
        steps.iter().fold(set, child)
    }

    #[test]
    fn ports_of_one_number_and_two_protocols_stay_apart() {
        let live = json!({"spec": {"ports": [{"port": 53, "protocol": "UDP"}]}});
        let wanted = json!({"spec": {"ports": [{"port": 53, "name": "tcp"}]}});
        let merged = merge(service(), &live, &wanted);
        assert_eq!(merged["spec"]["ports"].as_array().map(Vec::len), Some(2));
        let set = to_set(service(), &wanted);
        let step = "k:{\"port\":53,\"protocol\":\"TCP\"}";
        assert!(below(&set, &["f:spec", "f:ports", step]).own);
    }

    #[test]
    fn merged_lists_keep_live_items_and_take_the_wanted_order() {
        let item = |name: &str| json!({"port": 1, "protocol": name});
        let list = |names: &[&str]| json!({"spec": {"ports": names.iter().map(|name| item(name)).collect::<Vec<_>>()}});
        let merged = merge(service(), &list(&["a", "b", "c"]), &list(&["c", "x", "a"]));
        let names: Vec<&str> = merged["spec"]["ports"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|one| one["protocol"].as_str())
            .collect();
        assert_eq!(names, ["b", "c", "x", "a"]);
    }

    #[test]
    fn an_atomic_map_is_one_field() {
        let set = to_set(service(), &json!({"spec": {"selector": {"app": "a"}}}));
        assert!(below(&set, &["f:spec", "f:selector"]).own);
        assert!(below(&set, &["f:spec", "f:selector"]).children.is_empty());
    }

    #[test]
    fn a_difference_names_added_parents_too() {
        let comparison = compare(
            service(),
            &json!({"metadata": {}}),
            &json!({"metadata": {"labels": {"a": "1"}}}),
        );
        assert_eq!(
            comparison.changed.paths(),
            [".metadata.labels", ".metadata.labels.a"]
        );
        assert_eq!(comparison.removed.paths(), Vec::<String>::new());
    }
}
