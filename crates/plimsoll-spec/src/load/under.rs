//! Puts `defaults`, what a service is `like`, and the program of a job under what is written.

use plimsoll_source::{Entry, Finding, Findings, Node, Origin, Rule, Str};
use std::collections::BTreeMap;

use crate::app::{App, Job, Migration, Service};
use crate::complete::sql::is_plain;
use crate::read::{Word, entries};
use crate::rules::layers as rules;
use crate::shape::canonical::mend;
use crate::shape::merge::{Removed, merge, spend_nulls};
use crate::shape::{Block, Shape};
use crate::tree;
use plimsoll_source::near::near;

/// A merged tree with everything under it.
#[derive(Debug)]
pub struct Under {
    /// The tree, without `null`s.
    pub root: Node,
    /// Words that are taken whole from elsewhere: path here → path there.
    pub aliases: BTreeMap<Str, Str>,
    /// Services, stores and externals that a layer takes away, and where.
    pub gone: BTreeMap<Str, Origin>,
}

/// Keys that `like` does not take.
const OWN: &[&str] = &["enabled", "build", "secretName", "like"];

/// Keys that a job or migration does not take from its program.
const OWN_OF_PROGRAMS: &[&str] = &["command", "args", "size", "secretName", "like"];

/// Keys that a migration by plain files takes from the service whose chart it is in: it is no program of it.
const OF_PLAIN_FILES: &[&str] = &["enabled", "namespace", "placement", "labels", "annotations"];

/// Handles that a job or migration shares with its program where it writes nothing there itself.
const TURNED_WITH_ITS_PROGRAM: [&str; 6] = [
    "enabled",
    "image",
    "env",
    "labels",
    "annotations",
    "placement",
];

/// Puts everything under what is written.
pub fn put_under(merged: &Node, removed: &mut Removed, findings: &mut Findings) -> Under {
    let mut work = Work {
        services: merged.get("services").cloned(),
        defaults: merged
            .get("defaults")
            .filter(|node| !node.is_null())
            .cloned(),
        removed,
        findings,
        aliases: BTreeMap::new(),
        gone: gone(merged),
    };
    let services = merged.get("services").map(|services| {
        tree::each(services, |entry| match &entry.value {
            Node::Map(..) => Some(named(entry, &work.service(&entry.key, &mut Vec::new()))),
            other => Some(other.clone()),
        })
    });
    let mut root = tree::without(merged, &["defaults"]);
    if let Some(services) = &services {
        root = tree::with(&root, &["services"], services.clone());
    }
    for (block, shape) in [("jobs", Job::block()), ("migrations", Migration::block())] {
        if let Some(programs) = root.get(block) {
            let made = tree::each(programs, |entry| {
                Some(work.program(block, shape, entry, services.as_ref()))
            });
            root = tree::with(&root, &[block], made);
        }
    }
    Under {
        root: spend_nulls(&App::shape(), &root),
        aliases: work.aliases,
        gone: work.gone,
    }
}

/// What stands as `null` in the layers that hold.
fn gone(merged: &Node) -> BTreeMap<Str, Origin> {
    let blocks = ["services", "stores", "externals"];
    let all = blocks.iter().filter_map(|block| merged.get(block));
    let nulls = all
        .flat_map(Node::entries)
        .filter(|entry| entry.value.is_null());
    nulls
        .map(|entry| (entry.key.clone(), entry.value.origin().clone()))
        .collect()
}

/// Says that a name is not here, because a layer takes it away.
pub fn taken_away(rule: &'static Rule, name: &str, asked: &Origin, removed: &Origin) -> Finding {
    let what = format!("`{name}` is taken away here, and something needs it");
    Finding::new(rule, what)
        .mark_origin(asked, "needs it")
        .mark_origin(removed, "taken away")
        .help(format!(
            "take away with `null` what needs it too, or write `{name}: {{ enabled: false }}`"
        ))
}

/// A service has an image of its own name unless another is written.
fn named(entry: &Entry, node: &Node) -> Node {
    let origin = Origin::rule("default: image.name", [entry.at.clone()]);
    tree::with_default(node, &["image", "name"], || {
        Node::Text(origin, entry.key.clone())
    })
}

struct Work<'a> {
    services: Option<Node>,
    defaults: Option<Node>,
    removed: &'a mut Removed,
    findings: &'a mut Findings,
    aliases: BTreeMap<Str, Str>,
    gone: BTreeMap<Str, Origin>,
}

