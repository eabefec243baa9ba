//! The tree that the user's file and the generated objects share.

use crate::{Origin, Str};
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// A value with its origin. Cheap to clone: maps and lists are shared.
#[derive(Clone, Debug)]
pub enum Node {
    /// Nothing.
    Null(Origin),
    /// True or false.
    Bool(Origin, bool),
    /// A whole number.
    Int(Origin, i64),
    /// A fraction.
    Float(Origin, f64),
    /// Text that is text, whatever it looks like.
    Text(Origin, Str),
    /// A scalar of a file as it was written, unquoted: what it is, the reader of its key decides
    /// (`version: 1.30` is text). Never in a generated object.
    Plain(Origin, Str),
    /// Keys and values in order; keys are unique.
    Map(Origin, Arc<[Entry]>),
    /// Items in order.
    Seq(Origin, Arc<[Node]>),
}

/// A key of a map with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: Str,
    /// Where the key was written.
    pub at: Origin,
    /// The value.
    pub value: Node,
}

impl Node {
    /// A map.
    pub fn map(origin: Origin, entries: impl IntoIterator<Item = Entry>) -> Self {
        Self::Map(origin, entries.into_iter().collect())
    }

    /// A list.
    pub fn seq(origin: Origin, items: impl IntoIterator<Item = Node>) -> Self {
        Self::Seq(origin, items.into_iter().collect())
    }

    /// Where it came from.
    pub fn origin(&self) -> &Origin {
        match self {
            Self::Null(origin)
            | Self::Bool(origin, _)
            | Self::Int(origin, _)
            | Self::Float(origin, _)
            | Self::Text(origin, _)
            | Self::Plain(origin, _)
            | Self::Map(origin, _)
            | Self::Seq(origin, _) => origin,
        }
    }

    /// The same value with another history.
    #[must_use]
    pub fn with_origin(mut self, new: Origin) -> Self {
        match &mut self {
            Self::Null(origin)
            | Self::Bool(origin, _)
            | Self::Int(origin, _)
            | Self::Float(origin, _)
            | Self::Text(origin, _)
            | Self::Plain(origin, _)
            | Self::Map(origin, _)
            | Self::Seq(origin, _) => *origin = new,
        }
        self
    }

    /// The entries of a map; of anything else none.
    pub fn entries(&self) -> &[Entry] {
        match self {
            Self::Map(_, entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; of anything else none.
    pub fn items(&self) -> &[Node] {
        match self {
            Self::Seq(_, items) => items,
            _ => &[],
        }
    }

    /// The entry of that key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The value of that key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The value at the end of a path of keys and list indices.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, step| match node {
            Self::Map(..) => node.get(step),
            Self::Seq(_, items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// The text of a scalar that is text, plain ones included.
    pub fn text(&self) -> Option<&Str> {
        match self {
            Self::Text(_, text) | Self::Plain(_, text) => Some(text),
            _ => None,
        }
    }

    /// The number of a whole number.
    pub fn int(&self) -> Option<i64> {
        match self {
            Self::Int(_, value) => Some(*value),
            _ => None,
        }
    }

    /// Whether it is nothing, written out or as a plain `null` or `~`.
    pub fn is_null(&self) -> bool {
        match self {
            Self::Null(_) => true,
            Self::Plain(_, text) => matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"),
            _ => false,
        }
    }

    /// The word for its shape in messages.
    pub fn shape(&self) -> &'static str {
        match self {
            Self::Map(..) => "a map",
            Self::Seq(..) => "a list",
            _ if self.is_null() => "nothing",
            _ => "a single value",
        }
    }

    /// As JSON; plain scalars must have been resolved.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match self {
            Self::Null(_) => Value::Null,
            Self::Bool(_, value) => Value::Bool(*value),
            Self::Int(_, value) => Value::from(*value),
            Self::Float(_, value) => Value::from(*value),
            Self::Text(_, text) | Self::Plain(_, text) => Value::from(text.as_str()),
            Self::Map(_, entries) => Value::Object(
                entries
                    .iter()
                    .map(|e| (e.key.to_string(), e.value.to_json()))
                    .collect(),
            ),
            Self::Seq(_, items) => Value::Array(items.iter().map(Self::to_json).collect()),
        }
    }

    /// As JSON on one line; plain scalars must have been resolved.
    ///
    /// # Panics
    /// Never: keys are texts.
    pub fn json_text(&self) -> String {
        serde_json::to_string(self).expect("keys are texts")
    }
}

/// As [`Node::to_json`] gives it.
impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null(_) => serializer.serialize_unit(),
            Self::Bool(_, value) => serializer.serialize_bool(*value),
            Self::Int(_, value) => serializer.serialize_i64(*value),
            Self::Float(_, value) => serializer.serialize_f64(*value),
            Self::Text(_, text) | Self::Plain(_, text) => serializer.serialize_str(text),
            Self::Map(_, entries) => serializer.collect_map(
                entries
                    .iter()
                    .map(|entry| (entry.key.as_str(), &entry.value)),
            ),
            Self::Seq(_, items) => serializer.collect_seq(items.iter()),
        }
    }
}

/// Equality ignores origins, and the order of keys.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null(_), Self::Null(_)) => true,
            (Self::Bool(_, a), Self::Bool(_, b)) => a == b,
            (Self::Int(_, a), Self::Int(_, b)) => a == b,
            (Self::Float(_, a), Self::Float(_, b)) => a.to_bits() == b.to_bits(),
            (Self::Text(_, a), Self::Text(_, b)) | (Self::Plain(_, a), Self::Plain(_, b)) => a == b,
            (Self::Map(_, a), Self::Map(_, b)) => {
                a.len() == b.len()
                    && a.iter()
                        .all(|e| other.get(&e.key).is_some_and(|value| *value == e.value))
            }
            (Self::Seq(_, a), Self::Seq(_, b)) => a == b,
            _ => false,
        }
    }
}
