//! Finds the target of every edge and path; what may be absent and is, is taken out.

use plimsoll_source::{Entry, Finding, Findings, Node, Origin, Str};
use std::collections::{BTreeMap, BTreeSet};

use crate::complete::Filler;
use crate::complete::pod::BLOCKS;
use crate::load::under::taken_away;
use crate::read::{Things, entries};
use crate::rules::{relations, shapes};
use crate::shape::canonical::mend;
use crate::tree;
use crate::types::Target;
use plimsoll_source::near::near;

/// What layers say of names, whether this environment has them or not.
#[derive(Clone, Copy, Debug)]
pub struct Layers<'a> {
    /// Names that any layer defines.
    pub known: &'a BTreeSet<Str>,
    /// Names that a layer takes away here, and where.
    pub gone: &'a BTreeMap<Str, Origin>,
}

/// The tree with edges and paths that have a target.
pub fn resolve(root: &Node, layers: Layers<'_>, findings: &mut Findings) -> Node {
    let things = Things::of(root);
    let mut resolver = Resolver {
        root,
        things: &things,
        layers,
        findings,
    };
    let mut made = root.clone();
    for block in BLOCKS {
        if let Some(things) = root.get(block) {
            let things = tree::each(things, |entry| Some(resolver.thing(block, entry)));
            made = tree::with(&made, &[block], things);
        }
    }
    if let Some(routes) = root.get("routes") {
        let routes = tree::each(routes, |entry| Some(resolver.route(entry)));
        made = tree::with(&made, &["routes"], routes);
    }
    made
}

struct Resolver<'a> {
    root: &'a Node,
    things: &'a Things,
    layers: Layers<'a>,
    findings: &'a mut Findings,
}

/// How a target was found.
enum Found {
    Here,
    Passed,
    Wrong,
}

