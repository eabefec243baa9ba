//! Conditions: what lets a part of a form exist.

use crate::{Expr, Param};
use plimsoll_source::{Knob, Origin, Scalar, Sourced, Str, chosen};
use std::sync::Arc;

/// A decision. What no word can turn is known at once and leaves only its reason.
#[derive(Clone, Debug)]
pub enum Cond {
    /// Decided, and why.
    Known(bool, Origin),
    /// Neither nothing, false, zero nor empty.
    Truthy(Expr),
    /// A number that is at least so large.
    AtLeast(Expr, i64),
    /// A text that is this one.
    Is(Expr, Str),
    /// A map that has the key.
    Has(Arc<Param>, Str),
    /// The reverse.
    Not(Arc<Cond>),
    /// Both.
    And(Arc<(Cond, Cond)>),
    /// One or both.
    Or(Arc<(Cond, Cond)>),
}

impl Cond {
    /// Decided by a rule alone.
    pub fn always(rule: &'static str) -> Self {
        Self::Known(true, chosen(rule))
    }

    /// Decided now by a value that cannot be turned.
    pub fn decided<T>(value: &Sourced<T>, decide: impl FnOnce(&T) -> bool) -> Self {
        Self::Known(decide(value.peek()), value.origin().clone())
    }

    /// Decided now by the place where something was written.
    pub fn known(holds: bool, because: &Origin) -> Self {
        Self::Known(holds, because.clone())
    }

    /// A word that is on.
    pub fn on<T: Scalar>(knob: &Knob<T>) -> Self {
        Self::Truthy(Expr::from(knob))
    }

    /// A word that is off.
    pub fn off<T: Scalar>(knob: &Knob<T>) -> Self {
        Self::on(knob).not()
    }

    /// A word that is at least so large.
    pub fn at_least<T: Scalar>(knob: &Knob<T>, bound: i64) -> Self {
        Self::AtLeast(Expr::from(knob), bound)
    }

    /// Whether it is not decided already that it does not hold.
    pub fn may_hold(&self) -> bool {
        match self {
            Self::Known(holds, _) => *holds,
            Self::And(both) => both.0.may_hold() && both.1.may_hold(),
            Self::Or(both) => both.0.may_hold() || both.1.may_hold(),
            _ => true,
        }
    }

    /// The reverse.
    #[must_use]
    #[expect(
        clippy::should_implement_trait,
        reason = "reads as the other combinators do"
    )]
    pub fn not(self) -> Self {
        match self {
            Self::Known(holds, because) => Self::Known(!holds, because),
            Self::Not(inner) => (*inner).clone(),
            open => Self::Not(Arc::new(open)),
        }
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Known(a, x), Self::Known(b, y)) => Self::Known(a && b, Origin::all([x, y])),
            (Self::Known(false, because), _) | (_, Self::Known(false, because)) => {
                Self::Known(false, because)
            }
            (a, b) => Self::And(Arc::new((a, b))),
        }
    }

    /// One or both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Known(a, x), Self::Known(b, y)) => Self::Known(a || b, Origin::all([x, y])),
            (Self::Known(true, because), _) | (_, Self::Known(true, because)) => {
                Self::Known(true, because)
            }
            (a, b) => Self::Or(Arc::new((a, b))),
        }
    }

    /// Visits every word in it.
    pub fn params(&self, visit: &mut dyn FnMut(&Arc<Param>)) {
        match self {
            Self::Known(..) => {}
            Self::Truthy(expr) | Self::AtLeast(expr, _) | Self::Is(expr, _) => expr.params(visit),
            Self::Has(param, _) => visit(param),
            Self::Not(inner) => inner.params(visit),
            Self::And(both) | Self::Or(both) => {
                both.0.params(visit);
                both.1.params(visit);
            }
        }
    }
}
