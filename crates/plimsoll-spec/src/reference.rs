//! `${…}`: finding them, and replacing those that are fixed in an environment.

use indexmap::IndexMap;
use plimsoll_source::{Entry, Finding, Findings, Handle, Knob, Node, Origin, Sourced, Str};
use std::collections::BTreeSet;

use crate::app::Image;
use crate::read::entries;
use crate::rules::layers;
use crate::shape::{Shape, short};
use plimsoll_source::near::near;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text, `$${` already a literal `${`.
    Text(String),
    /// What stands in `${…}`.
    Reference(&'a str),
}

/// The pieces of a text. A `${` without end is text.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut plain, mut rest) = (Vec::new(), String::new(), text);
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            plain.push_str(&rest[..at - 1]);
            plain.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        let Some(end) = rest[at..].find('}') else {
            break;
        };
        plain.push_str(&rest[..at]);
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        pieces.push(Piece::Reference(rest[at + 2..at + end].trim()));
        rest = &rest[at + end + 1..];
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    pieces
}

/// A text with one reference replaced by another.
pub fn replaced(text: Option<Str>, name: &str, better: &str) -> Option<String> {
    let (old, new) = (format!("${{{name}}}"), format!("${{{better}}}"));
    let text = text?;
    text.contains(&old).then(|| text.replace(&old, &new))
}

/// Names that are no variables.
pub const TAKEN: &[&str] = &[
    "app",
    "env",
    "namespace",
    "service",
    "port",
    "platform",
    "secrets",
];

/// The value of a name that is always there, for what stands at a path.
pub fn built_in(root: &Node, path: &[Str], name: &str) -> Option<Sourced<Str>> {
    let text = |node: &Node| Some(Sourced::new(node.text()?.clone(), node.origin().clone()));
    match name {
        "app" => text(root.get("app")?),
        "env" => text(root.get("env")?),
        "namespace" => text(root.at(&["namespace", "name"])?),
        "service" => {
            let things = ["services", "jobs", "migrations", "stores"];
            let [block, thing, ..] = path else {
                return None;
            };
            let entry = root.get(block)?.entry(thing)?;
            let known = things.contains(&block.as_str());
            known.then(|| Sourced::new(entry.key.clone(), entry.at.clone()))
        }
        "port" => {
            let [block, thing, ..] = path else {
                return None;
            };
            let ports = root.at(&[block, thing, "ports"])?;
            text(entries(ports).next()?.value.get("port")?)
        }
        _ => None,
    }
}

/// Variables with their texts, which may use each other.
pub fn variables(root: &Node, findings: &mut Findings) -> IndexMap<Str, Knob<Str>> {
    let mut vars = IndexMap::new();
    for entry in root.get("vars").into_iter().flat_map(entries) {
        if TAKEN.contains(&entry.key.as_str()) {
            let what = format!("a variable cannot be named `{}`", entry.key);
            let finding = Finding::new(&layers::TAKEN_VARIABLE, what);
            findings.report(finding.mark_origin(&entry.at, "taken"));
            continue;
        }
        let mut open = Vec::new();
        let text = variable(root, &entry.key, &mut open, findings);
        // One that cannot be read is known all the same: its mistake is reported once.
        let text = text.or_else(|| {
            let node = &entry.value;
            Some(Sourced::new(node.text()?.clone(), node.origin().clone()))
        });
        if let Some(text) = text {
            let handle = Handle(format!("vars.{}", entry.key).into());
            vars.insert(entry.key.clone(), Knob::new(handle, text));
        }
    }
    vars
}

/// Variables that the name of a namespace or another variable is made of: no handle turns them,
/// since what is made of them is fixed once the file is read.
pub fn fixed_variables(root: &Node) -> BTreeSet<Str> {
    let vars = root.get("vars").into_iter().flat_map(entries);
    let texts = vars.map(|entry| &entry.value);
    let texts = texts.chain(root.at(&["namespace", "name"]));
    let mut fixed = BTreeSet::new();
    for piece in texts.filter_map(Node::text).flat_map(|text| pieces(text)) {
        if let Piece::Reference(name) = piece {
            fixed.insert(Str::from(name));
        }
    }
    fixed
}

