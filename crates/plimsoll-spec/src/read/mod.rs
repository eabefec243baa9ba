//! Reads types from a tree of canonical shape.

pub mod generic;
pub mod special;
pub mod template;
pub mod things;

use indexmap::IndexMap;
use plimsoll_source::{Entry, Finding, Findings, Handle, Knob, Node, Origin, Span, Str};
use std::collections::{BTreeMap, BTreeSet};

use crate::app::Environment;
use crate::load::Texts;
use crate::rules::shapes;
use crate::shape::canonical::Speller;
use crate::shape::{Block, Field, Shape, short};
use crate::types::Target;
pub use things::Things;

/// What can stand at a key.
pub trait Word: Sized {
    /// Whether somebody must write it.
    const REQUIRED: bool = false;

    /// What may stand there.
    fn shape() -> Shape;

    /// Reads it; nothing where a mistake was reported.
    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self>;

    /// What holds where nobody wrote it and nothing is a default.
    fn absent(_: &mut Reader<'_>) -> Option<Self> {
        None
    }
}

/// What nobody writes in the file, and that stands beside it.
pub trait Given {
    /// What is given.
    fn given(cx: &mut Reader<'_>) -> Self;
}

impl Given for Environment {
    fn given(cx: &mut Reader<'_>) -> Self {
        cx.environment()
    }
}

/// What reading needs to know, and what it finds.
#[derive(Debug)]
pub struct Reader<'a> {
    /// The application of one environment, complete.
    pub root: &'a Node,
    /// What there is to talk to.
    pub things: &'a Things,
    /// Names of what there is to talk to in any layer.
    pub known: &'a BTreeSet<Str>,
    /// Variables.
    pub vars: &'a IndexMap<Str, Knob<Str>>,
    /// Those of them that no handle turns: they stand in what is fixed as well.
    pub fixed: &'a BTreeSet<Str>,
    /// Handles of values that are taken from elsewhere: path here → path there.
    pub aliases: &'a BTreeMap<Str, Str>,
    /// Values whose mistake is reported already.
    pub bad: &'a BTreeSet<Span>,
    /// Files of the project.
    pub texts: &'a mut Texts<'a>,
    /// Mistakes.
    pub findings: Findings,
    environment: Environment,
    path: Vec<Str>,
    entries: Vec<(Str, Origin)>,
}

/// What a [`Reader`] is made of.
#[derive(Debug)]
pub struct Context<'a> {
    /// The application of one environment, complete.
    pub root: &'a Node,
    /// What there is to talk to.
    pub things: &'a Things,
    /// Names of what there is to talk to in any layer.
    pub known: &'a BTreeSet<Str>,
    /// Variables.
    pub vars: &'a IndexMap<Str, Knob<Str>>,
    /// Those of them that no handle turns: they stand in what is fixed as well.
    pub fixed: &'a BTreeSet<Str>,
    /// Handles of values that are taken from elsewhere.
    pub aliases: &'a BTreeMap<Str, Str>,
    /// Values whose mistake is reported already.
    pub bad: &'a BTreeSet<Span>,
    /// Files of the project.
    pub texts: &'a mut Texts<'a>,
    /// The environment.
    pub environment: Environment,
}

impl<'a> Reader<'a> {
    /// A reader at the root.
    pub fn new(context: Context<'a>) -> Self {
        Self {
            root: context.root,
            things: context.things,
            known: context.known,
            vars: context.vars,
            fixed: context.fixed,
            aliases: context.aliases,
            bad: context.bad,
            texts: context.texts,
            findings: Findings::default(),
            environment: context.environment,
            path: Vec::new(),
            entries: Vec::new(),
        }
    }

    /// The environment.
    pub fn environment(&self) -> Environment {
        self.environment.clone()
    }

    /// Keys from the root to here.
    pub fn path(&self) -> &[Str] {
        &self.path
    }

    /// The last key, for messages.
    pub fn key(&self) -> Str {
        self.path.last().cloned().unwrap_or_default()
    }

    /// The handle of the word that is being read.
    pub fn handle(&self) -> Handle {
        // A strategy is one word: the steps of a canary are turned as those of the strategy.
        let path = self
            .path
            .join(".")
            .replace(".strategy.canary.", ".strategy.");
        for (from, to) in self.aliases {
            if let Some(rest) = path.strip_prefix(from.as_str())
                && (rest.is_empty() || rest.starts_with('.'))
            {
                return Handle(format!("{to}{rest}").into());
            }
        }
        Handle(path.into())
    }

    /// Reads below a key.
    pub fn at<T>(&mut self, key: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(key.into());
        let value = read(self);
        self.path.pop();
        value
    }