impl Work<'_> {
    /// A service over what it is like, over `defaults`.
    fn service(&mut self, name: &str, open: &mut Vec<Str>) -> Node {
        let nothing = Node::map(Origin::rule("nothing", []), []);
        let written = self
            .services
            .as_ref()
            .and_then(|services| services.get(name));
        let own = written.cloned().unwrap_or_else(|| nothing.clone());
        open.push(name.into());
        let below = match own.get("like").filter(|like| !like.is_null()).cloned() {
            Some(like) => self.like(&like, open),
            None => None,
        };
        let below = below.or_else(|| self.defaults.clone());
        let own = tree::without(&own, &["like"]);
        match below {
            Some(below) => {
                let below = tree::without(&below, &["like"]);
                merge(&Service::shape(), &own, &below, self.removed)
            }
            None => own,
        }
    }

    fn like(&mut self, like: &Node, open: &mut Vec<Str>) -> Option<Node> {
        let name = like.text()?;
        if let Some(at) = open.iter().position(|known| known == name) {
            let ring = &open[at..];
            // Every service of the ring finds it; one says so.
            if ring.iter().min() == Some(name) {
                let ring = ring.join(" → ");
                let what = format!("services are like each other in a circle: {ring} → {name}");
                let finding = Finding::new(&rules::LIKE_CIRCLE, what);
                self.findings
                    .report(finding.mark_origin(like.origin(), "leads back"));
            }
            return None;
        }
        if self
            .services
            .as_ref()
            .and_then(|services| services.get(name))
            .is_none_or(Node::is_null)
        {
            self.unknown(&rules::UNKNOWN_LIKE, like, name);
            return None;
        }
        let below = self.service(name, open);
        Some(tree::without(&below, OWN))
    }

    /// A job or migration over the service whose program it is.
    fn program(
        &mut self,
        block: &str,
        shape: &'static Block,
        entry: &Entry,
        services: Option<&Node>,
    ) -> Node {
        let own = &entry.value;
        let plain = block == "migrations" && is_plain(own);
        let named = |own: &Node| {
            if plain {
                own.clone()
            } else {
                named(entry, own)
            }
        };
        let Some(service) = own.get("service").filter(|service| !service.is_null()) else {
            return match own {
                Node::Map(..) => named(own),
                _ => own.clone(),
            };
        };
        let Some(name) = service.text() else {
            return own.clone();
        };
        let program = services.and_then(|services| services.get(name));
        let Some(program) = program.filter(|program| !program.is_null()) else {
            self.unknown(&rules::UNKNOWN_PROGRAM, service, name);
            return named(own);
        };
        let takes = |key: &str| {
            if plain {
                OF_PLAIN_FILES.contains(&key)
            } else {
                !OWN_OF_PROGRAMS.contains(&key)
            }
        };
        let taken =
            entries(program).filter(|entry| shape.field(&entry.key).is_some() && takes(&entry.key));
        let below = Node::map(own.origin().clone(), taken.cloned().collect::<Vec<_>>());
        for word in TURNED_WITH_ITS_PROGRAM {
            if takes(word) && shape.field(word).is_some() && own.get(word).is_none() {
                let (here, there) = (
                    format!("{block}.{}.{word}", entry.key),
                    format!("services.{name}.{word}"),
                );
                self.aliases.insert(here.into(), there.into());
            }
        }
        let shape = match block {
            "jobs" => Shape::Block(Job::block),
            _ => Shape::Block(Migration::block),
        };
        merge(&shape, own, &below, self.removed)
    }

    fn unknown(&mut self, rule: &'static Rule, node: &Node, name: &str) {
        if let Some(removed) = self.gone.get(name) {
            let finding = taken_away(rule, name, node.origin(), removed);
            return self.findings.report(finding);
        }
        let names: Vec<Str> = self
            .services
            .iter()
            .flat_map(entries)
            .map(|entry| entry.key.clone())
            .collect();
        let finding = Finding::new(rule, format!("there is no service `{name}`"));
        self.findings
            .report(match near(name, names.iter().map(Str::as_str)) {
                Some(near) => mend(finding, node.origin(), "unknown", near),
                None => finding.mark_origin(node.origin(), "unknown"),
            });
    }
}