fn variable(
    root: &Node,
    name: &Str,
    open: &mut Vec<Str>,
    findings: &mut Findings,
) -> Option<Sourced<Str>> {
    let node = root.get("vars")?.get(name)?;
    if let Some(at) = open.iter().position(|known| known == name) {
        let ring = &open[at..];
        // Every variable of the ring finds it; one says so.
        if ring.iter().min() == Some(name) {
            let what = format!("variables in a circle: {} → {name}", ring.join(" → "));
            let finding = Finding::new(&layers::VARIABLE_CIRCLE, what);
            findings.report(finding.mark_origin(node.origin(), "leads back to itself"));
        }
        return None;
    }
    open.push(name.clone());
    let text = node.text()?;
    let (mut whole, mut from) = (String::new(), vec![node.origin().clone()]);
    for piece in pieces(text) {
        let part = match piece {
            Piece::Text(text) => {
                whole.push_str(&text);
                continue;
            }
            Piece::Reference(name) => match built_in(root, &[], name) {
                Some(text) => Some(text),
                None if root.get("vars")?.get(name).is_some() => {
                    variable(root, &name.into(), open, findings)
                }
                None => {
                    unknown(root, node, name, findings);
                    None
                }
            },
        };
        let part = part?;
        whole.push_str(part.peek());
        from.push(part.origin().clone());
    }
    open.pop();
    let origin = match from.as_slice() {
        [one] => one.clone(),
        _ => Origin::rule("substitute", from),
    };
    Some(Sourced::new(whole.into(), origin))
}

/// Replaces what is fixed, in every value that is not read with its targets and secrets.
#[derive(Debug)]
pub struct Substitution<'a> {
    /// The merged application.
    pub root: &'a Node,
    /// Variables.
    pub vars: &'a IndexMap<Str, Knob<Str>>,
    /// Mistakes.
    pub findings: Findings,
    /// Variables that stand where a value is fixed by now.
    pub fixed: BTreeSet<Str>,
    path: Vec<Str>,
}

impl<'a> Substitution<'a> {
    /// Over a merged application.
    pub fn new(root: &'a Node, vars: &'a IndexMap<Str, Knob<Str>>) -> Self {
        Self {
            root,
            vars,
            findings: Findings::default(),
            fixed: BTreeSet::new(),
            path: Vec::new(),
        }
    }

    /// The value with everything replaced.
    pub fn apply(&mut self, shape: &Shape, node: &Node) -> Node {
        match (shape, node) {
            (Shape::Leaf(leaf) | Shape::LeafOr(leaf, _), Node::Text(..)) if leaf.template => {
                node.clone()
            }
            (Shape::Raw, _) => self.raw(node),
            (_, Node::Text(origin, text)) => self.text(origin, text).unwrap_or(node.clone()),
            (Shape::List(item), Node::Seq(origin, items)) => {
                let items = items.iter().map(|node| self.apply(item, node));
                Node::seq(origin.clone(), items.collect::<Vec<_>>())
            }
            (Shape::WordOr(_, inner) | Shape::LeafOr(_, inner), _) => self.apply(inner, node),
            (Shape::Map(map) | Shape::Set(map), Node::Map(..)) => {
                self.entries(node, |_| Some((*map.value).clone()))
            }
            (Shape::Block(block) | Shape::OneKey(block), Node::Map(..)) => {
                let block = block();
                let made = self.entries(node, |key| block.shape_of(key));
                if std::ptr::eq(block, Image::block()) {
                    return split_image(made);
                }
                made
            }
            _ => node.clone(),
        }
    }

