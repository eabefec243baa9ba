//! Resource quotas: nothing is created that would use more of a namespace than is granted.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::ApiError;
use crate::kinds::Kind;
use crate::object;
use crate::quantity::{self, Milli};
use crate::state::State;

/// Amounts by resource name, in thousandths.
pub type Amounts = BTreeMap<String, Milli>;

/// Refuses an object that exceeds a quota of its namespace.
pub fn check(
    state: &State,
    kind: &Kind,
    old: Option<&Value>,
    object: &Value,
) -> Result<(), ApiError> {
    let namespace = object::namespace(object);
    if !kind.namespaced || kind.key.as_ref() == "ResourceQuota" {
        return Ok(());
    }
    for quota in state.store.list_in("ResourceQuota", namespace) {
        if !in_scope(&quota["spec"], kind, object) {
            continue;
        }
        let hard = amounts(&quota["spec"]["hard"]);
        if old.is_none() {
            require_amounts(kind, quota, &hard, object)?;
        }
        let before = old.map(|old| usage(kind, old)).unwrap_or_default();
        let mut asked = usage(kind, object);
        for (name, amount) in &mut asked {
            *amount -= before.get(name).copied().unwrap_or(0);
        }
        asked.retain(|name, amount| hard.contains_key(name) && *amount > 0);
        if asked.is_empty() {
            continue;
        }
        let used = used(state, quota);
        let over = |(name, amount): &(&String, &Milli)| {
            used.get(*name).copied().unwrap_or(0) + **amount > hard.get(*name).copied().unwrap_or(0)
        };
        let exceeded: Vec<&String> = asked.iter().filter(over).map(|(name, _)| name).collect();
        if !exceeded.is_empty() {
            let list = |amounts: &Amounts| {
                let pair = |name: &&String| {
                    format!(
                        "{name}={}",
                        written(name, amounts.get(*name).copied().unwrap_or(0))
                    )
                };
                exceeded.iter().map(pair).collect::<Vec<_>>().join(",")
            };
            let why = format!(
                "exceeded quota: {}, requested: {}, used: {}, limited: {}",
                object::name(quota),
                list(&asked),
                list(&used),
                list(&hard)
            );
            return Err(ApiError::forbidden(
                &kind.group,
                &kind.plural,
                object::name(object),
                &why,
            ));
        }
    }
    Ok(())
}

/// What is used of a quota's resources now, by the objects of its namespace.
pub fn used(state: &State, quota: &Value) -> Amounts {
    let hard = amounts(&quota["spec"]["hard"]);
    let mut used: Amounts = hard.keys().map(|name| (name.clone(), 0)).collect();
    let counted = state.kinds().iter().filter(|kind| is_counted(kind, &hard));
    for kind in counted {
        for object in state.store.list_in(&kind.key, object::namespace(quota)) {
            if in_scope(&quota["spec"], kind, object) {
                for (name, amount) in usage(kind, object) {
                    if let Some(sum) = used.get_mut(&name) {
                        *sum += amount;
                    }
                }
            }
        }
    }
    used
}

/// Whether objects of a kind may use what a quota grants.
fn is_counted(kind: &Kind, hard: &Amounts) -> bool {
    let has = |part: &str| hard.keys().any(|name| name.contains(part));
    kind.namespaced
        && match &*kind.key {
            // They use what has other names.
            "Pod" | "Service" | "PersistentVolumeClaim" => true,
            _ => has(&kind.plural),
        }
}

/// What one object uses.
fn usage(kind: &Kind, object: &Value) -> Amounts {
    let mut used = Amounts::new();
    let mut add = |name: &str, amount: Milli| *used.entry(name.to_owned()).or_default() += amount;
    if kind.key.as_ref() != "Pod" || !is_finished(object) {
        let group = if kind.group.is_empty() {
            String::new()
        } else {
            format!(".{}", kind.group)
        };
        add(&format!("count/{}{group}", kind.plural), 1000);
    }
    match kind.key.as_ref() {
        "Pod" if !is_finished(object) => {
            add("pods", 1000);
            for (field, prefix) in [("requests", "requests."), ("limits", "limits.")] {
                for (name, amount) in pod_amounts(&object["spec"], field) {
                    add(&format!("{prefix}{name}"), amount);
                    if field == "requests" {
                        add(&name, amount);
                    }
                }
            }
        }
        "Service" => {
            add("services", 1000);
            let ports = object["spec"]["ports"].as_array().map_or(0, Vec::len);
            match object["spec"]["type"].as_str() {
                Some("LoadBalancer") => {
                    add("services.loadbalancers", 1000);
                    add(
                        "services.nodeports",
                        Milli::try_from(ports).unwrap_or(0) * 1000,
                    );
                }
                Some("NodePort") => add(
                    "services.nodeports",
                    Milli::try_from(ports).unwrap_or(0) * 1000,
                ),
                _ => {}
            }
        }
        "PersistentVolumeClaim" => {
            let storage =
                quantity::milli(&object["spec"]["resources"]["requests"]["storage"]).unwrap_or(0);
            add("persistentvolumeclaims", 1000);
            add("requests.storage", storage);
            if let Some(class) = object["spec"]["storageClassName"].as_str() {
                add(
                    &format!("{class}.storageclass.storage.k8s.io/persistentvolumeclaims"),
                    1000,
                );
                add(
                    &format!("{class}.storageclass.storage.k8s.io/requests.storage"),
                    storage,
                );
            }
        }
        "ConfigMap" | "Secret" | "ReplicationController" => add(&kind.plural, 1000),
        _ => {}
    }
    used
}

