//! Which pods a pod wants near, and which ones it or they keep away.

use std::sync::Arc;

use serde_json::Value;

use super::nodes::{Node, REPELS};
use super::{View, counted};
use crate::controllers::{read, selector};
use crate::object;

const ATTRACTS: &str = "/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution";

/// Required terms, each with the values of its topology key where matching pods are.
pub struct Terms {
    near: Vec<Near>,
    away: Vec<(String, Vec<String>)>,
    /// Topology key and value from which placed pods keep this one away.
    repelled: Vec<(String, String)>,
}

struct Near {
    key: String,
    places: Vec<String>,
    /// A pod that matches its own term may be the first one.
    first: bool,
}

impl Terms {
    /// Reads the terms of a pod and those of placed pods against it.
    pub fn read(view: &View<'_>, pod: &Value) -> Self {
        let near = read::items(pod, ATTRACTS).iter().map(|term| {
            let places = places(view, pod, term);
            let first = places.is_empty() && term_matches(view, term, object::namespace(pod), pod);
            Near {
                key: key(term),
                places,
                first,
            }
        });
        let away = read::items(pod, REPELS)
            .iter()
            .map(|term| (key(term), places(view, pod, term)));
        Self {
            near: near.collect(),
            away: away.collect(),
            repelled: repelled(view, pod),
        }
    }

    /// Why a node does not suit, and whether it would if other pods went.
    pub fn refusal(&self, _: &View<'_>, _: &Value, node: &Node) -> Option<(&'static str, bool)> {
        let near = self.near.iter().all(|term| {
            node.label(&term.key)
                .is_some_and(|place| term.first || term.places.iter().any(|one| one == place))
        });
        if !near {
            return Some(("node(s) didn't match pod affinity rules", false));
        }
        let close = |key: &str, place: &str| node.label(key) == Some(place);
        if self
            .away
            .iter()
            .any(|(key, places)| places.iter().any(|place| close(key, place)))
        {
            return Some(("node(s) didn't match pod anti-affinity rules", true));
        }
        if self.repelled.iter().any(|(key, place)| close(key, place)) {
            return Some((
                "node(s) didn't satisfy existing pods anti-affinity rules",
                true,
            ));
        }
        None
    }
}

fn key(term: &Value) -> String {
    term["topologyKey"].as_str().unwrap_or_default().to_owned()
}

/// The values of a term's topology key on the nodes of the pods that it matches.
fn places(view: &View<'_>, pod: &Value, term: &Value) -> Vec<String> {
    let selector = with_label_keys(term, pod);
    let spaces = namespaces(view, term, object::namespace(pod));
    let pods: Vec<Arc<Value>> = spaces
        .iter()
        .flat_map(|space| counted(view, space, &selector))
        .collect();
    let key = key(term);
    let nodes = pods
        .iter()
        .filter_map(|pod| view.nodes.get(read::text(pod, "/spec/nodeName")));
    let mut places: Vec<String> = nodes
        .filter_map(|node| node.label(&key).map(str::to_owned))
        .collect();
    places.sort();
    places.dedup();
    places
}

/// How many pods that a term matches share a node's place; for preferences.
pub fn matching_in_place(view: &View<'_>, pod: &Value, term: &Value, node: &Node) -> usize {
    let key = key(term);
    let Some(place) = node.label(&key) else {
        return 0;
    };
    let selector = with_label_keys(term, pod);
    let spaces = namespaces(view, term, object::namespace(pod));
    let pods = spaces
        .iter()
        .flat_map(|space| counted(view, space, &selector));
    pods.filter(|pod| {
        let other = view.nodes.get(read::text(pod, "/spec/nodeName"));
        other.is_some_and(|other| other.label(&key) == Some(place))
    })
    .count()
}

fn repelled(view: &View<'_>, pod: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (other, node) in view.nodes.repelling() {
        for term in read::items(other, REPELS) {
            if term_matches(view, term, object::namespace(other), pod) {
                let key = key(term);
                found.extend(
                    node.label(&key)
                        .map(|place| (key.clone(), place.to_owned())),
                );
            }
        }
    }
    found
}

fn term_matches(view: &View<'_>, term: &Value, own: &str, pod: &Value) -> bool {
    let space = object::namespace(pod);
    namespaces(view, term, own).iter().any(|one| one == space)
        && selector::matches(&term["labelSelector"], &pod["metadata"]["labels"])
}

/// The namespaces that a term speaks of: those it names or selects, else the pod's own.
fn namespaces(view: &View<'_>, term: &Value, own: &str) -> Vec<String> {
    let mut named: Vec<String> = read::items(term, "/namespaces")
        .iter()
        .filter_map(|one| one.as_str().map(str::to_owned))
        .collect();
    if term["namespaceSelector"].is_object() {
        let all = view.state.list("Namespace");
        let fits = |one: &&Arc<Value>| {
            selector::matches(&term["namespaceSelector"], &one["metadata"]["labels"])
        };
        named.extend(
            all.iter()
                .filter(fits)
                .map(|one| object::name(one).to_owned()),
        );
    } else if named.is_empty() {
        named.push(own.to_owned());
    }
    named
}

/// A term's or constraint's selector with the pod's values of `matchLabelKeys` added.
pub fn with_label_keys(term: &Value, pod: &Value) -> Value {
    let mut selector = term["labelSelector"].clone();
    for key in read::items(term, "/matchLabelKeys")
        .iter()
        .filter_map(Value::as_str)
    {
        if let Some(value) = object::label(pod, key) {
            selector["matchLabels"][key] = value.into();
        }
    }
    selector
}
