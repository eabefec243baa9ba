//! Writes the long form of one layer, by shape alone, and finds what no layer may hold.

use plimsoll_source::{Entry, Finding, Findings, Node, Origin, Rule, Span, Str};
use std::collections::{BTreeMap, BTreeSet};

use super::{Block, Keys, Leaf, Map, Shape, Short, short};
use crate::rules::{layers, shapes};
use crate::types::{Leaf as _, Name, PortName, Problem};
use plimsoll_source::near::near;

/// What spelling out finds on its way.
#[derive(Debug, Default)]
pub struct Speller {
    /// Mistakes.
    pub findings: Findings,
    /// Values that are reported already: later steps skip them.
    pub bad: BTreeSet<Span>,
    /// Every `null`, with its key.
    pub nulls: BTreeMap<Span, Str>,
}

impl Speller {
    /// The long form of a value; nothing where it is a mistake.
    pub fn spell(&mut self, shape: &Shape, node: &Node, key: &str) -> Option<Node> {
        if node.is_null() && !matches!(shape, Shape::Raw) {
            if let Some(span) = node.origin().place() {
                self.nulls.insert(span, key.into());
            }
            return Some(Node::Null(node.origin().clone()));
        }
        // Explicitly nothing, over whatever lies below. Readers find neither entries nor items in it.
        if matches!(shape, Shape::List(_) | Shape::Map(_) | Shape::Set(_)) && says_none(node) {
            return Some(Node::Text(node.origin().clone(), "none".into()));
        }
        match shape {
            Shape::Leaf(leaf) => self.leaf(leaf, node, key),
            Shape::List(item) => self.list(item, node, key),
            Shape::Map(map) => self.map(map, shape, node, key),
            Shape::Set(map) => Some(self.set(map, shape, node, key)),
            Shape::Block(block) => self.block(block(), shape, node, key),
            Shape::OneKey(block) => self.one_key(block(), shape, node, key),
            Shape::WordOr(words, inner) => match node.text() {
                Some(text) if words.contains(&text.as_str()) => {
                    Some(Node::Text(node.origin().clone(), text.clone()))
                }
                _ => self.word_or(words, inner, node, key),
            },
            Shape::LeafOr(leaf, inner) => match node {
                Node::Map(..) | Node::Seq(..) => self.spell(inner, node, key),
                _ => self.leaf(leaf, node, key),
            },
            Shape::Raw => Some(node.resolve()),
        }
    }

    /// A switch inside may become one of the words.
    fn word_or(&mut self, words: &[&str], inner: &Shape, node: &Node, key: &str) -> Option<Node> {
        if let Shape::Block(block) = inner
            && let Short::With(make) = block().short
            && let Some(made) = make(node)
            && let Some(text) = made.text()
            && words.contains(&text.as_str())
        {
            return Some(made);
        }
        self.spell(inner, node, key)
    }

    fn leaf(&mut self, leaf: &Leaf, node: &Node, key: &str) -> Option<Node> {
        let Some(text) = scalar(node) else {
            return self.wrong_shape(leaf.what, node, key);
        };
        if !text.contains("${")
            && let Err(problem) = (leaf.check)(&text)
        {
            let finding = wrong_value(leaf, &problem, &text, node.origin(), key);
            return self.bad(finding, node.origin());
        }
        Some(Node::Text(node.origin().clone(), text))
    }

    fn list(&mut self, item: &Shape, node: &Node, key: &str) -> Option<Node> {
        let origin = node.origin().clone();
        let single = match node {
            Node::Seq(_, items) => {
                let items = items.iter().filter_map(|node| self.spell(item, node, key));
                return Some(Node::seq(origin, items.collect::<Vec<_>>()));
            }
            Node::Map(..) if !matches!(item, Shape::Block(_) | Shape::LeafOr(..)) => None,
            _ => self.spell(item, node, key),
        };
        match single {
            Some(one) => Some(Node::seq(origin, [one])),
            None if matches!(node, Node::Map(..)) && !self.is_bad(node) => {
                self.wrong_shape(&format!("a list, each {}", item.what()), node, key)
            }
            None => None,
        }
    }

