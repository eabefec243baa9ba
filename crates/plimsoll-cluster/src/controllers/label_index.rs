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
        let labels =
            |pod: &Option<Arc<Value>>| pod.as_ref().map(|pod| pod["metadata"]["labels"].clone());
        let (before, after) = (labels(&entry.old), labels(&entry.new));
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
