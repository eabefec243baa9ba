//! Where in an object a value stands.
use std::fmt;
use std::str::FromStr;

/// A step into an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// A declared field.
    Field(String),
    /// A key of a map.
    Key(String),
    /// An item of a list, counted from zero.
    Index(usize),
}

/// Where in an object a value stands, written as the API server does: `spec.ports[0].labels[app]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub Vec<Segment>);

impl Path {
    /// The path of field names, split at dots.
    pub fn of_fields(dotted: &str) -> Self {
        Self(
            dotted
                .split('.')
                .filter(|name| !name.is_empty())
                .map(|name| Segment::Field(name.to_owned()))
                .collect(),
        )
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Field(name) if at == 0 => f.write_str(name)?,
                Segment::Field(name) => write!(f, ".{name}")?,
                Segment::Key(key) => write!(f, "[{key}]")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// A path whose brackets are not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPath;

impl fmt::Display for BadPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a bracket of the path is not closed")
    }
}

impl std::error::Error for BadPath {}

impl FromStr for Path {
    type Err = BadPath;

    /// Reads what [`Path`] writes; a number in brackets is an index, other text a key.
    fn from_str(text: &str) -> Result<Self, BadPath> {
        let mut segments = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('[') {
                let (key, after) = inside.split_once(']').ok_or(BadPath)?;
                let index = key.parse().map(Segment::Index);
                segments.push(index.unwrap_or_else(|_| Segment::Key(key.to_owned())));
                rest = after;
            } else {
                let name = rest.strip_prefix('.').unwrap_or(rest);
                let (name, after) = name.split_at(name.find(['.', '[']).unwrap_or(name.len()));
                segments.push(Segment::Field(name.to_owned()));
                rest = after;
            }
        }
        Ok(Self(segments))
    }
}
