//! How the types stand in generated objects: as Kubernetes writes them.

use super::{Bytes, Cidr, Count, Cpu, Percent, SizeRange};
use plimsoll_source::{Node, Origin, Scalar, Str};
use std::fmt::Display;

macro_rules! texts {
    ($($type:ty),*) => {$(
        impl Scalar for $type {
            fn node(&self, origin: Origin) -> Node {
                Node::Text(origin, Str::from(self.to_string()))
            }
        }
    )*};
}

texts!(Bytes, Cidr, Count, Cpu, Percent);

/// `request..limit`, or the request alone where there is no limit.
impl<T: Display> Scalar for SizeRange<T> {
    fn node(&self, origin: Origin) -> Node {
        let text = match &self.limit {
            Some(limit) => format!("{}..{limit}", self.request),
            None => self.request.to_string(),
        };
        Node::Text(origin, text.into())
    }
}
