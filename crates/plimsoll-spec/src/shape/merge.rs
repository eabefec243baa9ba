//! Lays one layer over another. Both are of canonical shape.

use plimsoll_source::{Entry, Node, Span};
use std::collections::BTreeSet;

use super::{Block, Map, Shape};

/// Where a `null` removed something.
pub type Removed = BTreeSet<Span>;

/// The upper layer over the lower. A `null` of either stays, for what may lie further below.
pub fn merge(shape: &Shape, upper: &Node, lower: &Node, removed: &mut Removed) -> Node {
    if upper.is_null() {
        if !lower.is_null() {
            removed.extend(upper.origin().place());
        }
        return upper.clone();
    }
    if lower.is_null() {
        return upper.clone();
    }
    let (Node::Map(..), Node::Map(..)) = (upper, lower) else {
        return replace(upper, lower);
    };
    match shape {
        Shape::Map(map) | Shape::Set(map) => merge_map(map, upper, lower, removed),
        Shape::Block(block) => merge_block(block(), upper, lower, removed),
        Shape::WordOr(_, inner) | Shape::LeafOr(_, inner) => merge(inner, upper, lower, removed),
        Shape::Raw => merge_raw(upper, lower, removed),
        Shape::OneKey(_) | Shape::List(_) | Shape::Leaf(_) => replace(upper, lower),
    }
}

/// The upper value, which knows what it replaced.
fn replace(upper: &Node, lower: &Node) -> Node {
    upper
        .clone()
        .with_origin(upper.origin().over(lower.origin()))
}

fn merge_raw(upper: &Node, lower: &Node, removed: &mut Removed) -> Node {
    let any = Map {
        value: Box::new(Shape::Raw),
        keys: super::Keys::Text,
        single: None,
        lead: false,
    };
    merge_map(&any, upper, lower, removed)
}

fn merge_map(map: &Map, upper: &Node, lower: &Node, removed: &mut Removed) -> Node {
    let mut entries = join(upper, lower, |_| Some((*map.value).clone()), removed);
    let first = upper.entries().iter().find(|entry| !entry.value.is_null());
    if let (true, Some(first)) = (map.lead, first) {
        let at = entries.iter().position(|entry| entry.key == first.key);
        if let Some(at) = at {
            let entry = entries.remove(at);
            entries.insert(0, entry);
        }
    }
    Node::map(upper.origin().clone(), entries)
}

fn merge_block(block: &Block, upper: &Node, lower: &Node, removed: &mut Removed) -> Node {
    let lower = passed_over(block, upper, lower);
    let entries = join(upper, &lower, |key| block.shape_of(key), removed);
    Node::map(upper.origin().clone(), entries)
}

/// The lower layer without what an upper choice makes idle.
fn passed_over(block: &Block, upper: &Node, lower: &Node) -> Node {
    let written = upper.entries().iter();
    let written = written.filter(|entry| !entry.value.is_null());
    let over: Vec<&str> = written
        .filter_map(|entry| block.field(&entry.key))
        .flat_map(|field| field.over.iter().copied())
        .collect();
    let idle = |entry: &&Entry| {
        let key = entry.key.as_str();
        if over.contains(&key) {
            return true;
        }
        let only = block.field(key).and_then(|field| field.only);
        only.is_some_and(|only| {
            let choice = upper.get(only.chooser).and_then(Node::text);
            choice.is_some_and(|choice| !choice.contains("${") && !only.fits(choice))
        })
    };
    if !lower.entries().iter().any(|entry| idle(&entry)) {
        return lower.clone();
    }
    let kept = lower.entries().iter().filter(|entry| !idle(entry)).cloned();
    Node::map(lower.origin().clone(), kept)
}

/// Entries of both; what both have is merged. Lower order, then what is new.
fn join(
    upper: &Node,
    lower: &Node,
    shape_of: impl Fn(&str) -> Option<Shape>,
    removed: &mut Removed,
) -> Vec<Entry> {
    let mut entries = Vec::new();
    for entry in lower.entries() {
        let Some(over) = upper.entry(&entry.key) else {
            entries.push(entry.clone());
            continue;
        };
        let shape = shape_of(&entry.key).unwrap_or(Shape::Raw);
        entries.push(Entry {
            key: entry.key.clone(),
            at: entry.at.clone(),
            value: merge(&shape, &over.value, &entry.value, removed),
        });
    }
    let new = upper
        .entries()
        .iter()
        .filter(|e| lower.entry(&e.key).is_none());
    entries.extend(new.cloned());
    entries
}

/// The tree without `null`s; those of Kubernetes YAML stay.
pub fn spend_nulls(shape: &Shape, node: &Node) -> Node {
    let Node::Map(origin, entries) = node else {
        return node.clone();
    };
    let shape_of = |key: &str| match shape {
        Shape::Map(map) | Shape::Set(map) => Some((*map.value).clone()),
        Shape::Block(block) | Shape::OneKey(block) => block().shape_of(key),
        _ => None,
    };
    match shape {
        Shape::WordOr(_, inner) | Shape::LeafOr(_, inner) => return spend_nulls(inner, node),
        Shape::Raw => return node.clone(),
        _ => {}
    }
    let kept = entries.iter().filter_map(|entry| {
        let shape = shape_of(&entry.key).unwrap_or(Shape::Raw);
        let raw = matches!(shape, Shape::Raw);
        (raw || !entry.value.is_null()).then(|| Entry {
            value: spend_nulls(&shape, &entry.value),
            ..entry.clone()
        })
    });
    Node::map(origin.clone(), kept.collect::<Vec<_>>())
}