    fn map(&mut self, map: &Map, shape: &Shape, node: &Node, key: &str) -> Option<Node> {
        match (node, map.single) {
            (Node::Map(origin, entries), _) => {
                let spelled = entries.iter().filter_map(|e| self.entry(map, e));
                Some(Node::map(origin.clone(), spelled.collect::<Vec<_>>()))
            }
            (Node::Plain(..) | Node::Text(..), Some(single)) => {
                let value = self.spell(&map.value, node, key)?;
                Some(short::map_of(node.origin(), [(single, value)]))
            }
            _ => self.wrong_shape(&shape.what(), node, key),
        }
    }

    fn entry(&mut self, map: &Map, entry: &Entry) -> Option<Entry> {
        self.check_key(map.keys, &entry.key, &entry.at)?;
        Some(Entry {
            value: self.spell(&map.value, &entry.value, &entry.key)?,
            ..entry.clone()
        })
    }

    fn set(&mut self, map: &Map, shape: &Shape, node: &Node, key: &str) -> Node {
        let origin = node.origin();
        match node {
            Node::Map(_, entries) => {
                let spelled = entries.iter().filter_map(|e| self.element(map, e));
                Node::map(origin.clone(), spelled.collect::<Vec<_>>())
            }
            Node::Seq(_, items) => {
                let mut entries: Vec<Entry> = Vec::new();
                for item in items.iter() {
                    for entry in self.members(map, shape, item, key) {
                        match entries.iter().find(|known| known.key == entry.key) {
                            Some(known) => self.twice(&entry, known),
                            None => entries.push(entry),
                        }
                    }
                }
                Node::map(origin.clone(), entries)
            }
            _ => {
                let entries = self.members(map, shape, node, key);
                Node::map(origin.clone(), entries)
            }
        }
    }

    /// What one item of the list form says.
    fn members(&mut self, map: &Map, shape: &Shape, item: &Node, key: &str) -> Vec<Entry> {
        match item {
            Node::Map(_, entries) => {
                let spelled = entries.iter().filter_map(|e| self.element(map, e));
                spelled.collect()
            }
            _ => {
                if let Some(name) = scalar(item) {
                    let at = item.origin().clone();
                    if self.check_key(map.keys, &name, &at).is_none() {
                        return Vec::new();
                    }
                    let value = short::empty(&at);
                    vec![Entry {
                        key: name,
                        at,
                        value,
                    }]
                } else {
                    self.wrong_shape(&shape.what(), item, key);
                    Vec::new()
                }
            }
        }
    }

    /// An element with options; `none` says that it is explicitly not there.
    fn element(&mut self, map: &Map, entry: &Entry) -> Option<Entry> {
        if says_none(&entry.value) {
            let none = Node::Text(entry.value.origin().clone(), "none".into());
            return Some(Entry {
                value: none,
                ..entry.clone()
            });
        }
        self.entry(map, entry)
    }

    fn block(&mut self, block: &Block, shape: &Shape, node: &Node, key: &str) -> Option<Node> {
        let made;
        let node = match (block.short, node) {
            (Short::With(make), _) => match make(node) {
                Some(long) => {
                    made = long;
                    &made
                }
                None => node,
            },
            (Short::Key(field), Node::Plain(..) | Node::Text(..) | Node::Seq(..)) => {
                made = short::map_of(node.origin(), [(field, node.clone())]);
                &made
            }
            _ => node,
        };
        let Node::Map(origin, entries) = node else {
            return self.wrong_shape(&shape.what(), node, key);
        };
        let spelled = self.fields(block, origin, entries);
        Some(Node::map(origin.clone(), spelled))
    }

