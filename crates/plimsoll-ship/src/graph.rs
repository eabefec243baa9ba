//! The order of a release: what must exist, and what must be ready, before an object starts.
//!
//! *Exists before* follows from what an object's content refers to ([`crate::references`]);
//! *ready before* is said by the caller, and holds for custom resources and what makes Secrets.
//! A wave is the longest path to an object: for display, nothing waits for a whole wave.

use std::collections::{BTreeMap, BTreeSet};

use crate::references::{self, Reference};
use crate::release::{ObjectKey, Release};

/// What an edge asks of the object that it points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// It exists.
    Exists,
    /// It is ready.
    Ready,
}

/// An edge to an object that comes before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Index of the node that comes before.
    pub before: usize,
    /// What is asked of it.
    pub need: Need,
}

/// The objects of a release, then its secrets, with the edges between them.
#[derive(Debug)]
pub struct Graph {
    keys: Vec<ObjectKey>,
    edges: Vec<Vec<Edge>>,
    waves: Vec<usize>,
}

/// Why no order exists.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// Objects that wait for each other; the first is named again at the end.
    #[error("these wait for each other: {}", ring(.0))]
    Cycle(Vec<ObjectKey>),
    /// An object waits for one that is not shipped.
    #[error("{waiting} waits for {missing}, which is not part of the release")]
    Missing {
        /// The one that waits.
        waiting: Box<ObjectKey>,
        /// The one that it names.
        missing: Box<ObjectKey>,
    },
    /// Two objects with one name.
    #[error("{0} is in the release twice")]
    Twice(ObjectKey),
}

fn ring(keys: &[ObjectKey]) -> String {
    keys.iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" → ")
}

impl Graph {
    /// Finds the edges and the waves of a release.
    pub fn build(release: &Release) -> Result<Self, GraphError> {
        let keys: Vec<ObjectKey> = release
            .objects
            .iter()
            .map(|object| object.key.clone())
            .chain(
                release
                    .secrets
                    .iter()
                    .map(crate::release::SecretWish::object),
            )
            .collect();
        let places = places(&keys)?;
        let index = references::Index::build(release);
        let mut edges = Vec::with_capacity(keys.len());
        for (node, key) in keys.iter().enumerate() {
            let mut before: BTreeMap<usize, Need> = BTreeMap::new();
            for Reference { to, need } in index.of(node) {
                add(&mut before, *to, *need, node);
            }
            if let Some(object) = release.objects.get(node) {
                for (list, need) in [
                    (&object.exists_after, Need::Exists),
                    (&object.after, Need::Ready),
                ] {
                    for missing in list {
                        let to = places.get(missing).ok_or_else(|| GraphError::Missing {
                            waiting: Box::new(key.clone()),
                            missing: Box::new(missing.clone()),
                        })?;
                        add(&mut before, *to, need, node);
                    }
                }
            }
            edges.push(
                before
                    .into_iter()
                    .map(|(before, need)| Edge { before, need })
                    .collect(),
            );
        }
        let waves = waves(&keys, &edges)?;
        Ok(Self { keys, edges, waves })
    }

    /// Number of objects and secrets.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether nothing is shipped.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The name of a node.
    pub fn key(&self, node: usize) -> &ObjectKey {
        &self.keys[node]
    }

    /// What comes before a node.
    pub fn before(&self, node: usize) -> &[Edge] {
        &self.edges[node]
    }

    /// The wave of a node, from one.
    pub fn wave(&self, node: usize) -> usize {
        self.waves[node]
    }

    /// Lets a node wait until another is ready as well, unless that waits for it already. Waves stay
    /// as they are.
    pub(crate) fn wait_for_ready(&mut self, node: usize, before: usize) {
        if node == before || self.comes_after(before, node) {
            return;
        }
        let need = Need::Ready;
        match self.edges[node]
            .iter_mut()
            .find(|edge| edge.before == before)
        {
            Some(edge) => edge.need = need,
            None => self.edges[node].push(Edge { before, need }),
        }
    }

    /// Whether a node waits for another, directly or not.
    fn comes_after(&self, node: usize, other: usize) -> bool {
        let mut seen = BTreeSet::from([node]);
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            for edge in &self.edges[node] {
                if edge.before == other {
                    return true;
                }
                if seen.insert(edge.before) {
                    open.push(edge.before);
                }
            }
        }
        false
    }

    /// A node and everything that it refers to, directly or not, that needs only to exist: what
    /// must stay if the node stays.
    pub fn held_by(&self, node: usize) -> BTreeSet<usize> {
        let mut held = BTreeSet::from([node]);
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            for edge in &self.edges[node] {
                if edge.need == Need::Exists && held.insert(edge.before) {
                    open.push(edge.before);
                }
            }
        }
        held
    }
}

fn places(keys: &[ObjectKey]) -> Result<BTreeMap<&ObjectKey, usize>, GraphError> {
    let mut places = BTreeMap::new();
    for (node, key) in keys.iter().enumerate() {
        if places.insert(key, node).is_some() {
            return Err(GraphError::Twice(key.clone()));
        }
    }
    Ok(places)
}

fn add(before: &mut BTreeMap<usize, Need>, to: usize, need: Need, from: usize) {
    // A pod may name what it is itself part of; nothing waits for itself.
    if to != from {
        let known = before.entry(to).or_insert(need);
        *known = need.max(*known);
    }
}

/// Longest paths, by taking away what nothing open comes before.
fn waves(keys: &[ObjectKey], edges: &[Vec<Edge>]) -> Result<Vec<usize>, GraphError> {
    let mut followers = vec![Vec::new(); keys.len()];
    let mut open: Vec<usize> = edges.iter().map(Vec::len).collect();
    for (node, before) in edges.iter().enumerate() {
        for edge in before {
            followers[edge.before].push(node);
        }
    }
    let mut waves = vec![1; keys.len()];
    let mut free: Vec<usize> = (0..keys.len()).filter(|&node| open[node] == 0).collect();
    let mut done = 0;
    while let Some(node) = free.pop() {
        done += 1;
        for &follower in &followers[node] {
            waves[follower] = waves[follower].max(waves[node] + 1);
            open[follower] -= 1;
            if open[follower] == 0 {
                free.push(follower);
            }
        }
    }
    if done == keys.len() {
        return Ok(waves);
    }
    Err(GraphError::Cycle(find_ring(keys, edges, &open)))
}

/// Walks back along open edges until a node comes again.
fn find_ring(keys: &[ObjectKey], edges: &[Vec<Edge>], open: &[usize]) -> Vec<ObjectKey> {
    let mut path: Vec<usize> = Vec::new();
    let mut node = open
        .iter()
        .position(|&count| count > 0)
        .expect("a node is left in a cycle");
    loop {
        if let Some(start) = path.iter().position(|&seen| seen == node) {
            let mut ring: Vec<ObjectKey> = path[start..].iter().map(|&n| keys[n].clone()).collect();
            ring.push(keys[node].clone());
            return ring;
        }
        path.push(node);
        let next = edges[node].iter().find(|edge| open[edge.before] > 0);
        node = next.expect("an open node waits for an open node").before;
    }
}

#[cfg(test)]
mod tests;
