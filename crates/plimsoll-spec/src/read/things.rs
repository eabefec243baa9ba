//! What there is to talk to in one environment.

use plimsoll_source::{Node, Str};
use std::collections::BTreeMap;

use super::entries;
use crate::types::Target;

/// Kinds of things, by name.
#[derive(Clone, Debug, Default)]
pub struct Things {
    kinds: BTreeMap<Str, Kind>,
    databases: BTreeMap<Str, Vec<Str>>,
    slots: BTreeMap<Str, Str>,
}

/// Kind of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of `services`.
    Service,
    /// One of `stores`.
    Store,
    /// One of `externals`.
    External,
}

impl Things {
    /// What a merged tree has.
    pub fn of(root: &Node) -> Self {
        let mut things = Self::default();
        let blocks = [
            ("externals", Kind::External),
            ("stores", Kind::Store),
            ("services", Kind::Service),
        ];
        for (block, kind) in blocks {
            for entry in root.get(block).into_iter().flat_map(entries) {
                things.kinds.insert(entry.key.clone(), kind);
                let databases = entry.value.get("databases");
                if let (Kind::Store, Some(databases)) = (kind, databases) {
                    let names = entries(databases).map(|entry| entry.key.clone());
                    things.databases.insert(entry.key.clone(), names.collect());
                }
            }
        }
        for field in &crate::app::Platform::block().fields {
            let written = root
                .at(&["platform", field.key, "use"])
                .and_then(Node::text);
            let block = match (field.shape)() {
                crate::shape::Shape::Block(block) => block(),
                _ => continue,
            };
            let default = block.field("use").and_then(|field| field.default);
            let choice = written.cloned().or(default.map(Str::from));
            things
                .slots
                .insert(field.key.into(), choice.unwrap_or_default());
        }
        things
    }

    /// The target of that name, whether it is off or not.
    pub fn find(&self, name: &str) -> Option<Target> {
        if let Some(slot) = name.strip_prefix("platform.") {
            return self
                .slots
                .contains_key(slot)
                .then(|| Target::Slot(slot.into()));
        }
        let (first, database) = match name.split_once('.') {
            Some((first, database)) => (first, Some(database)),
            None => (name, None),
        };
        match (self.kinds.get(first)?, database) {
            (Kind::Service, None) => Some(Target::Service(first.into())),
            (Kind::External, None) => Some(Target::External(first.into())),
            (Kind::Store, database) => {
                let known = self.databases.get(first).map_or(&[][..], |names| names);
                let database = match database {
                    Some(wanted) => Some(known.iter().find(|name| *name == wanted)?.clone()),
                    None => known.first().cloned(),
                };
                Some(Target::Store {
                    store: first.into(),
                    database,
                })
            }
            _ => None,
        }
    }

    /// Whether a slot is filled.
    pub fn is_slot_none(&self, slot: &str) -> bool {
        self.slots.get(slot).is_some_and(|choice| choice == "none")
    }

    /// Every name that could stand as a target.
    pub fn names(&self) -> Vec<String> {
        let things = self.kinds.keys().map(ToString::to_string);
        let databases = self
            .databases
            .iter()
            .flat_map(|(store, names)| names.iter().map(move |name| format!("{store}.{name}")));
        let slots = self.slots.keys().map(|slot| format!("platform.{slot}"));
        things.chain(databases).chain(slots).collect()
    }
}