    fn field(&mut self, block: &Block, entry: &Entry) -> Option<Entry> {
        let Some(shape) = block.shape_of(&entry.key) else {
            self.unknown_key(block, entry);
            return None;
        };
        Some(Entry {
            value: self.spell(&shape, &entry.value, &entry.key)?,
            ..entry.clone()
        })
    }

    /// All keys of a block. Where one is a mistake the block is a hole: what it lacks is not
    /// reported.
    fn fields(&mut self, block: &Block, origin: &Origin, entries: &[Entry]) -> Vec<Entry> {
        let mut spelled = Vec::new();
        for entry in entries {
            match self.field(block, entry) {
                Some(entry) => spelled.push(entry),
                None => self.bad.extend(origin.place()),
            }
        }
        spelled
    }

    fn one_key(&mut self, block: &Block, shape: &Shape, node: &Node, key: &str) -> Option<Node> {
        if let Node::Map(origin, entries) = node {
            let [entry] = &entries[..] else {
                let what = format!(
                    "`{key}` has {} keys, and is {}",
                    entries.len(),
                    shape.what()
                );
                let finding = Finding::new(&shapes::WRONG_SHAPE, what);
                let finding = finding.mark_origin(node.origin(), "exactly one of them");
                return self.bad(finding, node.origin());
            };
            let entry = self.field(block, entry)?;
            let entry = match entry.value {
                Node::Null(at) => Entry {
                    value: short::empty(&at),
                    ..entry
                },
                _ => entry,
            };
            Some(Node::map(origin.clone(), [entry]))
        } else {
            let word = scalar(node);
            let field = word.as_ref().and_then(|word| block.field(word));
            if let Some(field) = field {
                let empty = short::empty(node.origin());
                return Some(short::map_of(node.origin(), [(field.key, empty)]));
            }
            let what = format!("`{key}` is {}", shape.what());
            let words = block.fields.iter().map(|field| field.key);
            let finding = Finding::new(&shapes::WRONG_VALUE, what);
            let finding = match word.as_ref().and_then(|word| near(word, words)) {
                Some(near) => mend(finding, node.origin(), "not one of them", near),
                None => finding.mark_origin(node.origin(), "not one of them"),
            };
            self.bad(finding, node.origin())
        }
    }

    /// Checks a key of a map.
    fn check_key(&mut self, keys: Keys, key: &Str, at: &Origin) -> Option<()> {
        if key.contains("${") {
            let what = format!("`{key}` is a key, and `${{…}}` stands in values alone");
            let finding = Finding::new(&layers::REFERENCE_IN_KEY, what).mark_origin(at, "a key");
            self.findings.report(finding);
            return None;
        }
        let problem = match keys {
            Keys::Text => return Some(()),
            Keys::Name => Name::parse(key).err(),
            Keys::Port => PortName::parse(key).err(),
            Keys::Word => word_problem(key),
            Keys::Path if !key.starts_with('/') => {
                let problem = Problem::whole(key, "a path starts with `/`");
                Some(problem.mend(format!("/{key}")))
            }
            Keys::RoutePath if !key.starts_with('/') && !key.starts_with("=/") => {
                let problem = Problem::whole(key, "a path of a route starts with `/` or `=/`");
                Some(problem.mend(format!("/{key}")))
            }
            Keys::Path | Keys::RoutePath => None,
        };
        let Some(problem) = problem else {
            return Some(());
        };
        let finding = Finding::new(&shapes::BAD_NAME, format!("`{key}` cannot be a name here"));
        let finding = finding.mark_origin(at, problem.what.clone());
        self.findings.report(match (problem.mend, at.place()) {
            (Some(better), Some(span)) => {
                finding.help(format!("write `{better}`")).edit(span, better)
            }
            _ => finding,
        });
        None
    }

