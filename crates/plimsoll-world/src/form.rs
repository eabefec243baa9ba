//! Forms: trees that become plain ones once the values are known.

use crate::{Cond, Expr, Param};
use plimsoll_source::{Node, Origin, Str};
use std::sync::Arc;

/// A tree in which parts may depend on words that can be turned. What does not depend on any is a
/// plain node already and is shared by every evaluation.
#[derive(Clone, Debug)]
pub enum Form {
    /// A plain tree.
    Plain(Node),
    /// A value that is computed: a scalar, or a whole structure passed through.
    Expr(Expr),
    /// A map.
    Map(Origin, Arc<[MapPart]>),
    /// A list.
    Seq(Origin, Arc<[SeqPart]>),
    /// A map or list that leaves its place empty where nothing is left in it.
    Shrinking(Arc<Form>),
}

/// A part of a map.
#[derive(Clone, Debug)]
pub enum MapPart {
    /// An entry, perhaps under a condition.
    Entry {
        /// Its key.
        key: Str,
        /// What lets it exist; `None`: always there.
        when: Option<Cond>,
        /// Its value.
        value: Form,
    },
    /// The entries of a map that can be turned.
    Splice(Expr),
}

/// A part of a list.
#[derive(Clone, Debug)]
pub enum SeqPart {
    /// An item, perhaps under a condition.
    Item {
        /// What lets it exist; `None`: always there.
        when: Option<Cond>,
        /// The item.
        value: Form,
    },
    /// One item for each element of a map (in the order of keys) or list that can be turned.
    Each {
        /// The map or list.
        over: Expr,
        /// The item; [`crate::Var`] stands for the element.
        item: Form,
    },
    /// The items of a list that can be turned.
    Splice(Expr),
}

impl Form {
    /// The plain tree, where it is one.
    pub fn plain(&self) -> Option<&Node> {
        match self {
            Self::Plain(node) => Some(node),
            _ => None,
        }
    }

    /// Visits every word in it.
    pub fn params(&self, visit: &mut dyn FnMut(&Arc<Param>)) {
        match self {
            Self::Plain(_) => {}
            Self::Expr(expr) => expr.params(visit),
            Self::Shrinking(form) => form.params(visit),
            Self::Map(_, parts) => parts.iter().for_each(|part| match part {
                MapPart::Entry { when, value, .. } => {
                    when.iter().for_each(|cond| cond.params(visit));
                    value.params(visit);
                }
                MapPart::Splice(expr) => expr.params(visit),
            }),
            Self::Seq(_, parts) => parts.iter().for_each(|part| match part {
                SeqPart::Item { when, value } => {
                    when.iter().for_each(|cond| cond.params(visit));
                    value.params(visit);
                }
                SeqPart::Each { over, item } => {
                    over.params(visit);
                    item.params(visit);
                }
                SeqPart::Splice(expr) => expr.params(visit),
            }),
        }
    }
}
