//! What runs where: nodes, their room, and the pods on them, kept up to date from the change log.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::resources::{self, Amounts};
use crate::controllers::{Key, pods, read};
use crate::store::LogEntry;

/// A pod on a node, as far as other pods care.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The pod.
    pub pod: Arc<Value>,
    requests: Amounts,
    node: String,
}

/// A node and what is taken of it.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// The object, unless only pods are known that name the node.
    pub object: Option<Arc<Value>>,
    /// What it can give.
    pub allocatable: Amounts,
    /// What its pods request.
    pub taken: Amounts,
    /// Its pods.
    pub pods: BTreeMap<Key, Placed>,
}

impl Node {
    /// Its labels.
    pub fn labels(&self) -> &Value {
        self.object
            .as_ref()
            .map_or(&Value::Null, |node| &node["metadata"]["labels"])
    }

    /// One of its labels.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels().get(key)?.as_str()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.object
            .as_ref()
            .map_or("", |node| crate::object::name(node))
    }
}

/// All nodes, by name.
#[derive(Debug, Default)]
pub struct Nodes {
    by_name: BTreeMap<String, Node>,
    places: BTreeMap<Key, String>,
    repelling: BTreeMap<Key, Placed>,
}

impl Nodes {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// All that exist, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        let known = self
            .by_name
            .iter()
            .filter(|(_, node)| node.object.is_some());
        known.map(|(name, node)| (name.as_str(), node))
    }

    /// One node.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.by_name.get(name)
    }

    /// The pods on one node.
    pub fn pods_on(&self, name: &str) -> impl Iterator<Item = &Placed> {
        self.by_name
            .get(name)
            .into_iter()
            .flat_map(|node| node.pods.values())
    }

    /// Placed pods that keep others away from where they are, with the node of each.
    pub fn repelling(&self) -> impl Iterator<Item = (&Value, &Node)> {
        self.repelling
            .values()
            .filter_map(|placed| Some((&*placed.pod, self.by_name.get(&placed.node)?)))
    }

    /// Takes in a change of a node; says whether waiting pods should try again.
    pub fn observe_node(&mut self, entry: &LogEntry) -> bool {
        let node = self.by_name.entry(entry.name.clone()).or_default();
        node.object.clone_from(&entry.new);
        let allocatable = entry
            .new
            .as_ref()
            .map(|one| resources::amounts(&one["status"]["allocatable"]));
        node.allocatable = allocatable.unwrap_or_default();
        match (&entry.old, &entry.new) {
            (Some(old), Some(new)) => {
                old["spec"] != new["spec"]
                    || old["metadata"]["labels"] != new["metadata"]["labels"]
                    || old["status"]["allocatable"] != new["status"]["allocatable"]
            }
            (None, Some(_)) => true,
            _ => false,
        }
    }

    /// Takes in a change of a pod; says whether it made room.
    pub fn observe_pod(&mut self, entry: &LogEntry) -> bool {
        let key = Key::new(&entry.namespace, &entry.name);
        let placed = entry.new.as_ref().filter(|pod| is_placed(pod));
        let before = self.places.get(&key);
        match (before, placed) {
            (None, None) => return false,
            (Some(name), Some(pod)) if *name == read::text(pod, "/spec/nodeName") => {
                self.refresh(&key, pod);
                return false;
            }
            _ => {}
        }
        let left = self.take_away(&key);
        if let Some(pod) = placed {
            self.put(key, pod.clone());
        }
        left
    }

    /// Keeps the newest form of a pod that stays where it is; its requests are re-read only if its
    /// spec changed.
    fn refresh(&mut self, key: &Key, pod: &Arc<Value>) {
        let node = self
            .places
            .get(key)
            .and_then(|name| self.by_name.get_mut(name));
        let Some(node) = node else { return };
        let Some(placed) = node.pods.get_mut(key) else {
            return;
        };
        if placed.pod["spec"] != pod["spec"] {
            let requests = resources::requests(pod);
            resources::subtract(&mut node.taken, &placed.requests);
            resources::add(&mut node.taken, &requests);
            placed.requests = requests;
        }
        placed.pod = pod.clone();
        if let Some(repelling) = self.repelling.get_mut(key) {
            repelling.pod = pod.clone();
        }
    }

    fn put(&mut self, key: Key, pod: Arc<Value>) {
        let name = read::text(&pod, "/spec/nodeName").to_owned();
        let requests = resources::requests(&pod);
        let placed = Placed {
            requests,
            node: name.clone(),
            pod,
        };
        let node = self.by_name.entry(name.clone()).or_default();
        resources::add(&mut node.taken, &placed.requests);
        if !read::items(&placed.pod, REPELS).is_empty() {
            self.repelling.insert(key.clone(), placed.clone());
        }
        node.pods.insert(key.clone(), placed);
        self.places.insert(key, name);
    }

    fn take_away(&mut self, key: &Key) -> bool {
        self.repelling.remove(key);
        let Some(name) = self.places.remove(key) else {
            return false;
        };
        let Some(node) = self.by_name.get_mut(&name) else {
            return false;
        };
        let Some(placed) = node.pods.remove(key) else {
            return false;
        };
        resources::subtract(&mut node.taken, &placed.requests);
        true
    }
}

/// Where a pod says what it must not be near.
pub const REPELS: &str =
    "/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution";

fn is_placed(pod: &Value) -> bool {
    !read::text(pod, "/spec/nodeName").is_empty() && !pods::is_over(pod)
}