    fn entries(&mut self, node: &Node, shape_of: impl Fn(&str) -> Option<Shape>) -> Node {
        let made = node.entries().iter().map(|entry| {
            let shape = shape_of(&entry.key).unwrap_or(Shape::Raw);
            self.path.push(entry.key.clone());
            let value = self.apply(&shape, &entry.value);
            self.path.pop();
            Entry {
                value,
                ..entry.clone()
            }
        });
        Node::map(node.origin().clone(), made.collect::<Vec<_>>())
    }

    fn raw(&mut self, node: &Node) -> Node {
        match node {
            Node::Text(origin, text) => self.text(origin, text).unwrap_or(node.clone()),
            Node::Seq(origin, items) => {
                let items = items.iter().map(|node| self.raw(node));
                Node::seq(origin.clone(), items.collect::<Vec<_>>())
            }
            Node::Map(..) => self.entries(node, |_| Some(Shape::Raw)),
            _ => node.clone(),
        }
    }

    /// The text with everything replaced; nothing if there is nothing to replace.
    fn text(&mut self, origin: &Origin, text: &Str) -> Option<Node> {
        if !text.contains("${") {
            return None;
        }
        let (mut whole, mut from) = (String::new(), vec![origin.clone()]);
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => whole.push_str(&text),
                Piece::Reference(name) => {
                    let known = self.vars.get(name).map(|var| var.fixed().clone());
                    if known.is_some() {
                        self.fixed.insert(name.into());
                    }
                    let known = known.or_else(|| built_in(self.root, &self.path, name));
                    let Some(known) = known else {
                        self.unknown(origin, text, name);
                        return None;
                    };
                    whole.push_str(known.peek());
                    from.push(known.origin().clone());
                }
            }
        }
        let origin = match from.len() {
            1 => origin.clone(),
            _ => Origin::rule("substitute", from),
        };
        Some(Node::Text(origin, whole.into()))
    }

    fn unknown(&mut self, origin: &Origin, text: &Str, name: &str) {
        let node = Node::Text(origin.clone(), text.clone());
        if name.starts_with("secrets.") || name.contains('.') {
            let what = format!("`${{{name}}}` cannot stand in `{}`", self.path.join("."));
            let finding = Finding::new(&layers::SECRET_IN_TEXT, what);
            let finding = finding.mark_origin(origin, "here text is needed");
            let help = "targets and secrets stand in `env`, `command`, `args` and `config`";
            self.findings.report(finding.help(help));
            return;
        }
        unknown(self.root, &node, name, &mut self.findings);
    }
}

/// An image whose name came from a variable may hold a tag.
fn split_image(node: Node) -> Node {
    let Some(name) = node.get("name").filter(|name| name.text().is_some()) else {
        return node;
    };
    let parts = short::image(name).unwrap_or(node.clone());
    if parts.entries().len() < 2 {
        return node;
    }
    let own = node
        .entries()
        .iter()
        .filter(|entry| parts.get(&entry.key).is_none());
    let entries = parts.entries().iter().chain(own).cloned();
    Node::map(node.origin().clone(), entries.collect::<Vec<_>>())
}

fn unknown(root: &Node, node: &Node, name: &str, findings: &mut Findings) {
    let what = format!("`${{{name}}}` names nothing here");
    let finding = Finding::new(&layers::UNKNOWN_VARIABLE, what);
    let vars = root.get("vars").into_iter().flat_map(entries);
    let names: Vec<&str> = vars
        .map(|e| e.key.as_str())
        .chain(TAKEN[..5].iter().copied())
        .collect();
    let better = near(name, names.into_iter());
    let whole = better.and_then(|better| replaced(node.text().cloned(), name, better));
    findings.report(match whole {
        Some(whole) => {
            let quoted = serde_json::Value::from(whole).to_string();
            crate::shape::canonical::mend(finding, node.origin(), "unknown", &quoted)
        }
        None => finding
            .mark_origin(node.origin(), "unknown")
            .help("define it in `vars`, or write `$${` for a literal `${`"),
    });
}
