//! Istio's own word on a connection: `AuthorizationPolicy` at layer 4.
//!
//! Source: Istio 1.30, "Authorization Policy": a matching DENY refuses; where ALLOW policies select
//! the callee one of them must match; rules on HTTP never match below a waypoint. Policies that
//! are attached to a waypoint by `targetRefs` are not judged.

use super::walk::stop;
use super::{Cidr, ObjectRef, Party, Stop, Walk, read, selector};
use crate::state::State;
use serde_json::Value;
use std::sync::Arc;

const KIND: &str = "security.istio.io/AuthorizationPolicy";
/// Policies here hold for the whole mesh.
const ROOT: &str = "istio-system";

/// Asks the policies that select the callee, if it is in the mesh.
pub(super) fn authorise(
    state: &State,
    walk: &mut Walk,
    from: &Party,
    to: &Party,
    port: u16,
) -> Result<(), Stop> {
    if !to.is_meshed() {
        return Ok(());
    }
    let policies = selecting(state, to);
    let takes = |policy: &&Arc<Value>| {
        let rules = read::items(policy, "/spec/rules");
        rules.iter().any(|rule| matches(rule, from, port))
    };
    let action = |policy: &Value| match read::text(policy, "/spec/action") {
        "" => "ALLOW".to_owned(),
        action => action.to_owned(),
    };
    let line = format!("{from} reach {to} on {port}");
    let mut denying = policies.iter().filter(|policy| action(policy) == "DENY");
    if let Some(policy) = denying.find(takes) {
        return Err(stop(
            ObjectRef::of(policy),
            format!("refuses to let {line}"),
        ));
    }
    let allowing: Vec<_> = policies
        .iter()
        .filter(|policy| action(policy) == "ALLOW")
        .collect();
    let Some(first) = allowing.first() else {
        return Ok(());
    };
    match allowing.iter().find(|policy| takes(policy)) {
        Some(policy) => {
            walk.pass(ObjectRef::of(policy), format!("lets {line}"));
            Ok(())
        }
        None => Err(stop(ObjectRef::of(first), format!("does not let {line}"))),
    }
}

fn selecting(state: &State, to: &Party) -> Vec<Arc<Value>> {
    let mut policies = state.list_in(KIND, &to.namespace);
    if to.namespace != ROOT {
        policies.extend(state.list_in(KIND, ROOT));
    }
    policies.retain(|policy| {
        let spec = &policy["spec"];
        spec.get("targetRef").is_none()
            && spec.get("targetRefs").is_none()
            && selector::matches(&spec["selector"], &to.labels)
    });
    policies
}

fn matches(rule: &Value, from: &Party, port: u16) -> bool {
    let sources = read::items(rule, "/from");
    let operations = read::items(rule, "/to");
    let conditions = read::items(rule, "/when");
    conditions.is_empty()
        && (sources.is_empty() || sources.iter().any(|one| is_source(&one["source"], from)))
        && (operations.is_empty()
            || operations
                .iter()
                .any(|one| is_operation(&one["operation"], port)))
}

/// All fields of a source must hold; `not…` fields must not.
fn is_source(source: &Value, from: &Party) -> bool {
    let meshed = from.is_meshed();
    let principal = from.principal().filter(|_| meshed).unwrap_or_default();
    let account = principal.rsplit('/').next().unwrap_or_default();
    let qualified = format!("{}/{account}", from.namespace);
    let namespace = if meshed { from.namespace.as_str() } else { "" };
    let held = |words: &Value, values: &[&str]| {
        let words = words
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        words.into_iter().any(|word| {
            values
                .iter()
                .any(|value| !value.is_empty() && like(word, value))
        })
    };
    let inside = |ranges: &Value| {
        let ranges = ranges
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        let address = from.address;
        ranges
            .filter_map(Cidr::parse)
            .any(|range| address.is_some_and(|address| range.contains(address)))
    };
    source
        .as_object()
        .into_iter()
        .flatten()
        .all(|(field, words)| match field.as_str() {
            "principals" => held(words, &[&principal]),
            "notPrincipals" => !held(words, &[&principal]),
            "namespaces" => held(words, &[namespace]),
            "notNamespaces" => !held(words, &[namespace]),
            "serviceAccounts" => !account.is_empty() && held(words, &[account, &qualified]),
            "notServiceAccounts" => account.is_empty() || !held(words, &[account, &qualified]),
            "ipBlocks" => inside(words),
            "notIpBlocks" => !inside(words),
            _ => false,
        })
}

fn is_operation(operation: &Value, port: u16) -> bool {
    let named = |words: &Value| {
        words
            .as_array()
            .into_iter()
            .flatten()
            .any(|word| word.as_str().and_then(|word| word.parse().ok()) == Some(port))
    };
    operation
        .as_object()
        .into_iter()
        .flatten()
        .all(|(field, words)| match field.as_str() {
            "ports" => named(words),
            "notPorts" => !named(words),
            _ => false,
        })
}

/// Exact, `*`, or with a `*` at one end.
fn like(word: &str, value: &str) -> bool {
    match (word.strip_prefix('*'), word.strip_suffix('*')) {
        _ if word == "*" => true,
        (Some(tail), _) => value.ends_with(tail),
        (_, Some(head)) => value.starts_with(head),
        _ => word == value,
    }
}
