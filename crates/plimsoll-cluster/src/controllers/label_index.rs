//! Which pods of a namespace carry a label: so that selecting them does not read them all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::{read, selector};
use crate::state::State;
use crate::store::LogEntry;

type Label = (String, String, String);

/// Names of pods by namespace, label key and label value.
#[derive(Debug, Default)]
pub struct LabelIndex {
    names: BTreeMap<Label, BTreeSet<String>>,
}

impl LabelIndex {
    /// Takes in a change of a pod; other changes are ignored.
    pub fn observe(&mut self, entry: &LogEntry) {
        if &*entry.kind != "Pod" {
            return;
        }
        let before = entry.old.as_ref().map(|pod| &pod["metadata"]["labels"]);
        let after = entry.new.as_ref().map(|pod| &pod["metadata"]["labels"]);
        if before == after {
            return;
        }
        for label in entry
            .old
            .iter()
            .flat_map(|pod| labels_of(pod, &entry.namespace))
        {
            if let Some(names) = self.names.get_mut(&label) {
                names.remove(&entry.name);
                if names.is_empty() {
                    self.names.remove(&label);
                }
            }
        }
        for label in entry
            .new
            .iter()
            .flat_map(|pod| labels_of(pod, &entry.namespace))
        {
            self.names
                .entry(label)
                .or_default()
                .insert(entry.name.clone());
        }
    }

    /// The pods of a namespace that a label selector matches, by name.
    pub fn select(&self, state: &State, namespace: &str, wanted: &Value) -> Vec<Arc<Value>> {
        let narrow = read::texts(wanted, "/matchLabels")
            .map(|(key, value)| self.names.get(&label(namespace, key, value)))
            .min_by_key(|names| names.map_or(0, BTreeSet::len));
        let candidates: Vec<Arc<Value>> = match narrow {
            None => state.list_in("Pod", namespace),
            Some(None) => Vec::new(),
            Some(Some(names)) => names
                .iter()
                .filter_map(|name| state.get("Pod", namespace, name))
                .collect(),
        };
        let fits = |pod: &Arc<Value>| selector::matches(wanted, &pod["metadata"]["labels"]);
        candidates.into_iter().filter(fits).collect()
    }
}

fn label(namespace: &str, key: &str, value: &str) -> Label {
    (namespace.to_owned(), key.to_owned(), value.to_owned())
}

fn labels_of(pod: &Value, namespace: &str) -> impl Iterator<Item = Label> {
    read::texts(pod, "/metadata/labels").map(move |(key, value)| label(namespace, key, value))
}

/// Which objects with a selector may select given labels: found by one pair of each selector.
#[derive(Debug, Default)]
pub struct SelectorIndex {
    names: BTreeMap<Label, BTreeSet<String>>,
    /// Objects whose selectors have no pair to find them by, by namespace.
    others: BTreeMap<String, BTreeSet<String>>,
}

impl SelectorIndex {
    /// Takes in a change of an object whose pairs stand at `pointer`.
    pub fn observe(&mut self, entry: &LogEntry, pointer: &str) {
        let first = |object: &Value| {
            let pair = read::texts(object, pointer).next();
            pair.map(|(key, value)| label(&entry.namespace, key, value))
        };
        if let Some(old) = entry.old.as_deref() {
            let names = match first(old) {
                Some(pair) => self.names.get_mut(&pair),
                None => self.others.get_mut(&entry.namespace),
            };
            if let Some(names) = names {
                names.remove(&entry.name);
            }
        }
        if let Some(new) = entry.new.as_deref() {
            let names = match first(new) {
                Some(pair) => self.names.entry(pair).or_default(),
                None => self.others.entry(entry.namespace.clone()).or_default(),
            };
            names.insert(entry.name.clone());
        }
    }

    /// The objects that may select an object with these labels, by name.
    pub fn candidates(&self, namespace: &str, labels: &Value) -> BTreeSet<&str> {
        let pairs = labels.as_object().into_iter().flatten();
        let pairs = pairs.filter_map(|(key, value)| Some(label(namespace, key, value.as_str()?)));
        let found: Vec<_> = pairs.filter_map(|pair| self.names.get(&pair)).collect();
        let others = self.others.get(namespace);
        found
            .into_iter()
            .chain(others)
            .flatten()
            .map(String::as_str)
            .collect()
    }
}
