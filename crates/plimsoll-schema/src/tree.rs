//! What validation reads: a tree of values, whoever holds it.

use plimsoll_source::Node;
use serde_json::{Map, Value};

/// A tree of values.
pub trait Tree: Sized {
    /// The value at the top.
    fn form(&self) -> Form<'_>;

    /// The items of a list; of anything else none.
    fn items(&self) -> &[Self];

    /// The entries of a map, in their order; of anything else none.
    fn entries(&self) -> impl Iterator<Item = (&str, &Self)>;

    /// The value of a key.
    fn at_key(&self, key: &str) -> Option<&Self>;

    /// Whether it is nothing.
    fn is_nothing(&self) -> bool {
        matches!(self.form(), Form::Null)
    }

    /// The text, if it is one.
    fn as_text(&self) -> Option<&str> {
        match self.form() {
            Form::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form<'a> {
    /// Nothing.
    Null,
    /// True or false.
    Bool,
    /// A whole number; `None` if it is larger than 64 bits with a sign.
    Whole(Option<i64>),
    /// A number with a fraction.
    Fraction,
    /// A text.
    Text(&'a str),
    /// A list.
    List,
    /// A map of so many keys.
    Map(usize),
}

impl Tree for Value {
    fn form(&self) -> Form<'_> {
        match self {
            Self::Null => Form::Null,
            Self::Bool(_) => Form::Bool,
            Self::Number(number) if number.is_f64() => Form::Fraction,
            Self::Number(number) => Form::Whole(number.as_i64()),
            Self::String(text) => Form::Text(text),
            Self::Array(_) => Form::List,
            Self::Object(map) => Form::Map(map.len()),
        }
    }

    fn items(&self) -> &[Self] {
        self.as_array().map_or(&[], Vec::as_slice)
    }

    fn entries(&self) -> impl Iterator<Item = (&str, &Self)> {
        let entries = self.as_object().into_iter().flat_map(Map::iter);
        entries.map(|(key, value)| (key.as_str(), value))
    }

    fn at_key(&self, key: &str) -> Option<&Self> {
        self.get(key)
    }
}

impl Tree for Node {
    fn form(&self) -> Form<'_> {
        match self {
            Self::Null(_) => Form::Null,
            Self::Bool(..) => Form::Bool,
            Self::Int(_, number) => Form::Whole(Some(*number)),
            Self::Float(..) => Form::Fraction,
            Self::Text(_, text) | Self::Plain(_, text) => Form::Text(text),
            Self::Map(_, entries) => Form::Map(entries.len()),
            Self::Seq(..) => Form::List,
        }
    }

    fn items(&self) -> &[Self] {
        Node::items(self)
    }

    fn entries(&self) -> impl Iterator<Item = (&str, &Self)> {
        let entries = Node::entries(self).iter();
        entries.map(|entry| (entry.key.as_str(), &entry.value))
    }

    fn at_key(&self, key: &str) -> Option<&Self> {
        self.get(key)
    }
}
