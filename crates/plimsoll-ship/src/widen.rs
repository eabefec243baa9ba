//! While programs leave that are still there, who may talk to whom is what it was and what it shall
//! be, together. Otherwise a store would turn the old pods away before the new ones are up.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::apply::Refusal;
use crate::cause::Cause;
use crate::engine::Engine;
use crate::error::ShipError;
use crate::inventory::Inventory;
use crate::observe::Observed;
use crate::pod_spec::{runs_replicas, template};
use crate::references::items;
use crate::release::{ObjectKey, Release};
use crate::request::{Apply, Write};
use crate::steps::{Planned, Step};

/// How long pods that leave may take to end before they are cut off.
const PATIENCE: Duration = Duration::from_mins(2);

/// A policy that is wide for now: its number in the release, and what it shall say in the end.
pub(crate) type Wide = (usize, Value);

/// Widens every policy that changes while workloads leave.
pub(crate) fn widen(
    release: &Release,
    planned: &mut [Planned],
    observed: &Observed,
    inventory: &Inventory,
) -> Vec<Wide> {
    if leaving(observed, inventory).next().is_none() {
        return Vec::new();
    }
    let mut wide = Vec::new();
    for (node, (desired, planned)) in release.objects.iter().zip(planned).enumerate() {
        let Some(live) = observed.get(&desired.key) else {
            continue;
        };
        if planned.step != Step::Apply {
            continue;
        }
        if let Some(both) = both(&desired.key, &live.data, &planned.body) {
            wide.push((node, std::mem::replace(&mut planned.body, both)));
        }
    }
    wide
}

/// Workloads that the release no longer has and that are still there.
fn leaving<'a>(
    observed: &'a Observed,
    inventory: &'a Inventory,
) -> impl Iterator<Item = &'a ObjectKey> {
    let left = inventory.0.iter().filter(|(_, entry)| entry.left);
    left.map(|(key, _)| key)
        .filter(|key| runs_replicas(key) && observed.get(key).is_some())
}

/// A policy that allows what either says; none where that is the new one, or where both cannot be said
/// together.
fn both(key: &ObjectKey, live: &Value, new: &Value) -> Option<Value> {
    let joined = match (key.group(), key.kind.as_str()) {
        ("networking.k8s.io", "NetworkPolicy") => network_policy(live, new),
        ("cilium.io", "CiliumNetworkPolicy" | "CiliumClusterwideNetworkPolicy") => {
            cilium_policy(live, new)
        }
        ("security.istio.io", "AuthorizationPolicy") => authorization_policy(live, new),
        _ => None,
    };
    joined.filter(|both| both != new)
}

/// Whether both say the same at these places: which pods, and what kind of policy. Other pods, or what is
/// forbidden, cannot be said together.
fn agree(live: &Value, new: &Value, places: &[&str]) -> bool {
    places
        .iter()
        .all(|place| live.pointer(place) == new.pointer(place))
}

/// The rules of the new one, and those that only the old one has.
fn rules(live: &Value, new: &Value, list: &str) -> Value {
    let wanted = items(new, list);
    let only_old = items(live, list)
        .iter()
        .filter(|rule| !wanted.contains(rule));
    Value::Array(wanted.iter().chain(only_old).cloned().collect())
}

/// A direction that is no policy type is not limited.
fn network_policy(live: &Value, new: &Value) -> Option<Value> {
    if !agree(live, new, &["/spec/podSelector"]) {
        return None;
    }
    let mut both = new.clone();
    for (direction, list) in [("Ingress", "/spec/ingress"), ("Egress", "/spec/egress")] {
        let is_limited = |policy: &Value| {
            let types = items(policy, "/spec/policyTypes");
            types.iter().any(|one| one == direction)
        };
        if !is_limited(new) {
            continue;
        }
        if !is_limited(live) {
            let types = both["spec"]["policyTypes"].as_array_mut()?;
            types.retain(|one| one != direction);
            continue;
        }
        both["spec"][direction.to_lowercase()] = rules(live, new, list);
    }
    Some(both)
}

/// A direction without a list is not limited (Cilium 1.18, `api.Rule`).
fn cilium_policy(live: &Value, new: &Value) -> Option<Value> {
    let same = [
        "/spec/endpointSelector",
        "/spec/nodeSelector",
        "/spec/ingressDeny",
        "/spec/egressDeny",
        "/spec/enableDefaultDeny",
        "/specs",
    ];
    if !agree(live, new, &same) {
        return None;
    }
    let mut both = new.clone();
    for (direction, list) in [("ingress", "/spec/ingress"), ("egress", "/spec/egress")] {
        if new.pointer(list).is_none() {
            continue;
        }
        let spec = both["spec"].as_object_mut()?;
        match live.pointer(list) {
            Some(_) => spec.insert(direction.to_owned(), rules(live, new, list)),
            None => spec.remove(direction),
        };
    }
    Some(both)
}

/// Rules of a policy that allows add up; one without rules allows nothing (Istio 1.27).
fn authorization_policy(live: &Value, new: &Value) -> Option<Value> {
    let same = [
        "/spec/selector",
        "/spec/targetRefs",
        "/spec/targetRef",
        "/spec/provider",
    ];
    let action = |policy: &Value| {
        let said = policy.pointer("/spec/action").and_then(Value::as_str);
        said.unwrap_or("ALLOW").to_owned()
    };
    if !agree(live, new, &same) || action(live) != "ALLOW" || action(new) != "ALLOW" {
        return None;
    }
    let mut both = new.clone();
    both["spec"]["rules"] = rules(live, new, "/spec/rules");
    let is_nothing = new.pointer("/spec/rules").is_none() && items(&both, "/spec/rules").is_empty();
    (!is_nothing).then_some(both)
}

