//! What the application file may look like: made once, by the derive on the typed structs.
//!
//! From it come near names, the long forms, how layers merge, the JSON Schema and the reference.

pub mod canonical;
pub mod merge;
pub mod schema;
pub mod short;

use plimsoll_source::Node;

use crate::types::Problem;

/// What may stand at a key.
#[derive(Clone, Debug)]
pub enum Shape {
    /// One scalar.
    Leaf(Leaf),
    /// Many in order; a single value is a list of one.
    List(Box<Shape>),
    /// Many by name.
    Map(Map),
    /// Many by name, each with options: a list of names or one-key maps, or a map.
    Set(Map),
    /// Known keys.
    Block(fn() -> &'static Block),
    /// One of the keys of a block; a key without options may stand alone.
    OneKey(fn() -> &'static Block),
    /// One of these words, or something else.
    WordOr(&'static [&'static str], Box<Shape>),
    /// A scalar, or something else.
    LeafOr(Leaf, Box<Shape>),
    /// Kubernetes YAML.
    Raw,
}

/// One scalar.
#[derive(Clone, Copy, Debug)]
pub struct Leaf {
    /// Name of the type, with its article.
    pub what: &'static str,
    /// How it is written.
    pub written: &'static str,
    /// The words that it may be, where it is one of a few.
    pub words: &'static [&'static str],
    /// What each of these words means; empty where nobody says.
    pub word_docs: &'static [&'static str],
    /// A regular expression that every literal matches; empty: any.
    pub pattern: &'static str,
    /// Whether `${…}` in it is read later, with its targets and secrets.
    pub template: bool,
    /// Tries to read a literal.
    pub check: fn(&str) -> Result<(), Problem>,
}

/// Many by name.
#[derive(Clone, Debug)]
pub struct Map {
    /// What each of them is.
    pub value: Box<Shape>,
    /// What a key may be.
    pub keys: Keys,
    /// The key of a single scalar that stands for the map, `http` of ports.
    pub single: Option<&'static str>,
    /// Whether the first key of an upper layer goes first: the main port.
    pub lead: bool,
}

/// What a key of a map may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Anything.
    Text,
    /// A name.
    Name,
    /// The name of a port.
    Port,
    /// Letters, digits, `_`, `-`.
    Word,
    /// An absolute path.
    Path,
    /// The path of a route: `/x` or `=/x`.
    RoutePath,
}

/// Known keys.
#[derive(Debug)]
pub struct Block {
    /// Name of its type.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// Its keys, in the order of the reference.
    pub fields: Vec<Field>,
    /// What a value that is no map stands for.
    pub short: Short,
    /// What every other key holds.
    pub rest: Option<Field>,
}

/// A key of a block.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The key.
    pub key: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// The value that holds where nobody wrote one.
    pub default: Option<&'static str>,
    /// That value in words, where it depends on others.
    pub shown: Option<&'static str>,
    /// Whether somebody must write it.
    pub required: bool,
    /// What may stand there.
    pub shape: fn() -> Shape,
    /// When it applies.
    pub only: Option<Only>,
    /// Keys of lower layers that are idle where this one is written: another image has another tag.
    pub over: &'static [&'static str],
}

/// A key applies only where another key of its block has one of these values.
#[derive(Clone, Copy, Debug)]
pub struct Only {
    /// The other key.
    pub chooser: &'static str,
    /// The values.
    pub values: &'static [&'static str],
    /// Turned round: none of the values.
    pub except: bool,
}

impl Only {
    /// Whether the key applies under a value of the chooser.
    pub fn fits(&self, value: &str) -> bool {
        self.values.contains(&value) != self.except
    }
}

/// What a value that is no map stands for.
#[derive(Clone, Copy, Debug)]
pub enum Short {
    /// Nothing: it is a mistake.
    None,
    /// The value of this key.
    Key(&'static str),
    /// What the function makes of it; nothing: it is a mistake.
    With(fn(&Node) -> Option<Node>),
}

impl Block {
    /// The key of that name.
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// What a key holds, one of its own or of the rest.
    pub fn shape_of(&self, key: &str) -> Option<Shape> {
        match (self.field(key), self.rest) {
            (Some(field), _) => Some((field.shape)()),
            (None, Some(rest)) => match (rest.shape)() {
                Shape::Map(map) => Some(*map.value),
                _ => None,
            },
            (None, None) => None,
        }
    }
}

impl Shape {
    /// A map by name.
    pub fn map(value: Shape) -> Self {
        Self::Map(Map {
            value: Box::new(value),
            keys: Keys::Text,
            single: None,
            lead: false,
        })
    }

    /// The same as a set.
    #[must_use]
    pub fn as_set(self) -> Self {
        match self {
            Self::Map(map) => Self::Set(map),
            Self::WordOr(words, inner) => Self::WordOr(words, Box::new(inner.as_set())),
            other => other,
        }
    }

    /// The same, whose keys are checked.
    #[must_use]
    pub fn keyed(self, keys: Keys) -> Self {
        match self {
            Self::Map(map) => Self::Map(Map { keys, ..map }),
            Self::Set(map) => Self::Set(Map { keys, ..map }),
            Self::WordOr(words, inner) => Self::WordOr(words, Box::new(inner.keyed(keys))),
            other => other,
        }
    }

    /// The shape of a word's leaf.
    pub fn leaf<T: crate::types::Leaf>() -> Leaf {
        Leaf {
            what: T::WHAT,
            written: T::WRITTEN,
            words: T::WORDS,
            word_docs: T::WORD_DOCS,
            pattern: T::PATTERN,
            template: T::TEMPLATE,
            check: |text| T::parse(text).map(drop),
        }
    }

    /// What it is, in messages.
    pub fn what(&self) -> String {
        match self {
            Self::Leaf(leaf) => leaf.what.to_owned(),
            Self::List(item) => format!("a list, each {}", item.what()),
            Self::Map(map) if map.single.is_some() => "a single value, or a map by name".to_owned(),
            Self::Map(_) => "a map by name".to_owned(),
            Self::Set(_) => "a list of names, or a map of names with options".to_owned(),
            Self::Block(block) => {
                let block = block();
                let keys: Vec<&str> = block.fields.iter().map(|field| field.key).collect();
                format!("a map of {}", keys.join(", "))
            }
            Self::OneKey(block) => {
                let keys: Vec<&str> = block().fields.iter().map(|field| field.key).collect();
                format!("one of {}", keys.join(", "))
            }
            Self::WordOr(words, inner) => format!("{}, or {}", words.join(", "), inner.what()),
            Self::LeafOr(leaf, inner) => format!("{}, or {}", leaf.what, inner.what()),
            Self::Raw => "Kubernetes YAML".to_owned(),
        }
    }
}
