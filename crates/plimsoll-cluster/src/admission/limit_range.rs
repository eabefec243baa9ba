//! Limit ranges: amounts for containers that name none, and the bounds of those that do.

use serde_json::{Map, Value, json};

use crate::defaults::put;
use crate::error::ApiError;
use crate::kinds::Kind;
use crate::object;
use crate::quantity;
use crate::state::State;

const ANNOTATION: &str = "kubernetes.io/limit-ranger";

/// Fills in requests and limits that a pod's containers leave out.
pub fn fill(state: &State, pod: &mut Value) {
    let ranges = state.list_in("LimitRange", object::namespace(pod));
    let mut notes = Vec::new();
    for item in ranges.iter().flat_map(|range| items(range, "Container")) {
        for field in ["containers", "initContainers"] {
            let word = if field == "containers" {
                "container"
            } else {
                "init container"
            };
            for container in pod["spec"]
                .get_mut(field)
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten()
            {
                for (amounts, from, name) in [
                    ("requests", "defaultRequest", "request"),
                    ("limits", "default", "limit"),
                ] {
                    let set = fill_amounts(&mut container["resources"], amounts, &item[from]);
                    if !set.is_empty() {
                        let container = container["name"].as_str().unwrap_or_default();
                        notes.push(format!("{} {name} for {word} {container}", set.join(", ")));
                    }
                }
            }
        }
    }
    if !notes.is_empty() {
        put(&mut pod["metadata"], "annotations", json!({}));
        put(
            &mut pod["metadata"]["annotations"],
            ANNOTATION,
            format!("LimitRanger plugin set: {}", notes.join("; ")),
        );
    }
}

fn fill_amounts(resources: &mut Value, field: &str, defaults: &Value) -> Vec<String> {
    let empty = Map::new();
    let mut set = Vec::new();
    for (name, amount) in defaults.as_object().unwrap_or(&empty) {
        if resources[field].get(name).is_none() {
            put(resources, field, json!({}));
            put(&mut resources[field], name, amount.clone());
            set.push(name.clone());
        }
    }
    set.sort();
    set
}

/// Refuses a pod or a claim outside the bounds.
pub fn check(state: &State, kind: &Kind, object: &Value) -> Result<(), ApiError> {
    let ranges = || state.list_in("LimitRange", object::namespace(object));
    let wrong = match kind.key.as_ref() {
        "Pod" => ranges()
            .iter()
            .flat_map(|range| pod_breaks(range, object))
            .collect::<Vec<_>>(),
        "PersistentVolumeClaim" => ranges()
            .iter()
            .flat_map(|range| {
                items(range, "PersistentVolumeClaim")
                    .flat_map(|item| claim_breaks(item, object))
                    .collect::<Vec<_>>()
            })
            .collect(),
        _ => return Ok(()),
    };
    match wrong.as_slice() {
        [] => Ok(()),
        [one] => Err(ApiError::forbidden(
            &kind.group,
            &kind.plural,
            object::name(object),
            one,
        )),
        many => {
            let why = format!("[{}]", many.join(", "));
            Err(ApiError::forbidden(
                &kind.group,
                &kind.plural,
                object::name(object),
                &why,
            ))
        }
    }
}

fn pod_breaks(range: &Value, pod: &Value) -> Vec<String> {
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    let mut wrong = Vec::new();
    for container in containers {
        for item in items(range, "Container") {
            wrong.extend(breaks(item, &container["resources"], "Container"));
        }
    }
    for item in items(range, "Pod") {
        wrong.extend(breaks(item, &total(pod), "Pod"));
    }
    wrong
}

/// The sum over a pod's containers, as far as each of them names an amount.
fn total(pod: &Value) -> Value {
    let mut sums = json!({"requests": {}, "limits": {}});
    for container in pod["spec"]["containers"].as_array().into_iter().flatten() {
        for field in ["requests", "limits"] {
            for (name, amount) in container["resources"][field]
                .as_object()
                .into_iter()
                .flatten()
            {
                let before = quantity::milli(&sums[field][name]).unwrap_or(0);
                let sum = before + quantity::milli(amount).unwrap_or(0);
                sums[field][name] = json!(if name == "cpu" {
                    quantity::decimal(sum)
                } else {
                    quantity::binary(sum)
                });
            }
        }
    }
    sums
}

fn claim_breaks(item: &Value, claim: &Value) -> Vec<String> {
    breaks(item, &claim["spec"]["resources"], "PersistentVolumeClaim")
}

fn breaks(item: &Value, resources: &Value, what: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, min) in item["min"].as_object().into_iter().flatten() {
        let request = &resources["requests"][name];
        match quantity::milli(request) {
            None => wrong.push(format!(
                "minimum {name} usage per {what} is {}.  No request is specified",
                text(min)
            )),
            Some(asked) if quantity::milli(min).is_some_and(|min| asked < min) => {
                wrong.push(format!(
                    "minimum {name} usage per {what} is {}, but request is {}",
                    text(min),
                    text(request)
                ));
            }
            Some(_) => {}
        }
    }
    for (name, max) in item["max"].as_object().into_iter().flatten() {
        let (limit, request) = (&resources["limits"][name], &resources["requests"][name]);
        let above = |amount: &Value| quantity::milli(amount) > quantity::milli(max);
        if what == "PersistentVolumeClaim" || !limit.is_null() {
            let (amount, word) = if limit.is_null() {
                (request, "request")
            } else {
                (limit, "limit")
            };
            if above(amount) {
                wrong.push(format!(
                    "maximum {name} usage per {what} is {}, but {word} is {}",
                    text(max),
                    text(amount)
                ));
            }
        } else {
            wrong.push(format!(
                "maximum {name} usage per {what} is {}.  No limit is specified",
                text(max)
            ));
        }
    }
    wrong
}

fn text(amount: &Value) -> String {
    amount
        .as_str()
        .map_or_else(|| amount.to_string(), str::to_owned)
}

fn items<'r>(range: &'r Value, kind: &str) -> impl Iterator<Item = &'r Value> {
    range["spec"]["limits"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(move |item| item["type"] == kind)
}
