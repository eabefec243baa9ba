//! Readers of the types that all words are made of.

use indexmap::IndexMap;
use plimsoll_source::{Knob, Node, Origin, Sourced, Str};

use super::{Reader, Word, entries};
use crate::app::{OrNone, Spent};
use crate::shape::Shape;
use crate::shape::canonical::{scalar, wrong_value};
use crate::types::Leaf;

impl<T: Leaf> Word for T {
    const REQUIRED: bool = true;

    fn shape() -> Shape {
        Shape::Leaf(Shape::leaf::<T>())
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        let text = scalar(node)?;
        match T::parse(&text) {
            Ok(value) => Some(value),
            Err(problem) => {
                let leaf = Shape::leaf::<T>();
                let finding = wrong_value(&leaf, &problem, &text, node.origin(), &cx.key());
                cx.report(finding);
                None
            }
        }
    }
}

impl<T: Word> Word for Sourced<T> {
    const REQUIRED: bool = T::REQUIRED;

    fn shape() -> Shape {
        T::shape()
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        let value = T::read(node, cx)?;
        Some(Sourced::new(value, node.origin().clone()))
    }

    fn absent(cx: &mut Reader<'_>) -> Option<Self> {
        let value = T::absent(cx)?;
        Some(Sourced::new(value, cx.nothing().origin().clone()))
    }
}

impl<T: Word> Word for Knob<T> {
    const REQUIRED: bool = T::REQUIRED;

    fn shape() -> Shape {
        T::shape()
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        let value = Sourced::read(node, cx)?;
        Some(Knob::new(cx.handle(), value))
    }

    fn absent(cx: &mut Reader<'_>) -> Option<Self> {
        let value = Sourced::absent(cx)?;
        Some(Knob::new(cx.handle(), value))
    }
}

impl<T: Word> Word for Option<T> {
    fn shape() -> Shape {
        T::shape()
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        if node.is_null() {
            return Some(None);
        }
        T::read(node, cx).map(Some)
    }

    fn absent(_: &mut Reader<'_>) -> Option<Self> {
        Some(None)
    }
}

impl<T: Word> Word for Vec<T> {
    fn shape() -> Shape {
        Shape::List(Box::new(T::shape()))
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        let items = node.items().iter().enumerate();
        let items = items.filter_map(|(at, item)| cx.at(&at.to_string(), |cx| T::read(item, cx)));
        Some(items.collect())
    }

    fn absent(_: &mut Reader<'_>) -> Option<Self> {
        Some(Vec::new())
    }
}

impl<T: Word> Word for IndexMap<Str, T> {
    fn shape() -> Shape {
        Shape::map(T::shape())
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        let is_block = matches!(T::shape(), Shape::Block(_));
        let mut map = IndexMap::new();
        for entry in entries(node) {
            // An element of a set that is explicitly not there.
            if is_block && scalar(&entry.value).is_some() {
                continue;
            }
            let value = cx.within(&entry.key, &entry.at, |cx| T::read(&entry.value, cx));
            if let Some(value) = value {
                map.insert(entry.key.clone(), value);
            }
        }
        Some(map)
    }

    fn absent(_: &mut Reader<'_>) -> Option<Self> {
        Some(IndexMap::new())
    }
}

impl<T: Word> Word for OrNone<T> {
    fn shape() -> Shape {
        Shape::WordOr(&["none"], Box::new(T::shape()))
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        if node.text().is_some_and(|text| text == "none") {
            return Some(Self::None(node.origin().clone()));
        }
        T::read(node, cx).map(Self::Some)
    }

    fn absent(cx: &mut Reader<'_>) -> Option<Self> {
        Some(Self::None(cx.nothing().origin().clone()))
    }
}

impl<T: Word> Word for Spent<T> {
    fn shape() -> Shape {
        T::shape()
    }

    fn read(_: &Node, _: &mut Reader<'_>) -> Option<Self> {
        Some(Self::default())
    }

    fn absent(_: &mut Reader<'_>) -> Option<Self> {
        Some(Self::default())
    }
}

impl Word for Node {
    fn shape() -> Shape {
        Shape::Raw
    }

    fn read(node: &Node, _: &mut Reader<'_>) -> Option<Self> {
        Some(node.clone())
    }
}

impl Word for Origin {
    fn shape() -> Shape {
        Shape::Block(nothing)
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        Some(cx.origin_of(node))
    }
}

/// A block without keys.
fn nothing() -> &'static crate::shape::Block {
    static NOTHING: crate::shape::Block = crate::shape::Block {
        name: "Nothing",
        doc: "",
        fields: Vec::new(),
        short: crate::shape::Short::None,
        rest: None,
    };
    &NOTHING
}
