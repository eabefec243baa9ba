//! When something is there at all: what is empty leaves its place.

use super::super::layout::any;
use super::super::{canon, logic};
use super::Printer;
use plimsoll_world::{Cond, Form, MapPart, SeqPart};

impl Printer<'_> {
    pub(super) fn exists(&self, part: &MapPart) -> Cond {
        match part {
            MapPart::Splice(expr) => Cond::Truthy(expr.clone()),
            MapPart::Entry { when, value, .. } => {
                let exists = self.value_exists(value);
                match when {
                    Some(when) if canon::when(Some(when)) == canon::when(Some(&exists)) => exists,
                    Some(when) => logic::and(when.clone(), exists),
                    None => exists,
                }
            }
        }
    }

    /// When a value is there at all.
    pub(super) fn value_exists(&self, value: &Form) -> Cond {
        match value {
            Form::Expr(expr) if self.may_be_nothing(expr) => Cond::Truthy(expr.clone()),
            Form::Shrinking(inner) => match &**inner {
                Form::Map(_, parts) => self.filled_map(parts),
                Form::Seq(_, parts) => self.filled_seq(parts),
                Form::Expr(expr) => Cond::Truthy(expr.clone()),
                _ => Cond::always("helm"),
            },
            _ => Cond::always("helm"),
        }
    }

    pub(super) fn filled_map(&self, parts: &[MapPart]) -> Cond {
        any(parts.iter().map(|part| self.exists(part)))
    }

    pub(super) fn filled_seq(&self, parts: &[SeqPart]) -> Cond {
        any(parts.iter().map(|part| match part {
            SeqPart::Item { when, value } => {
                let exists = self.value_exists(value);
                match when {
                    Some(when) => logic::and(when.clone(), exists),
                    None => exists,
                }
            }
            SeqPart::Each { over, .. } => Cond::Truthy(over.clone()),
            SeqPart::Splice(expr) => Cond::Truthy(expr.clone()),
        }))
    }
}