    fn unknown_key(&mut self, block: &Block, entry: &Entry) {
        let keys = block.fields.iter().map(|field| field.key);
        let what = format!("{} has no key `{}`", block.title(), entry.key);
        let finding = Finding::new(&shapes::UNKNOWN_KEY, what);
        self.findings
            .report(if let Some(near) = near(&entry.key, keys.clone()) {
                mend(finding, &entry.at, "unknown", near)
            } else {
                let keys: Vec<&str> = keys.collect();
                let help = format!("it has {}", keys.join(", "));
                finding.mark_origin(&entry.at, "unknown").help(help)
            });
    }

    fn twice(&mut self, entry: &Entry, known: &Entry) {
        let finding = Finding::new(
            &layers::DEFINED_TWICE,
            format!("`{}` stands twice", entry.key),
        )
        .mark_origin(&entry.at, "again")
        .mark_origin(&known.at, "first");
        self.findings.report(finding);
    }

    fn wrong_shape(&mut self, want: &str, node: &Node, key: &str) -> Option<Node> {
        let what = format!("`{key}` is {}, and wants {want}", node.shape());
        let finding = Finding::new(&shapes::WRONG_SHAPE, what);
        let finding = finding.mark_origin(node.origin(), format!("{} here", node.shape()));
        self.bad(finding, node.origin())
    }

    fn bad(&mut self, finding: Finding, origin: &Origin) -> Option<Node> {
        let known = origin.place().is_some_and(|span| !self.bad.insert(span));
        if !known {
            self.findings.report(finding);
        }
        None
    }

    fn is_bad(&self, node: &Node) -> bool {
        node.origin()
            .place()
            .is_some_and(|span| self.bad.contains(&span))
    }
}

/// Whether a value is the word `none`.
pub fn says_none(node: &Node) -> bool {
    node.text().is_some_and(|text| text == "none")
}

impl Block {
    /// Its name as words, `a store`.
    pub fn title(&self) -> String {
        let mut words = String::new();
        for c in self.name.chars() {
            if c.is_uppercase() && !words.is_empty() {
                words.push(' ');
            }
            words.extend(c.to_lowercase());
        }
        match words.chars().next() {
            Some('a' | 'e' | 'i' | 'o') => format!("an {words}"),
            _ => format!("a {words}"),
        }
    }
}

/// The finding of a literal that is not of its type.
pub fn wrong_value(
    leaf: &Leaf,
    problem: &Problem,
    text: &str,
    origin: &Origin,
    key: &str,
) -> Finding {
    let rule: &'static Rule = &shapes::WRONG_VALUE;
    let what = format!("`{key}` is {}, and `{text}` is not", leaf.what);
    let finding = Finding::new(rule, what);
    let words = leaf.words.iter().copied();
    let near = near(text, words).map(str::to_owned);
    match problem.mend.clone().or(near) {
        Some(better) => mend(finding, origin, &problem.what, &better),
        None => finding
            .mark_origin(origin, problem.what.clone())
            .help(format!("write {}", leaf.written)),
    }
}

/// Marks the place, and offers what to write there.
pub fn mend(finding: Finding, origin: &Origin, label: &str, better: &str) -> Finding {
    let finding = finding
        .mark_origin(origin, label)
        .help(format!("write `{better}`"));
    match origin.place() {
        Some(span) => finding.edit(span, better),
        None => finding,
    }
}

/// The text of a scalar, also of those that computed defaults bring.
pub fn scalar(node: &Node) -> Option<Str> {
    match node {
        Node::Text(_, text) | Node::Plain(_, text) => Some(text.clone()),
        Node::Bool(_, value) => Some(value.to_string().into()),
        Node::Int(_, value) => Some(value.to_string().into()),
        _ => None,
    }
}

fn word_problem(key: &str) -> Option<Problem> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let (at, wrong) = key.char_indices().find(|(_, c)| !allowed(*c))?;
    let what = format!("`{wrong}` cannot stand there: letters, digits, `_` and `-` can");
    Some(Problem::new(at..at + wrong.len_utf8(), what))
}
