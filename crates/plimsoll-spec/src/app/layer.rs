//! An environment as a layer: the top level again, with keys of its own.

use plimsoll_source::{Node, Sourced, Str};
use std::sync::LazyLock;

use super::App;
use crate::read::{Reader, Word};
use crate::shape::{Block, Field, Shape, Short};

/// An environment as a layer. Only its shape matters: it is spent by merging.
#[derive(Clone, Copy, Debug)]
pub struct Layer;

/// Keys of the top level that no layer has.
const TOP_ONLY: &[&str] = &["app", "format", "include", "environments"];

impl Layer {
    /// Keys that a layer alone has.
    pub const OWN: &'static [&'static str] = &["default", "extends", "short"];

    /// Its shape.
    pub fn block() -> &'static Block {
        static BLOCK: LazyLock<Block> = LazyLock::new(|| {
            let own = |key, doc, default, shape| Field {
                key,
                doc,
                default,
                shown: None,
                required: false,
                shape,
                only: None,
                over: &[],
            };
            let mut fields = vec![
                own(
                    "default",
                    "Chosen without `-e`; without any it is the first.",
                    Some("false"),
                    Sourced::<bool>::shape,
                ),
                own(
                    "extends",
                    "Another environment, which lies below this one.",
                    None,
                    Sourced::<Str>::shape,
                ),
                own(
                    "short",
                    "Name in file names, `values-prod.yaml`; else its name.",
                    None,
                    Sourced::<Str>::shape,
                ),
            ];
            let rest = App::block().fields.iter();
            fields.extend(
                rest.filter(|field| !TOP_ONLY.contains(&field.key))
                    .map(|f| Field {
                        required: false,
                        ..*f
                    }),
            );
            Block {
                name: "Environment",
                doc: "A layer of the same shape as the top level.",
                fields,
                short: Short::None,
                rest: None,
            }
        });
        &BLOCK
    }
}

impl Word for Layer {
    fn shape() -> Shape {
        Shape::Block(Self::block)
    }

    fn read(_: &Node, _: &mut Reader<'_>) -> Option<Self> {
        Some(Self)
    }
}
