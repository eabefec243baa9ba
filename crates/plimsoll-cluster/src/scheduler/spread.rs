//! Topology spread constraints. Source: `pkg/scheduler/framework/plugins/podtopologyspread`, 1.37.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::affinity::with_label_keys;
use super::fit::{is_admitted_by, node_selected};
use super::nodes::{Node, Nodes};
use super::{View, counted};
use crate::controllers::{read, selector};
use crate::object;

/// Constraints of one kind with the counts that they look at.
pub struct Spread {
    constraints: Vec<Constraint>,
}

struct Constraint {
    key: String,
    max_skew: usize,
    min_domains: usize,
    /// The pod counts itself if it matches.
    own: usize,
    counts: BTreeMap<String, usize>,
}

impl Spread {
    /// The constraints that must hold.
    pub fn hard(view: &View<'_>, pod: &Value) -> Self {
        Self::read(
            view,
            pod,
            read::items(pod, "/spec/topologySpreadConstraints"),
            "DoNotSchedule",
        )
    }

    /// The constraints that should hold; without any, pods of a workload spread over zones and
    /// hosts as the scheduler's own defaults say.
    pub fn soft(view: &View<'_>, pod: &Value) -> Self {
        let written = read::items(pod, "/spec/topologySpreadConstraints");
        if written.is_empty() && object::controller_of(pod).is_some() {
            let labels = &pod["metadata"]["labels"];
            let default = |key: &str, skew: usize| {
                json!({
                    "topologyKey": key,
                    "maxSkew": skew,
                    "whenUnsatisfiable": "ScheduleAnyway",
                    "labelSelector": {"matchLabels": labels},
                })
            };
            let both = [
                default("topology.kubernetes.io/zone", 3),
                default("kubernetes.io/hostname", 5),
            ];
            return Self::read(view, pod, &both, "ScheduleAnyway");
        }
        Self::read(view, pod, written, "ScheduleAnyway")
    }

    fn read(view: &View<'_>, pod: &Value, constraints: &[Value], action: &str) -> Self {
        let asked = constraints
            .iter()
            .filter(|one| one["whenUnsatisfiable"].as_str().unwrap_or("DoNotSchedule") == action);
        Self {
            constraints: asked.map(|one| Constraint::read(view, pod, one)).collect(),
        }
    }

    /// Why a node would break a constraint, and whether it would not if other pods went.
    pub fn refusal(&self, node: &Node) -> Option<(&'static str, bool)> {
        for constraint in &self.constraints {
            let Some(place) = node.label(&constraint.key) else {
                let reason =
                    "node(s) didn't match pod topology spread constraints (missing required label)";
                return Some((reason, false));
            };
            let here = constraint.counts.get(place).copied().unwrap_or_default();
            if here + constraint.own > constraint.least() + constraint.max_skew {
                return Some(("node(s) didn't match pod topology spread constraints", true));
            }
        }
        None
    }

    /// How many matching pods share this node's places, over all constraints; fewer is better.
    pub fn crowd(&self, node: &Node) -> usize {
        let here = self.constraints.iter().map(|constraint| {
            let place = node.label(&constraint.key);
            place
                .and_then(|place| constraint.counts.get(place))
                .copied()
                .unwrap_or_default()
        });
        here.sum()
    }
}

impl Constraint {
    fn read(view: &View<'_>, pod: &Value, written: &Value) -> Self {
        let key = written["topologyKey"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let wanted = with_label_keys(written, pod);
        let number = |field: &str| {
            written[field]
                .as_u64()
                .and_then(|number| usize::try_from(number).ok())
                .unwrap_or(1)
        };
        let mut counts = domains(view.nodes, pod, written, &key);
        for other in counted(view, object::namespace(pod), &wanted) {
            let node = view.nodes.get(read::text(&other, "/spec/nodeName"));
            let place = node.and_then(|node| node.label(&key));
            if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
                *count += 1;
            }
        }
        let own = usize::from(selector::matches(&wanted, &pod["metadata"]["labels"]));
        Self {
            key,
            max_skew: number("maxSkew"),
            min_domains: number("minDomains"),
            own,
            counts,
        }
    }

    /// The fewest matching pods in any domain; zero while there are fewer domains than asked for.
    fn least(&self) -> usize {
        if self.counts.len() < self.min_domains {
            return 0;
        }
        self.counts.values().copied().min().unwrap_or_default()
    }
}

/// The domains that count: places of nodes on which the pod may be at all.
fn domains(nodes: &Nodes, pod: &Value, written: &Value, key: &str) -> BTreeMap<String, usize> {
    let honour = |field: &str, default: &str| written[field].as_str().unwrap_or(default) == "Honor";
    let (affinity, taints) = (
        honour("nodeAffinityPolicy", "Honor"),
        honour("nodeTaintsPolicy", "Ignore"),
    );
    let counts = |node: &Node| {
        let object = node.object.as_deref().unwrap_or(&Value::Null);
        (!affinity || node_selected(pod, object)) && (!taints || is_admitted_by(pod, object))
    };
    let places = nodes
        .iter()
        .filter(|(_, node)| counts(node))
        .filter_map(|(_, node)| node.label(key));
    places.map(|place| (place.to_owned(), 0)).collect()
}
