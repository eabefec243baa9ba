//! A typed value that cannot shed its origin by accident.

use crate::literal::chosen;
use crate::{Origin, Span};
use std::fmt;

/// A value and its history. There is no `Deref`: arithmetic on the bare values would lose the
/// histories, so it goes through [`map`](Self::map) and [`zip`](Self::zip). Equality ignores the
/// history.
#[derive(Clone)]
pub struct Sourced<T> {
    value: T,
    origin: Origin,
}

impl<T> Sourced<T> {
    /// A value with its history.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }

    /// A value that a rule chose by itself, such as a built-in default.
    pub fn rule(rule: &'static str, value: T) -> Self {
        Self {
            value,
            origin: chosen(rule),
        }
    }

    /// The bare value: the one way out. What is computed from it loses the history, so it is for
    /// comparing, printing and looking things up.
    pub fn peek(&self) -> &T {
        &self.value
    }

    /// The history.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The place to show a person, if somebody wrote it.
    pub fn place(&self) -> Option<Span> {
        self.origin.place()
    }

    /// A value made of this one. `make` must use what it is given: a constant belongs into
    /// [`choose`](Self::choose).
    pub fn map<U>(&self, make: impl FnOnce(&T) -> U) -> Sourced<U> {
        Sourced {
            value: make(&self.value),
            origin: self.origin.clone(),
        }
    }

    /// A value made of two.
    pub fn zip<U, V>(&self, other: &Sourced<U>, make: impl FnOnce(&T, &U) -> V) -> Sourced<V> {
        let origin = Origin::all([self.origin.clone(), other.origin.clone()]);
        Sourced {
            value: make(&self.value, &other.value),
            origin,
        }
    }

    /// A constant that this value decides about: it touches, it does not drive.
    pub fn choose<U>(&self, rule: &'static str, decide: impl FnOnce(&T) -> U) -> Sourced<U> {
        let origin = chosen(rule).because(&self.origin);
        Sourced {
            value: decide(&self.value),
            origin,
        }
    }

    /// The same value, which is there because of something else.
    #[must_use]
    pub fn because(self, decision: &Origin) -> Self {
        Self {
            origin: self.origin.because(decision),
            value: self.value,
        }
    }

    /// The value by reference.
    pub fn as_ref(&self) -> Sourced<&T> {
        Sourced {
            value: &self.value,
            origin: self.origin.clone(),
        }
    }

    /// Both parts.
    pub fn into_parts(self) -> (T, Origin) {
        (self.value, self.origin)
    }
}

impl<T: Ord + Clone> Sourced<T> {
    /// The value, or the bound where it is larger; both touch.
    #[must_use]
    pub fn at_most(&self, bound: &Sourced<T>) -> Self {
        if self.value <= bound.value {
            return self.clone().because(&bound.origin);
        }
        Self {
            value: bound.value.clone(),
            origin: bound.origin.over(&self.origin),
        }
    }
}

impl<T: PartialEq> PartialEq for Sourced<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Sourced<T> {}

impl<T: PartialOrd> PartialOrd for Sourced<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl<T: Ord> Ord for Sourced<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.value.cmp(&other.value)
    }
}

impl<T: fmt::Debug> fmt::Debug for Sourced<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