    /// Reads below a key that is a name.
    pub fn within<T>(&mut self, key: &str, at: &Origin, read: impl FnOnce(&mut Self) -> T) -> T {
        self.entries.push((key.into(), at.clone()));
        let value = self.at(key, read);
        self.entries.pop();
        value
    }

    /// An empty block, which nobody wrote.
    pub fn nothing(&self) -> Node {
        let rule = format!("default: {}", self.key());
        short::empty(&Origin::rule(rule, []))
    }

    /// Reads a key of a block, or what holds without it.
    pub fn field<T: Word>(&mut self, node: &Node, block: &Block, key: &str) -> Option<T> {
        let field = block.field(key)?;
        let entry = node.entry(key).filter(|entry| !entry.value.is_null());
        if let Some(entry) = entry
            && let Some(value) = self.at(key, |cx| T::read(&entry.value, cx))
        {
            return Some(value);
        }
        if let Some(default) = field.default {
            let value = default_value(block, field, default);
            return self.at(key, |cx| T::read(&value, cx));
        }
        if let Some(value) = self.at(key, T::absent) {
            return Some(value);
        }
        if entry.is_none() && !self.is_hole(node) {
            self.missing(node, block, key);
        }
        None
    }

    /// Reads all keys that a block does not name.
    pub fn rest<T: Word>(&mut self, node: &Node, block: &Block) -> Option<T> {
        let rest = node.entries().iter();
        let rest = rest.filter(|entry| block.field(&entry.key).is_none());
        let map = Node::map(node.origin().clone(), rest.cloned().collect::<Vec<_>>());
        T::read(&map, self)
    }

    /// Reads the name of the thing that is being read: the key under which it stands.
    pub fn entry_name<T: Word>(&mut self) -> Option<T> {
        let (key, at) = self.entries.last()?.clone();
        let node = Node::Text(at, key);
        let is_path = self.path.len() > 1 && self.path[self.path.len() - 2] == "paths";
        if is_path {
            return T::read(&node, self);
        }
        self.at("name", |cx| T::read(&node, cx))
    }

    /// The target that the key names.
    pub fn entry_target(&mut self) -> Option<Target> {
        let (key, _) = self.entries.last()?;
        self.things.find(key)
    }

    /// The target that another key of the block holds.
    pub fn target_at(&mut self, node: &Node, key: &str) -> Option<Target> {
        self.things.find(node.get(key)?.text()?)
    }

    /// Where a block was written: its name, or else its value.
    pub fn origin_of(&self, node: &Node) -> Origin {
        let named = self.path.last().zip(self.entries.last());
        match named {
            Some((key, (entry, at))) if key == entry && node.origin().place().is_some() => {
                at.clone()
            }
            _ => node.origin().clone(),
        }
    }

    /// Reports a mistake.
    pub fn report(&mut self, finding: Finding) {
        if finding.place().is_none_or(|span| !self.bad.contains(&span)) {
            self.findings.report(finding);
        }
    }

    fn is_hole(&self, node: &Node) -> bool {
        let place = node.origin().place();
        place.is_some_and(|span| self.bad.contains(&span))
    }

    fn missing(&mut self, node: &Node, block: &Block, key: &str) {
        let origin = self.origin_of(node);
        let what = format!("{} lacks `{key}`", block.title());
        let label = format!("`{key}` is missing");
        let finding = Finding::new(&shapes::MISSING_KEY, what).mark_origin(&origin, label);
        self.report(finding.help(format!("add `{key}: …`")));
    }
}

/// The value of a built-in default.
pub fn default_value(block: &Block, field: &Field, text: &str) -> Node {
    let name = block.title();
    let name = name.split_once(' ').map_or(name.as_str(), |(_, name)| name);
    let origin = Origin::rule(format!("default: {name}.{}", field.key), []);
    spelled(&(field.shape)(), text, &origin)
}

/// A literal of ours in its long form.
pub fn spelled(shape: &Shape, text: &str, origin: &Origin) -> Node {
    let node = literal(text, origin);
    let long = Speller::default().spell(shape, &node, "");
    long.unwrap_or(node)
}

/// `[a, b]` as a list, all else as text.
fn literal(text: &str, origin: &Origin) -> Node {
    let scalar = |text: &str| Node::Text(origin.clone(), text.trim().into());
    let inside = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match inside {
        Some("") => Node::seq(origin.clone(), []),
        Some(items) => Node::seq(
            origin.clone(),
            items.split(',').map(scalar).collect::<Vec<_>>(),
        ),
        None => scalar(text),
    }
}

/// The entries of a map that are there.
pub fn entries(node: &Node) -> impl Iterator<Item = &Entry> {
    node.entries().iter().filter(|entry| !entry.value.is_null())
}
