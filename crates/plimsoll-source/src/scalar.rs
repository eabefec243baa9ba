//! Values that a tree can hold as one scalar.

use crate::{Node, Origin, Str};

/// A value with one spelling in a generated object.
pub trait Scalar {
    /// The value as a node of that origin.
    fn node(&self, origin: Origin) -> Node;
}

impl Scalar for Str {
    fn node(&self, origin: Origin) -> Node {
        Node::Text(origin, self.clone())
    }
}

impl Scalar for String {
    fn node(&self, origin: Origin) -> Node {
        Node::Text(origin, Str::from(self.as_str()))
    }
}

impl Scalar for &'static str {
    fn node(&self, origin: Origin) -> Node {
        Node::Text(origin, Str::from(*self))
    }
}

impl Scalar for bool {
    fn node(&self, origin: Origin) -> Node {
        Node::Bool(origin, *self)
    }
}

macro_rules! whole_numbers {
    ($($type:ty),*) => {$(
        impl Scalar for $type {
            fn node(&self, origin: Origin) -> Node {
                Node::Int(origin, i64::from(*self))
            }
        }
    )*};
}

whole_numbers!(u8, u16, u32, i32, i64);

/// Nothing, where there is no value.
impl<T: Scalar> Scalar for Option<T> {
    fn node(&self, origin: Origin) -> Node {
        match self {
            Some(value) => value.node(origin),
            None => Node::Null(origin),
        }
    }
}

impl Scalar for Node {
    fn node(&self, _: Origin) -> Node {
        self.clone()
    }
}
