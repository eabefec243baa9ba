//! Addresses of pods: the lowest free one of the node's range.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::controllers::read;
use crate::state::State;
use crate::store::LogEntry;

/// Addresses in use, by node.
#[derive(Debug, Default)]
pub struct Addresses {
    used: BTreeMap<String, BTreeSet<u32>>,
}

impl Addresses {
    /// Takes in a change of a pod.
    pub fn observe(&mut self, entry: &LogEntry) {
        if entry.new.is_none()
            && let Some((node, number)) = entry.old.as_deref().and_then(known)
        {
            self.used.entry(node).or_default().remove(&number);
        }
        if let Some((node, number)) = entry.new.as_deref().and_then(known) {
            self.used.entry(node).or_default().insert(number);
        }
    }

    /// The address of a pod: the one it has, or a free one.
    pub fn of(&mut self, state: &State, pod: &Value) -> String {
        let given = read::text(pod, "/status/podIP");
        if !given.is_empty() {
            return given.to_owned();
        }
        let name = read::text(pod, "/spec/nodeName");
        let node = state.get("Node", "", name);
        let range = node
            .as_ref()
            .map_or("", |node| read::text(node, "/spec/podCIDR"));
        let Some(base) = base(range) else {
            return "10.255.0.1".to_owned();
        };
        let used = self.used.entry(name.to_owned()).or_default();
        let free = (base + 2..base + 255)
            .find(|number| !used.contains(number))
            .unwrap_or(base + 2);
        used.insert(free);
        written(free)
    }
}

fn known(pod: &Value) -> Option<(String, u32)> {
    let number = number(read::text(pod, "/status/podIP"))?;
    Some((read::text(pod, "/spec/nodeName").to_owned(), number))
}

fn base(range: &str) -> Option<u32> {
    number(range.split_once('/')?.0)
}

fn number(address: &str) -> Option<u32> {
    address.parse::<std::net::Ipv4Addr>().ok().map(u32::from)
}

fn written(number: u32) -> String {
    std::net::Ipv4Addr::from(number).to_string()
}
