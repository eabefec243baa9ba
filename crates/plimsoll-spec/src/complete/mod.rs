//! Built-in defaults that depend on other values, put under everything that is written.

pub mod around;
pub mod health;
pub mod namespace;
pub mod pod;
pub mod route;
pub mod service;
pub mod sql;
pub mod store;

use plimsoll_source::{Entry, Findings, Node, Origin, Str};
use rayon::prelude::*;
use std::collections::BTreeMap;

use crate::load::Texts;
use crate::tree;

/// A complete tree.
#[derive(Debug)]
pub struct Complete {
    /// The tree.
    pub root: Node,
    /// Words that are taken whole from elsewhere: path here → path there.
    pub aliases: BTreeMap<Str, Str>,
}

/// Fills one thing of a block.
type Step = fn(&Node, &Entry) -> Node;

/// Fills in what nobody wrote.
pub fn complete(root: &Node, texts: &mut Texts<'_>, findings: &mut Findings) -> Complete {
    let mut aliases = BTreeMap::new();
    let mut root = around::platform(root);
    root = around::deliver(&root);
    let steps: [(&str, Step); 8] = [
        ("externals", around::external),
        ("stores", store::complete),
        ("services", service::complete),
        ("jobs", pod::job),
        ("migrations", pod::migration),
        ("claims", around::claim),
        ("secrets", around::secret),
        ("routes", route::complete),
    ];
    for (block, step) in steps {
        let Some(things) = root.get(block) else {
            continue;
        };
        let made = things.entries().par_iter().with_min_len(16).map(|entry| {
            let value = match &entry.value {
                Node::Map(..) => step(&root, entry),
                other => other.clone(),
            };
            Entry {
                value,
                ..entry.clone()
            }
        });
        let made = Node::map(things.origin().clone(), made.collect::<Vec<_>>());
        root = tree::with(&root, &[block], made);
    }
    for block in pod::WITH_COMPANIONS {
        pod::companions(&mut root, block, &mut aliases);
    }
    sql::fill(&mut root, texts, findings);
    for block in pod::BLOCKS {
        pod::config(&mut root, block, texts, findings);
    }
    Complete {
        root: around::observe(&root),
        aliases,
    }
}

/// Fills keys of one block.
#[derive(Debug)]
pub struct Filler {
    /// The block so far.
    pub node: Node,
    kind: &'static str,
}

impl Filler {
    /// Starts with what is written; `kind` names it in rules.
    pub fn new(kind: &'static str, node: &Node) -> Self {
        Self {
            node: node.clone(),
            kind,
        }
    }

    /// Whether a path has a value.
    pub fn has(&self, path: &[&str]) -> bool {
        self.node.at(path).is_some_and(|node| !node.is_null())
    }

    /// The origin of a default here.
    pub fn origin(&self, path: &[&str]) -> Origin {
        Origin::rule(format!("default: {}.{}", self.kind, path.join(".")), [])
    }

    /// A text where there is none.
    pub fn text(&mut self, path: &[&str], text: impl Into<Str>) -> &mut Self {
        let value = tree::text(&self.origin(path), text);
        self.value(path, value)
    }

    /// A text where there is none, decided by something else.
    pub fn text_because(
        &mut self,
        path: &[&str],
        text: impl Into<Str>,
        because: &Origin,
    ) -> &mut Self {
        let value = tree::text(&self.origin(path).because(because), text);
        self.value(path, value)
    }

    /// A text made of another where there is none.
    pub fn text_from(&mut self, path: &[&str], text: impl Into<Str>, from: &Origin) -> &mut Self {
        let rule = format!("default: {}.{}", self.kind, path.join("."));
        let value = tree::text(&Origin::rule(rule, [from.clone()]), text);
        self.value(path, value)
    }

    /// A value where there is none.
    pub fn value(&mut self, path: &[&str], value: Node) -> &mut Self {
        self.node = tree::with_default(&self.node, path, || value);
        self
    }
}