impl Resolver<'_> {
    fn thing(&mut self, block: &str, thing: &Entry) -> Node {
        let Some(uses) = thing.value.get("uses") else {
            return thing.value.clone();
        };
        let is_on = enabled(&thing.value);
        let mut passed: Vec<Str> = Vec::new();
        let kept = tree::each(uses, |edge| {
            if !matches!(edge.value, Node::Map(..)) {
                return Some(edge.value.clone());
            }
            match self.edge(block, edge, is_on) {
                Found::Here => return Some(self.filled(edge)),
                Found::Passed => passed.push(edge.key.clone()),
                Found::Wrong => {}
            }
            None
        });
        let mut node = tree::with(&thing.value, &["uses"], kept);
        if let Some(env) = node.get("env").filter(|_| !passed.is_empty()) {
            let env = without_references(env, &passed);
            node = tree::with(&node, &["env"], env);
        }
        node
    }

    fn edge(&mut self, block: &str, edge: &Entry, is_on: bool) -> Found {
        let name = &edge.key;
        let optional = is_true(edge.value.get("optional"));
        let Some(target) = self.things.find(name) else {
            if optional && (self.layers.known.contains(name) || name.starts_with("platform.")) {
                return Found::Passed;
            }
            // A migration without a store says so with its own words.
            if block != "migrations" || edge.at.place().is_some() {
                self.unknown(name, edge);
            }
            return Found::Wrong;
        };
        let off = match &target {
            Target::Slot(slot) => self.things.is_slot_none(slot),
            Target::Service(service) => self.is_off("services", service),
            Target::Store { store, .. } => self.is_off("stores", store),
            Target::External(_) => false,
        };
        let is_slot = matches!(target, Target::Slot(_));
        match (off, optional) {
            (true, true) if is_slot => Found::Passed,
            (true, false) if is_on => {
                let what = format!("`{name}` is off here, and not optional");
                let finding = Finding::new(&relations::TARGET_OFF, what);
                let help = format!("write `{{ {name}: {{ optional: true }} }}`");
                self.findings
                    .report(finding.mark_origin(&edge.at, "off").help(help));
                if is_slot { Found::Wrong } else { Found::Here }
            }
            _ => Found::Here,
        }
    }

    /// The edge with what it takes from its target: name of the URL, and whose credentials.
    fn filled(&self, edge: &Entry) -> Node {
        let mut filler = Filler::new("use", &edge.value);
        let store = match self.things.find(&edge.key) {
            Some(Target::Store { store, database }) => {
                let found = self.root.at(&["stores", &store]);
                found.map(|found| (found, database))
            }
            _ => None,
        };
        let Some((store, database)) = store else {
            filler.text(&["as"], "none");
            return filler.node;
        };
        if let Some(name) = store.get("as").and_then(Node::text) {
            let origin = store.get("as").map(|name| name.origin().clone());
            let origin = origin.unwrap_or_else(|| filler.origin(&["as"]));
            filler.text_from(&["as"], name.clone(), &origin);
        }
        let no_login = store
            .get("users")
            .is_some_and(|users| users.text().is_some());
        if no_login {
            return filler.node;
        }
        let owner = database.and_then(|name| store.at(&["databases", &name, "owner"]));
        let first = store.get("users").and_then(|users| entries(users).next());
        let named = first.map(|entry| tree::text(&entry.at, entry.key.clone()));
        if let Some(user) = owner.cloned().or(named) {
            let name = user.text().cloned().unwrap_or_default();
            filler.text_from(&["user"], name, user.origin());
        }
        filler.node
    }

    fn is_off(&self, block: &str, name: &str) -> bool {
        self.root
            .at(&[block, name])
            .is_some_and(|thing| !enabled(thing))
    }

    fn unknown(&mut self, name: &str, edge: &Entry) {
        let first = name.split('.').next().unwrap_or(name);
        if let Some(removed) = self.layers.gone.get(first) {
            let finding = taken_away(&relations::UNKNOWN_TARGET, first, &edge.at, removed);
            let help = format!(
                "write `{{ {name}: {{ optional: true }} }}`, or `{name}: null` in `uses` there"
            );
            return self.findings.report(finding.help(help));
        }
        let what = format!("there is no `{name}` to talk to");
        let finding = Finding::new(&relations::UNKNOWN_TARGET, what);
        let names = self.things.names();
        self.findings.report(
            if let Some(near) = near(name, names.iter().map(String::as_str)) {
                mend(finding, &edge.at, "unknown", near)
            } else {
                let help = "define it in `services`, `stores` or `externals`";
                finding.mark_origin(&edge.at, "unknown").help(help)
            },
        );
    }

    fn route(&mut self, route: &Entry) -> Node {
        let Some(paths) = route.value.get("paths") else {
            let finding = Finding::new(&shapes::MISSING_KEY, "a route lacks `paths`");
            let finding = finding.mark_origin(&route.at, "`paths` is missing");
            self.findings
                .report(finding.help("add `paths: { /: SERVICE }`"));
            return route.value.clone();
        };
        let is_on = enabled(&route.value);
        let kept = tree::each(paths, |path| {
            self.path(path, is_on).then(|| path.value.clone())
        });
        tree::with(&route.value, &["paths"], kept)
    }

    /// Whether a path leads somewhere.
    fn path(&mut self, path: &Entry, is_on: bool) -> bool {
        let Some(to) = path.value.get("to") else {
            return true;
        };
        let text = to.text().cloned().unwrap_or_default();
        if text == "none" || text.contains("://") {
            return true;
        }
        let name = text.split(':').next().unwrap_or(&text);
        let optional = is_true(path.value.get("optional"));
        let target = self.things.find(name);
        match target {
            Some(Target::Service(service)) => {
                // One that may be off stays: a chart can turn it on.
                if is_on && !optional && self.is_off("services", &service) {
                    let what = format!("`{name}` is off here, and the path is not optional");
                    let finding = Finding::new(&relations::TARGET_OFF, what);
                    let finding = finding.mark_origin(to.origin(), "off");
                    self.findings
                        .report(finding.help("add `optional: true` to the path"));
                }
                true
            }
            Some(Target::Slot(slot)) if !self.things.is_slot_none(&slot) => true,
            _ if optional
                && (self.layers.known.contains(name) || name.starts_with("platform.")) =>
            {
                false
            }
            Some(Target::Slot(_)) => {
                let what = format!("`{name}` is none here, and the path is not optional");
                let finding = Finding::new(&relations::TARGET_OFF, what);
                let finding = finding.mark_origin(to.origin(), "none");
                self.findings
                    .report(finding.help("add `optional: true` to the path"));
                false
            }
            Some(_) => {
                let what = format!("a path cannot lead to `{name}`: only services and slots can");
                let finding = Finding::new(&relations::BAD_ROUTE, what);
                self.findings
                    .report(finding.mark_origin(to.origin(), "no service"));
                false
            }
            None if self.layers.gone.contains_key(name) => {
                let removed = &self.layers.gone[name];
                let rule = &relations::UNKNOWN_TARGET;
                let finding = taken_away(rule, name, to.origin(), removed);
                self.findings
                    .report(finding.help("add `optional: true` to the path"));
                false
            }
            None => {
                let what = format!("there is no service `{name}`");
                let finding = Finding::new(&relations::UNKNOWN_TARGET, what);
                let services = self.root.get("services");
                let names = services.into_iter().flat_map(entries);
                let names: Vec<&str> = names.map(|entry| entry.key.as_str()).collect();
                self.findings.report(match near(name, names.into_iter()) {
                    Some(near) => {
                        let better = text.replacen(name, near, 1);
                        mend(finding, to.origin(), "unknown", &better)
                    }
                    None => finding.mark_origin(to.origin(), "unknown"),
                });
                false
            }
        }
    }
}

fn enabled(thing: &Node) -> bool {
    thing
        .get("enabled")
        .and_then(Node::text)
        .is_none_or(|text| text != "false")
}

fn is_true(node: Option<&Node>) -> bool {
    node.and_then(Node::text).is_some_and(|text| text == "true")
}

/// Entries of `env` that do not name what is not here.
fn without_references(env: &Node, passed: &[Str]) -> Node {
    let names = |text: &Str| {
        passed
            .iter()
            .any(|name| text.contains(format!("${{{name}.").as_str()))
    };
    tree::each(env, |entry| match entry.value.text() {
        Some(text) if names(text) => None,
        _ => Some(entry.value.clone()),
    })
}
