//! The words of a chart: the paths of its values, with what each is in every environment.

use super::contract::below;
use super::path::{self, Places};
use super::spoken;
use plimsoll_source::{Handle, Node, Origin, Str};
use plimsoll_world::{Expr, Param, Unit};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One path of the values.
#[derive(Clone, Debug)]
pub struct Word {
    /// What it is in each environment; nothing where it is not said there.
    pub values: Vec<Option<Node>>,
    /// The words of the application file that it turns.
    pub turns: Vec<Handle>,
    /// Whether no contract names it: environments differ there.
    pub automatic: bool,
    /// Whether it is left out where nothing is said.
    pub optional: bool,
    /// What it says in the README.
    pub about: Option<String>,
    /// Whether it stands inside a longer text, so that it may not hold quotes or line breaks.
    pub inside: bool,
    /// Each element of the list is a map that holds it under this key.
    pub item: Option<String>,
    /// Words in the values, and what they mean.
    pub words: Vec<(String, String)>,
}

impl Word {
    /// A word without a shape of its own.
    pub fn new(values: Vec<Option<Node>>, automatic: bool) -> Self {
        Self {
            values,
            turns: Vec::new(),
            automatic,
            optional: false,
            about: None,
            inside: false,
            item: None,
            words: Vec::new(),
        }
    }

    /// A value that it has somewhere and that says its type; an empty list says not of what.
    pub fn sample(&self) -> Option<&Node> {
        let said = || self.values.iter().flatten().filter(|node| !node.is_null());
        let full = |node: &&Node| !matches!(node, Node::Seq(_, items) if items.is_empty());
        said().find(full).or_else(|| said().next())
    }

    /// Whether it is a number, also where no environment says one.
    pub fn is_number(&self) -> bool {
        const NUMBERS: [&str; 6] = [
            ".scale.cpu",
            ".scale.memory",
            ".scale.min",
            ".scale.max",
            ".scale.replicas",
            ".instances",
        ];
        match self.sample() {
            Some(sample) => matches!(sample, Node::Int(..) | Node::Float(..)),
            None => self
                .turns
                .iter()
                .any(|handle| NUMBERS.iter().any(|ending| handle.0.ends_with(ending))),
        }
    }

    /// Whether an environment says nothing.
    pub fn is_missing_somewhere(&self) -> bool {
        self.values.iter().any(Option::is_none)
    }

    /// Whether it may be nothing.
    pub fn is_nullable(&self) -> bool {
        self.optional || self.values.iter().flatten().any(Node::is_null)
    }
}

/// All words of a chart.
#[derive(Default)]
pub struct Words {
    /// By path.
    pub all: BTreeMap<String, Word>,
    /// Paths of the contract in their order.
    pub order: Vec<String>,
}

impl Words {
    /// The word of that path as an expression.
    pub fn expr(&self, path: &str) -> Expr {
        let value = self
            .all
            .get(path)
            .and_then(|word| word.values.iter().flatten().next())
            .cloned();
        let value = value.unwrap_or_else(|| Node::Null(Origin::rule("helm", [])));
        Expr::Val(Arc::new(Param {
            handle: Handle(path.into()),
            value,
        }))
    }

    /// A word that environments differ in, named by its place in the application file.
    ///
    /// # Panics
    /// If it is given no name.
    pub fn automatic(&mut self, names: &[String], values: Vec<Option<Node>>) -> Expr {
        let same = |word: &Word| word.automatic && word.values == values;
        for name in names {
            match self.all.get(name) {
                Some(word) if same(word) => return self.expr(name),
                None if !self.clashes(name) => {
                    self.all.insert(name.clone(), Word::new(values, true));
                    return self.expr(name);
                }
                _ => {}
            }
        }
        let wanted = self.beside(names.last().expect("a word has a name"));
        let mut path = wanted.clone();
        let mut number = 1;
        loop {
            match self.all.get(&path) {
                Some(word) if same(word) => return self.expr(&path),
                None if !self.clashes(&path) => break,
                _ => {
                    number += 1;
                    path = format!("{wanted}{number}");
                }
            }
        }
        self.all.insert(path.clone(), Word::new(values, true));
        self.expr(&path)
    }

