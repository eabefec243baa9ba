//! Whether a node may take a pod: the filters, in the order of the default profile.

use serde_json::Value;

use super::nodes::Node;
use super::resources::{Amounts, requests};
use super::spread::Spread;
use super::{View, affinity, pods_on, volumes};
use crate::controllers::read;
use crate::controllers::selector::expression_matches;
use crate::object;

/// What a pod wants, read once for all nodes.
pub struct Fit {
    requests: Amounts,
    spread: Spread,
    affinity: affinity::Terms,
    volumes: volumes::Wishes,
    ports: Vec<(String, i64)>,
}

/// Why a node cannot take a pod.
#[derive(Debug, Default)]
pub struct Refusals {
    /// One sentence part each.
    pub reasons: Vec<String>,
    /// Whether it could if other pods went away.
    pub solvable: bool,
}

impl Fit {
    /// Reads a pod's wishes; fails with a reason that holds for all nodes.
    pub fn new(view: &View<'_>, pod: &Value) -> Result<Self, String> {
        Ok(Self {
            volumes: volumes::Wishes::read(view.state, pod)?,
            requests: requests(pod),
            spread: Spread::hard(view, pod),
            affinity: affinity::Terms::read(view, pod),
            ports: host_ports(pod),
        })
    }

    /// Why this node cannot take the pod; the first filter that refuses speaks.
    pub fn refusals(&self, view: &View<'_>, pod: &Value, node: &Node) -> Refusals {
        let firm = |reason: String| Refusals {
            reasons: vec![reason],
            solvable: false,
        };
        if let Some(reason) = refused_by_node(pod, node) {
            return firm(reason);
        }
        if self
            .ports
            .iter()
            .any(|port| pods_on(view, node.name()).any(|one| host_ports(&one.pod).contains(port)))
        {
            let reason = "node(s) didn't have free ports for the requested pod ports";
            return Refusals {
                reasons: vec![reason.to_owned()],
                solvable: true,
            };
        }
        let short = self.short_of(node);
        if !short.reasons.is_empty() {
            return short;
        }
        if let Some(reason) = self.volumes.refusal(node) {
            return firm(reason);
        }
        if let Some((reason, solvable)) = self.spread.refusal(node) {
            return Refusals {
                reasons: vec![reason.to_owned()],
                solvable,
            };
        }
        if let Some((reason, solvable)) = self.affinity.refusal(view, pod, node) {
            return Refusals {
                reasons: vec![reason.to_owned()],
                solvable,
            };
        }
        Refusals::default()
    }

    /// What the pod requests.
    pub fn requests(&self) -> &Amounts {
        &self.requests
    }

    fn short_of(&self, node: &Node) -> Refusals {
        let room = |name: &str| node.allocatable.get(name).copied().unwrap_or_default();
        let mut found = Refusals {
            reasons: Vec::new(),
            solvable: true,
        };
        let count = i128::try_from(node.pods.len()).unwrap_or_default() + 1;
        if count * 1000 > room("pods") {
            found.reasons.push("Too many pods".to_owned());
        }
        for (name, wanted) in self.requests.iter().filter(|(_, wanted)| **wanted > 0) {
            let taken = node.taken.get(name).copied().unwrap_or_default();
            if taken + wanted > room(name) {
                found.reasons.push(format!("Insufficient {name}"));
                found.solvable &= *wanted <= room(name);
            }
        }
        found
    }
}

fn refused_by_node(pod: &Value, node: &Node) -> Option<String> {
    let object = node.object.as_deref()?;
    if read::flag(object, "/spec/unschedulable") && !tolerates(pod, &unschedulable_taint()) {
        return Some("node(s) were unschedulable".to_owned());
    }
    if let Some(taint) = read::items(object, "/spec/taints").iter().find(|taint| {
        matches!(taint["effect"].as_str(), Some("NoSchedule" | "NoExecute"))
            && !tolerates(pod, taint)
    }) {
        let text = |field: &str| taint[field].as_str().unwrap_or_default();
        return Some(format!(
            "node(s) had untolerated taint {{{}: {}}}",
            text("key"),
            text("value")
        ));
    }
    (!node_selected(pod, object))
        .then(|| "node(s) didn't match Pod's node affinity/selector".to_owned())
}

/// Whether a pod may be on a node for all that the two say of each other; room does not count.
pub fn is_admitted_by(pod: &Value, node: &Value) -> bool {
    let known = Node {
        object: Some(node.clone().into()),
        ..Node::default()
    };
    refused_by_node(pod, &known).is_none()
}

fn unschedulable_taint() -> Value {
    serde_json::json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"})
}

fn tolerates(pod: &Value, taint: &Value) -> bool {
    read::items(pod, "/spec/tolerations")
        .iter()
        .any(|toleration| {
            let text =
                |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
            let effect = text(toleration, "effect");
            if !effect.is_empty() && effect != text(taint, "effect") {
                return false;
            }
            let key = text(toleration, "key");
            if !key.is_empty() && key != text(taint, "key") {
                return false;
            }
            text(toleration, "operator") == "Exists"
                || text(toleration, "value") == text(taint, "value")
        })
}

/// Whether `nodeSelector` and required node affinity take this node.
pub fn node_selected(pod: &Value, node: &Value) -> bool {
    let labels = &node["metadata"]["labels"];
    let plain = read::texts(pod, "/spec/nodeSelector").all(|(key, value)| labels[key] == value);
    let required = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution";
    plain
        && pod
            .pointer(required)
            .is_none_or(|terms| node_terms_match(&terms["nodeSelectorTerms"], node))
}

/// Whether any term of a node selector takes this node.
pub fn node_terms_match(terms: &Value, node: &Value) -> bool {
    terms
        .as_array()
        .is_some_and(|terms| terms.iter().any(|term| node_term_matches(term, node)))
}

/// Whether one term of a node selector takes this node; an empty term takes none.
pub fn node_term_matches(term: &Value, node: &Value) -> bool {
    let expressions = read::items(term, "/matchExpressions");
    let fields = read::items(term, "/matchFields");
    let name = serde_json::json!({"metadata.name": object::name(node)});
    !(expressions.is_empty() && fields.is_empty())
        && expressions
            .iter()
            .all(|one| expression_matches(one, &node["metadata"]["labels"]))
        && fields.iter().all(|one| expression_matches(one, &name))
}

fn host_ports(pod: &Value) -> Vec<(String, i64)> {
    let containers = read::items(pod, "/spec/containers").iter();
    let ports = containers.flat_map(|container| read::items(container, "/ports"));
    ports
        .filter_map(|port| {
            let number = port["hostPort"].as_i64().filter(|number| *number != 0)?;
            Some((
                port["protocol"].as_str().unwrap_or("TCP").to_owned(),
                number,
            ))
        })
        .collect()
}
