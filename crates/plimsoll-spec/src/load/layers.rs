//! The layers of a file, and how they lie over each other.

use plimsoll_source::{Entry, Finding, Findings, Node, Sourced, Span, Str};

use std::collections::BTreeSet;

use super::only_environment;
use crate::app::{App, Environment, Layer};
use crate::read::{Word, entries};
use crate::rules::layers as rules;
use crate::shape::canonical::mend;
use crate::shape::merge::{Removed, merge};
use crate::tree;
use plimsoll_source::near::near;

/// Blocks of things with names, and what a thing writes that is no change of another one.
const BEGINS: [(&str, &[&str]); 3] = [
    ("services", &["image", "build", "like"]),
    ("stores", &["engine"]),
    ("routes", &["paths"]),
];

/// The layers of a file.
#[derive(Debug)]
pub struct Layers {
    base: Node,
    environments: Vec<Entry>,
    set: Option<Node>,
    default: usize,
    known: BTreeSet<Str>,
}

impl Layers {
    /// The layers of a file in its long form, and those of `--set`.
    pub fn of(root: &Node, set: Option<Node>, findings: &mut Findings) -> Self {
        let environments = root.get("environments").into_iter().flat_map(entries);
        let mut layers = Self {
            base: tree::without(root, &["environments", "include"]),
            environments: environments.cloned().collect(),
            set,
            default: 0,
            known: BTreeSet::new(),
        };
        layers.known = layers.defined();
        layers.check_extends(findings);
        layers.find_default(findings);
        layers
    }

    /// Reports blocks of environments that look like misspelt ones of a lower layer. Their places:
    /// what is missing there follows from it.
    pub fn strays(&self, findings: &mut Findings) -> BTreeSet<Span> {
        let mut strays = BTreeSet::new();
        for entry in &self.environments {
            let below = self.below(entry);
            for (block, begins) in BEGINS {
                let names = below.iter().filter_map(|layer| layer.get(block));
                let names: Vec<&str> = names
                    .flat_map(entries)
                    .map(|thing| thing.key.as_str())
                    .collect();
                for thing in entry.value.get(block).into_iter().flat_map(entries) {
                    let own = begins.iter().any(|key| thing.value.get(key).is_some());
                    let known = names.contains(&thing.key.as_str());
                    let close = near(&thing.key, names.iter().copied());
                    if let (false, false, Some(close)) = (own, known, close) {
                        let what = format!("`{block}.{}` changes nothing that is there", thing.key);
                        let finding = Finding::new(&rules::STRAY_BLOCK, what);
                        findings.report(mend(finding, &thing.at, "not known below", close));
                        strays.extend(thing.at.place());
                    }
                }
            }
        }
        strays
    }

    /// The layers under an environment.
    fn below(&self, entry: &Entry) -> Vec<&Node> {
        let (mut below, mut next) = (vec![&self.base], extended(entry));
        for _ in 0..self.environments.len() {
            let Some(lower) = next.and_then(|name| self.layer(name.peek())) else {
                break;
            };
            below.push(&lower.value);
            next = extended(lower);
        }
        below
    }

    /// Names of services, stores, databases and externals that any layer defines.
    pub fn known(&self) -> &BTreeSet<Str> {
        &self.known
    }

    fn defined(&self) -> BTreeSet<Str> {
        let layers = self.environments.iter().map(|entry| &entry.value);
        let layers = layers.chain([&self.base]).chain(&self.set);
        let mut names = BTreeSet::new();
        for layer in layers {
            for block in ["services", "stores", "externals"] {
                for entry in layer.get(block).into_iter().flat_map(entries) {
                    names.insert(entry.key.clone());
                    let databases = entry.value.get("databases").into_iter().flat_map(entries);
                    let full = |name: &Str| Str::from(format!("{}.{name}", entry.key));
                    names.extend(databases.map(|database| full(&database.key)));
                }
            }
        }
        names
    }

    /// Number of the environment that is chosen without being asked for.
    pub fn default(&self) -> usize {
        self.default
    }