    /// Words in the order of the contract, then those that environments differ in.
    pub fn in_order(&self) -> impl Iterator<Item = (&str, &Word)> {
        let said = self
            .order
            .iter()
            .filter_map(|path| self.all.get_key_value(path));
        let rest = self
            .all
            .iter()
            .filter(|(path, _)| !self.order.contains(path));
        said.chain(rest).map(|(path, word)| (path.as_str(), word))
    }

    /// Drops words that nothing uses, and gives those that must be there a value everywhere: a list is
    /// empty where nothing is said, and not that of another environment.
    pub fn settle(&mut self, used: &BTreeSet<String>) {
        self.all.retain(|path, _| used.contains(path));
        for word in self.all.values_mut().filter(|word| !word.optional) {
            let sample = word.values.iter().flatten().next().cloned();
            let sample = sample.map(|sample| match sample {
                Node::Seq(origin, _) => Node::seq(origin, []),
                other => other,
            });
            for value in word.values.iter_mut().filter(|value| value.is_none()) {
                value.clone_from(&sample);
            }
        }
    }

    /// The path, beside a word instead of below it.
    fn beside(&self, wanted: &str) -> String {
        let mut path = wanted.to_owned();
        while let Some(known) = self
            .all
            .keys()
            .find(|known| path.len() > known.len() && below(&path, known))
        {
            let (before, after) = path.split_at(known.len());
            let mut letters = after[1..].chars();
            let first = letters.next().map(|c| c.to_ascii_uppercase());
            path = before.chars().chain(first).chain(letters).collect();
        }
        path
    }

    fn clashes(&self, path: &str) -> bool {
        self.all
            .keys()
            .any(|known| below(known, path) || below(path, known))
    }
}

/// Where in an object something stands.
#[derive(Clone, Debug)]
pub struct At {
    /// The block of the object.
    pub unit: Unit,
    /// The first steps of the block's values: none for the service whose chart it is.
    pub own: Vec<String>,
    /// What tells the object from others of its kind in the block; perhaps nothing.
    pub apart: String,
    /// Its kind.
    pub kind: Str,
    /// Keys and items from its root.
    pub steps: Vec<Step>,
}

/// A step on the way to a place.
#[derive(Clone, Debug)]
pub enum Step {
    /// A key of Kubernetes.
    Key(String),
    /// What an item is called.
    Item(String),
}

impl Step {
    fn word(&self) -> &str {
        match self {
            Self::Key(word) | Self::Item(word) => word,
        }
    }

    fn is_number(&self) -> bool {
        self.word().chars().all(|c| c.is_ascii_digit())
    }
}

/// Words of a block that say what it is, and never why something else is there.
const NO_REASONS: [&str; 20] = [
    "annotations",
    "config",
    "data",
    "databases",
    "engine",
    "env",
    "health",
    "image",
    "labels",
    "name",
    "namespace",
    "ports",
    "scale",
    "settings",
    "size",
    "storage",
    "users",
    "uses",
    "version",
    "volumes",
];

impl At {
    /// One step further.
    #[must_use]
    pub fn step(&self, step: Step) -> Self {
        let mut at = self.clone();
        at.steps.push(step);
        at
    }