/// Makes policies say what they shall, once the pods that left are gone or had their time.
pub(crate) async fn narrow(
    engine: &mut Engine<'_>,
    wide: Vec<Wide>,
    left: &[(ObjectKey, Value)],
) -> Result<(), ShipError> {
    if wide.is_empty() {
        return Ok(());
    }
    let deadline = Instant::now() + PATIENCE;
    while left
        .iter()
        .any(|(key, labels)| has_pods(&engine.observed, key, labels))
    {
        if timeout_at(deadline, engine.observed.next()).await.is_err() {
            break;
        }
    }
    for (node, body) in wide {
        let key = engine.graph.key(node).clone();
        let api = engine.kinds.api(engine.client, &key)?;
        let apply = Apply {
            body,
            ..Apply::default()
        };
        match Write::Apply(Box::new(apply)).send(api, &key.name).await {
            Ok(object) => engine.confirmed(&key, object),
            Err(Refusal::Unreachable(error)) => {
                return Err(ShipError::request(format!("applying {key}"))(error));
            }
            Err(Refusal::Refused(cause)) => engine.fail(node, Cause::Refused, cause, Vec::new()),
            Err(Refusal::Conflict(fields)) => engine.fail(
                node,
                Cause::FieldOfOthers,
                format!(
                    "others set fields that the release sets otherwise: {}",
                    fields.join(", ")
                ),
                Vec::new(),
            ),
        }
    }
    Ok(())
}

/// Workloads that leave, with the labels of their pods.
pub(crate) fn pods_that_leave(
    observed: &Observed,
    inventory: &Inventory,
) -> Vec<(ObjectKey, Value)> {
    let labels = |key: &ObjectKey| {
        let live = observed.get(key)?;
        template(key, &live.data)?
            .pointer("/metadata/labels")
            .cloned()
    };
    leaving(observed, inventory)
        .filter_map(|key| Some((key.clone(), labels(key)?)))
        .collect()
}

fn has_pods(observed: &Observed, left: &ObjectKey, labels: &Value) -> bool {
    let wanted = labels.as_object();
    observed
        .of_kind("v1", "Pod")
        .filter(|(key, _)| key.namespace == left.namespace)
        .any(|(_, pod)| {
            let carried = pod.metadata.labels.as_ref();
            wanted.into_iter().flatten().all(|(name, value)| {
                carried.and_then(|all| all.get(name)).map(String::as_str) == value.as_str()
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn widened(api_version: &str, kind: &str, live: &Value, new: &Value) -> Option<Value> {
        let key = ObjectKey::new(api_version, kind, Some("shop"), "db");
        both(&key, &json!({ "spec": live }), &json!({ "spec": new }))
    }

    fn cilium(live: &Value, new: &Value) -> Option<Value> {
        widened("cilium.io/v2", "CiliumNetworkPolicy", live, new)
    }

    fn istio(live: &Value, new: &Value) -> Option<Value> {
        let (version, kind) = ("security.istio.io/v1", "AuthorizationPolicy");
        widened(version, kind, live, new)
    }

    #[test]
    fn a_cilium_policy_lets_in_who_leaves_and_who_comes() {
        let (old, new) = (
            json!({ "fromEndpoints": ["old"] }),
            json!({ "fromEndpoints": ["new"] }),
        );
        let policy = |rule: &Value| json!({ "endpointSelector": { "a": "b" }, "ingress": [rule] });
        let both = cilium(&policy(&old), &policy(&new)).expect("it is wider");
        assert_eq!(both["spec"]["ingress"], json!([new, old]));
        assert_eq!(cilium(&policy(&new), &policy(&new)), None);
    }

    #[test]
    fn a_direction_that_was_open_stays_open_for_now() {
        let live = json!({ "endpointSelector": {} });
        let new = json!({ "endpointSelector": {}, "egress": [{ "toEntities": ["world"] }] });
        let both = cilium(&live, &new).expect("it is wider");
        assert!(both["spec"].get("egress").is_none(), "{both}");
    }

    #[test]
    fn what_cannot_be_said_together_is_said_as_it_shall_be() {
        let live = json!({ "endpointSelector": { "a": "b" }, "ingress": [] });
        let new = json!({ "endpointSelector": { "a": "c" }, "ingress": [{}] });
        assert_eq!(cilium(&live, &new), None);
        let forbids = json!({ "action": "DENY", "rules": [{ "from": ["old"] }] });
        assert_eq!(
            istio(&forbids, &json!({ "action": "DENY", "rules": [] })),
            None
        );
        let other = json!({ "selector": { "matchLabels": { "a": "c" } }, "rules": [{}] });
        assert_eq!(istio(&json!({ "rules": [{}] }), &other), None);
    }

    #[test]
    fn an_authorization_lets_in_who_leaves_and_who_comes() {
        let rule = |who: &str| json!({ "from": [{ "source": { "principals": [who] } }] });
        let policy = |who: &str| json!({ "selector": { "a": "b" }, "action": "ALLOW", "rules": [rule(who)] });
        let both = istio(&policy("old"), &policy("new")).expect("it is wider");
        assert_eq!(both["spec"]["rules"], json!([rule("new"), rule("old")]));
        // Nothing was let in before: nothing is added.
        let nothing = json!({ "selector": { "a": "b" } });
        assert_eq!(istio(&nothing, &policy("new")), None);
    }
}
