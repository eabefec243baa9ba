//! Where a value came from.
//!
//! A written value *drives* what is made of it: change one and the other changes. It *touches*
//! more: what it overrides and what it decides. For every leaf, driven ⊆ changed ⊆ touched.

use crate::{Span, Str};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The history of one value, shared between all that have it. Equality of values ignores it.
#[derive(Clone, Debug)]
pub struct Origin(Arc<Step>);

/// The last thing that happened to a value.
#[derive(Debug)]
pub enum Step {
    /// Somebody wrote it there.
    Written(Span),
    /// A rule made it from others; nothing in `from` means that the rule chose by itself.
    Rule {
        /// Name of the rule: the module that holds it, or the name of a built-in default.
        rule: Str,
        /// What it was made of.
        from: Box<[Origin]>,
    },
    /// A higher layer replaced lower ones, which only touch.
    Layered {
        /// The value that holds.
        winner: Origin,
        /// What it replaced, nearest first.
        over: Box<[Origin]>,
    },
    /// A decision let it exist, or chose it among others; the decision only touches.
    Guarded {
        /// The value itself.
        value: Origin,
        /// What decided.
        because: Origin,
    },
}

impl Origin {
    /// A value that somebody wrote.
    pub fn written(span: Span) -> Self {
        Self(Arc::new(Step::Written(span)))
    }

    /// A value that a rule made from others.
    pub fn rule(rule: impl Into<Str>, from: impl IntoIterator<Item = Origin>) -> Self {
        Self(Arc::new(Step::Rule {
            rule: rule.into(),
            from: from.into_iter().collect(),
        }))
    }

    /// This value, which replaced another.
    #[must_use]
    pub fn over(&self, lower: &Origin) -> Self {
        let over = Box::new([lower.clone()]);
        Self(Arc::new(Step::Layered {
            winner: self.clone(),
            over,
        }))
    }

    /// This value, which is there because of another.
    #[must_use]
    pub fn because(&self, decision: &Origin) -> Self {
        if self.same(decision) {
            return self.clone();
        }
        let (value, because) = (self.clone(), decision.clone());
        Self(Arc::new(Step::Guarded { value, because }))
    }

    /// Several reasons as one.
    pub fn all(parts: impl IntoIterator<Item = Origin>) -> Self {
        let mut parts: Vec<Origin> = parts.into_iter().collect();
        match parts.len() {
            1 => parts.remove(0),
            _ => Self::rule("and", parts),
        }
    }

    /// The last step.
    pub fn step(&self) -> &Step {
        &self.0
    }

    /// Whether both are the very same history.
    pub fn same(&self, other: &Origin) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The spans that drive the value.
    pub fn driven(&self) -> BTreeSet<Span> {
        self.spans(false)
    }

    /// The spans that drive the value, and those that it replaced or that decided about it.
    pub fn touched(&self) -> BTreeSet<Span> {
        self.spans(true)
    }

    /// The place to show a person: the first written span, the driving ones before the deciding.
    pub fn place(&self) -> Option<Span> {
        match self.step() {
            Step::Written(span) => Some(*span),
            Step::Rule { from, .. } => from.iter().find_map(Origin::place),
            Step::Layered { winner, over } => winner
                .place()
                .or_else(|| over.iter().find_map(Origin::place)),
            Step::Guarded { value, because } => value.place().or_else(|| because.place()),
        }
    }

    /// Whether somebody wrote the value itself; one that a rule made is not, whatever it was made of.
    pub fn is_written(&self) -> bool {
        match self.step() {
            Step::Written(_) => true,
            Step::Rule { .. } => false,
            Step::Layered { winner, .. } => winner.is_written(),
            Step::Guarded { value, .. } => value.is_written(),
        }
    }

    fn spans(&self, touching: bool) -> BTreeSet<Span> {
        let (mut spans, mut seen, mut open) = (BTreeSet::new(), BTreeSet::new(), vec![self]);
        while let Some(origin) = open.pop() {
            if !seen.insert(Arc::as_ptr(&origin.0)) {
                continue;
            }
            match origin.step() {
                Step::Written(span) => drop(spans.insert(*span)),
                Step::Rule { from, .. } => open.extend(from.iter()),
                Step::Layered { winner, over } => {
                    open.push(winner);
                    open.extend(over.iter().filter(|_| touching));
                }
                Step::Guarded { value, because } => {
                    open.push(value);
                    open.extend(touching.then_some(because));
                }
            }
        }
        spans
    }
}