    /// The environments, in the order of the file.
    pub fn environments(&self) -> Vec<Environment> {
        if self.environments.is_empty() {
            return vec![only_environment()];
        }
        let all = self.environments.iter().map(|entry| {
            let name = Sourced::new(entry.key.clone(), entry.at.clone());
            let short = entry.value.get("short").filter(|short| !short.is_null());
            let short = short.and_then(|short| {
                Some(Sourced::new(short.text()?.clone(), short.origin().clone()))
            });
            Environment {
                short: short.unwrap_or_else(|| name.clone()),
                name,
            }
        });
        all.collect()
    }

    /// All layers of an environment as one.
    pub fn merged(&self, environment: &Environment, removed: &mut Removed) -> Node {
        let mut chain = Vec::new();
        let mut next = Some(environment.name.peek().clone());
        while let Some(entry) = next.and_then(|name| self.layer(&name)) {
            if chain.iter().any(|known: &&Entry| known.key == entry.key) {
                break;
            }
            chain.push(entry);
            next = extended(entry).map(|name| name.peek().clone());
        }
        let shape = App::shape();
        let mut merged = self.base.clone();
        for entry in chain.into_iter().rev() {
            let layer = tree::without(&entry.value, Layer::OWN);
            let layer = layer.with_origin(merged.origin().clone());
            merged = merge(&shape, &layer, &merged, removed);
        }
        if let Some(set) = &self.set {
            let set = set.clone().with_origin(merged.origin().clone());
            merged = merge(&shape, &set, &merged, removed);
        }
        merged
    }

    fn layer(&self, name: &Str) -> Option<&Entry> {
        self.environments.iter().find(|entry| entry.key == *name)
    }

    fn check_extends(&self, findings: &mut Findings) {
        for entry in &self.environments {
            let Some(name) = extended(entry) else {
                continue;
            };
            if self.layer(name.peek()).is_none() {
                let what = format!("there is no environment `{}`", name.peek());
                let finding = Finding::new(&rules::UNKNOWN_LAYER, what);
                let names = self.environments.iter().map(|entry| entry.key.as_str());
                findings.report(match near(name.peek(), names) {
                    Some(near) => mend(finding, name.origin(), "unknown", near),
                    None => finding.mark_origin(name.origin(), "unknown"),
                });
            } else if self.ring(entry).first() == Some(&&entry.key) {
                let what = format!("environment `{}` extends itself", entry.key);
                let finding = Finding::new(&rules::LAYER_CIRCLE, what);
                findings.report(finding.mark_origin(name.origin(), "leads back"));
            }
        }
    }

    /// The environments of the circle that an environment is in, sorted; empty if it is in none.
    fn ring<'a>(&'a self, start: &'a Entry) -> Vec<&'a Str> {
        let (mut ring, mut next) = (vec![&start.key], extended(start));
        for _ in 0..self.environments.len() {
            let Some(entry) = next.and_then(|name| self.layer(name.peek())) else {
                return Vec::new();
            };
            if entry.key == start.key {
                ring.sort();
                return ring;
            }
            ring.push(&entry.key);
            next = extended(entry);
        }
        Vec::new()
    }

    fn find_default(&mut self, findings: &mut Findings) {
        let mut chosen: Option<(usize, &Node)> = None;
        for (at, entry) in self.environments.iter().enumerate() {
            let Some(node) = entry.value.get("default") else {
                continue;
            };
            if node.text().is_none_or(|text| text != "true") {
                continue;
            }
            match chosen {
                None => chosen = Some((at, node)),
                Some((_, first)) => {
                    let finding =
                        Finding::new(&rules::SEVERAL_DEFAULTS, "two environments are the default")
                            .mark_origin(node.origin(), "this one")
                            .mark_origin(first.origin(), "and this one");
                    findings.report(finding);
                }
            }
        }
        let at = chosen.map(|(at, _)| at);
        self.default = at.unwrap_or(0);
    }
}

/// What an environment extends.
fn extended(entry: &Entry) -> Option<Sourced<Str>> {
    let node = entry.value.get("extends").filter(|node| !node.is_null())?;
    Some(Sourced::new(node.text()?.clone(), node.origin().clone()))
}
