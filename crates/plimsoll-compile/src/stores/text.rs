//! Files of engines, written line by line; they remember what they are made of.

use plimsoll_source::{Node, Origin, Sourced, Str};
use std::fmt::Display;

/// A text that grows and knows what drove it and what decided about it.
pub struct Text {
    rule: &'static str,
    lines: String,
    from: Vec<Origin>,
    because: Vec<Origin>,
}

impl Text {
    /// An empty one; the rule is the module to open.
    pub fn new(rule: &'static str) -> Self {
        Self {
            rule,
            lines: String::new(),
            from: Vec::new(),
            because: Vec::new(),
        }
    }

    /// Adds a line of the rule's own.
    pub fn line(&mut self, line: impl AsRef<str>) -> &mut Self {
        self.lines.push_str(line.as_ref());
        self.lines.push('\n');
        self
    }

    /// Adds a line made of a value.
    pub fn of<T>(&mut self, value: &Sourced<T>, line: impl FnOnce(&T) -> String) -> &mut Self {
        self.from.push(value.origin().clone());
        self.line(line(value.peek()))
    }

    /// Adds `key = value`.
    pub fn pair<T: Display>(&mut self, key: &str, equals: &str, value: &Sourced<T>) -> &mut Self {
        self.of(value, |value| format!("{key}{equals}{value}"))
    }

    /// Remembers what drove a line that was added as text.
    pub fn from(&mut self, origin: &Origin) -> &mut Self {
        self.from.push(origin.clone());
        self
    }

    /// Remembers what decided about lines.
    pub fn because(&mut self, origin: &Origin) -> &mut Self {
        self.because.push(origin.clone());
        self
    }

    /// The whole.
    pub fn build(self) -> Node {
        let mut origin = Origin::rule(self.rule, self.from);
        if !self.because.is_empty() {
            origin = origin.because(&Origin::all(self.because));
        }
        Node::Text(origin, Str::from(self.lines))
    }
}