/// The larger of what the containers need together and what any init container needs alone.
fn pod_amounts(spec: &Value, field: &str) -> Amounts {
    let list = |name: &str| spec[name].as_array().cloned().unwrap_or_default();
    let mut together = Amounts::new();
    let sidecar = |container: &Value| container["restartPolicy"] == "Always";
    let inits = list("initContainers");
    for container in list("containers")
        .iter()
        .chain(inits.iter().filter(|one| sidecar(one)))
    {
        for (name, amount) in amounts(&container["resources"][field]) {
            *together.entry(name).or_default() += amount;
        }
    }
    for container in inits.iter().filter(|one| !sidecar(one)) {
        for (name, amount) in amounts(&container["resources"][field]) {
            let most = together.entry(name).or_default();
            *most = amount.max(*most);
        }
    }
    together
}

/// Where a quota limits CPU or memory, every container has to say what it needs.
fn require_amounts(
    kind: &Kind,
    quota: &Value,
    hard: &Amounts,
    pod: &Value,
) -> Result<(), ApiError> {
    if kind.key.as_ref() != "Pod" {
        return Ok(());
    }
    let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in hard.keys() {
        let (field, resource) = match name.split_once('.') {
            Some(("limits", resource)) => ("limits", resource),
            Some(("requests", resource)) => ("requests", resource),
            _ => ("requests", name.as_str()),
        };
        if !matches!(resource, "cpu" | "memory") {
            continue;
        }
        for container in pod["spec"]["containers"].as_array().into_iter().flatten() {
            if container["resources"][field][resource].is_null() {
                missing
                    .entry(name)
                    .or_default()
                    .push(container["name"].as_str().unwrap_or_default());
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let listed: Vec<String> = missing
        .iter()
        .map(|(name, of)| format!("{name} for: {}", of.join(",")))
        .collect();
    let why = format!(
        "failed quota: {}: must specify {}",
        object::name(quota),
        listed.join("; ")
    );
    Err(ApiError::forbidden("", "pods", object::name(pod), &why))
}

fn in_scope(spec: &Value, kind: &Kind, object: &Value) -> bool {
    let scopes = spec["scopes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let expressions = spec["scopeSelector"]["matchExpressions"]
        .as_array()
        .into_iter()
        .flatten();
    let pod = &object["spec"];
    let mut all = scopes
        .map(|scope| (scope, &Value::Null))
        .chain(expressions.map(|one| (one["scopeName"].as_str().unwrap_or_default(), one)));
    let best_effort = || crate::prepare::quality_of_service(pod) == "BestEffort";
    let is_pod = kind.key.as_ref() == "Pod";
    all.all(|(scope, expression)| match scope {
        "Terminating" => is_pod && !pod["activeDeadlineSeconds"].is_null(),
        "NotTerminating" => is_pod && pod["activeDeadlineSeconds"].is_null(),
        "BestEffort" => is_pod && best_effort(),
        "NotBestEffort" => is_pod && !best_effort(),
        "PriorityClass" => is_pod && in_priority_class(pod, expression),
        _ => is_pod,
    })
}

fn in_priority_class(pod: &Value, expression: &Value) -> bool {
    let class = &pod["priorityClassName"];
    let listed = expression["values"]
        .as_array()
        .is_some_and(|values| values.contains(class));
    match expression["operator"].as_str() {
        Some("In") => listed,
        Some("NotIn") => !listed,
        Some("DoesNotExist") => class.is_null(),
        _ => !class.is_null(),
    }
}

fn is_finished(pod: &Value) -> bool {
    matches!(
        pod["status"]["phase"].as_str(),
        Some("Succeeded" | "Failed")
    )
}

fn amounts(object: &Value) -> Amounts {
    let pairs = object.as_object().into_iter().flatten();
    pairs
        .filter_map(|(name, amount)| Some((name.clone(), quantity::milli(amount)?)))
        .collect()
}

/// An amount as upstream writes it in messages.
pub fn written(name: &str, amount: Milli) -> String {
    if name.ends_with("memory") || name.ends_with("storage") {
        quantity::binary(amount)
    } else {
        quantity::decimal(amount)
    }
}
