//! Which of the fitting nodes is best: spread and preferences first, then the emptiest.

use serde_json::Value;

use super::fit::{Fit, node_term_matches};
use super::nodes::Node;
use super::spread::Spread;
use super::{View, affinity};
use crate::controllers::read;
use crate::quantity::Milli;

const PREFERS_NODES: &str =
    "/spec/affinity/nodeAffinity/preferredDuringSchedulingIgnoredDuringExecution";
const PREFERS_NEAR: &str =
    "/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution";
const PREFERS_AWAY: &str =
    "/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution";

/// The best of the fitting nodes. Weights are those of the default profile (spread, node and pod
/// affinity 2, room 1); equals are told apart by name, where upstream throws dice.
pub fn best<'a>(view: &View<'_>, pod: &Value, wish: &Fit, fitting: &[&'a str]) -> Option<&'a str> {
    if fitting.len() < 2 {
        return fitting.first().copied();
    }
    let spread = Spread::soft(view, pod);
    let nodes: Vec<(&'a str, &Node)> = fitting
        .iter()
        .filter_map(|name| Some((*name, view.nodes.get(name)?)))
        .collect();
    let crowds = normalised(
        nodes
            .iter()
            .map(|(_, node)| -whole(spread.crowd(node)))
            .collect(),
    );
    let liked = normalised(
        nodes
            .iter()
            .map(|(_, node)| preference(view, pod, node))
            .collect(),
    );
    let scored = nodes
        .iter()
        .zip(crowds)
        .zip(liked)
        .map(|(((name, node), crowd), liked)| (2 * crowd + 2 * liked + room(wish, node), *name));
    scored
        .max_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, name)| name)
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Stretches raw scores to 0..100; all equal means all zero.
fn normalised(raw: Vec<i64>) -> Vec<i64> {
    let least = raw.iter().copied().min().unwrap_or_default();
    let most = raw.iter().copied().max().unwrap_or_default();
    let width = (most - least).max(1);
    raw.into_iter()
        .map(|score| (score - least) * 100 / width)
        .collect()
}

fn preference(view: &View<'_>, pod: &Value, node: &Node) -> i64 {
    let object = node.object.as_deref().unwrap_or(&Value::Null);
    let mut score = 0;
    for term in read::items(pod, PREFERS_NODES) {
        if node_term_matches(&term["preference"], object) {
            score += read::count(term, "/weight");
        }
    }
    for (pointer, sign) in [(PREFERS_NEAR, 1), (PREFERS_AWAY, -1)] {
        for term in read::items(pod, pointer) {
            let others = affinity::matching_in_place(view, pod, &term["podAffinityTerm"], node);
            score += sign * read::count(term, "/weight") * whole(others);
        }
    }
    let unwelcome = read::items(object, "/spec/taints")
        .iter()
        .filter(|one| one["effect"] == "PreferNoSchedule");
    score - 100 * whole(unwelcome.count())
}

/// How much of CPU and memory stays free, in percent.
fn room(wish: &Fit, node: &Node) -> i64 {
    let free = |name: &str| {
        let all = node.allocatable.get(name).copied().unwrap_or_default();
        let taken = node.taken.get(name).copied().unwrap_or_default();
        let own: Milli = wish.requests().get(name).copied().unwrap_or_default();
        if all <= 0 {
            0
        } else {
            ((all - taken - own).max(0) * 100) / all
        }
    };
    i64::try_from(free("cpu").midpoint(free("memory"))).unwrap_or_default()
}
