//! Where in an object a value stands.
use std::fmt;

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