    /// Paths that an automatic word may have, best first: where it is written in the file, then
    /// what it is here.
    pub fn names<'o>(
        &self,
        places: &Places,
        origins: impl IntoIterator<Item = &'o Origin>,
    ) -> Vec<String> {
        let own = self.own.clone();
        let found = origins
            .into_iter()
            .filter_map(|origin| places.of(origin, &self.unit))
            .find_map(|place| self.below_own(path::of_place(&place)));
        let mut names = Vec::new();
        if let Some(path) = found {
            let path = path.join(".");
            let last = path.rsplit('.').next().unwrap_or_default().to_lowercase();
            let other = self
                .steps
                .iter()
                .rev()
                .find(|step| step.word().to_lowercase() != last && !step.is_number());
            names.push(path.clone());
            names.extend(other.map(|step| path + &capital(step.word())));
        }
        let mut path = own;
        if !matches!(&*self.kind, "Deployment" | "StatefulSet" | "Job") {
            path.push(lower(&path::camel(&self.kind)));
        }
        // Of the items the last one, and of the keys of Kubernetes only one at the end.
        let is_item = |step: &Step| matches!(step, Step::Item(_)) && !step.is_number();
        let last_item = self.steps.iter().rposition(is_item);
        let mut short = path.clone();
        let block = path::of_unit(&self.unit).pop().unwrap_or_default();
        for (at, step) in self.steps.iter().enumerate() {
            let word = step.word().rsplit('/').next().unwrap_or_default();
            let word = match step {
                _ if step.is_number() => None,
                Step::Item(_) => Some(path::camel(word)),
                Step::Key(_) => spoken::step(word),
            };
            let Some(word) = word else { continue };
            match step {
                Step::Item(_) if Some(at) == last_item && word != block => short.push(word.clone()),
                Step::Key(_) if at + 1 == self.steps.len() => short.push(word.clone()),
                _ => {}
            }
            path.push(word);
        }
        names.push(short.join("."));
        names.push(path.join("."));
        names
    }

    /// A path in the file as one in the values of the block; `None` where it is of another block.
    fn below_own(&self, path: Vec<String>) -> Option<Vec<String>> {
        let unit = path::of_unit(&self.unit);
        if path.len() < 2 || path[0] == "cap" {
            return None;
        }
        if path.len() > unit.len() && path.starts_with(&unit) && !unit.is_empty() {
            let rest = path[unit.len()..].iter();
            return Some(self.own.iter().chain(rest).cloned().collect());
        }
        matches!(self.unit, Unit::Shared).then_some(path)
    }

    /// The switch of an object of that kind in the same block.
    pub fn switch_of(&self, kind: &str) -> String {
        let mut path = self.own.clone();
        path.push(lower(&path::camel(kind)));
        path.join(".")
    }

    /// Paths that the switch of a whole object may have, best first: by what of the block asks for
    /// it, by its kind, and by its name too.
    pub fn object_switches<'o>(
        &self,
        places: &Places,
        origins: impl IntoIterator<Item = &'o Origin>,
    ) -> Vec<String> {
        let asked = origins
            .into_iter()
            .filter_map(|origin| places.of(origin, &self.unit))
            .filter(|place| place.len() > 2 && !NO_REASONS.contains(&place[2].as_str()))
            .find_map(|place| self.below_own(path::of_place(&place[..3])));
        let asked = asked.filter(|_| !matches!(self.unit, Unit::Shared));
        let mut names: Vec<String> = asked.map(|path| path.join(".")).into_iter().collect();
        let path = self.switch_of(&self.kind);
        names.push(path.clone());
        if !self.apart.is_empty() {
            names.push(format!("{path}.{}", path::camel(&self.apart)));
        }
        names
    }
}

/// `requests` as the end of a name: `Requests`.
fn capital(step: &str) -> String {
    let word = path::camel(step);
    let mut letters = word.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// `PodMonitor` as a key: `podMonitor`; `HTTPRoute` as `httpRoute`.
fn lower(kind: &str) -> String {
    let capitals = kind.chars().take_while(char::is_ascii_uppercase).count();
    let small = if capitals > 1 && capitals < kind.len() {
        capitals - 1
    } else {
        capitals
    };
    let (head, rest) = kind.split_at(small);
    head.to_ascii_lowercase() + rest
}
