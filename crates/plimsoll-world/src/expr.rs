//! Expressions: values that depend on words that can be turned.

use crate::{Cond, Form, Op};
use plimsoll_source::{Handle, Knob, Node, Origin, Scalar, Sourced, Str};
use std::sync::Arc;

/// A word that can be turned, with its value in this environment.
#[derive(Debug)]
pub struct Param {
    /// What turns it.
    pub handle: Handle,
    /// Its value as the file has it.
    pub value: Node,
}

/// What the body of an `Each` calls the element that it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Var {
    /// The key of an entry.
    Key,
    /// The value of an entry, or an item.
    Item,
}

/// A value that is computed while evaluating, and printed as a template expression.
#[derive(Clone, Debug)]
pub enum Expr {
    /// Always the same.
    Lit(Node),
    /// The value of a word.
    Val(Arc<Param>),
    /// A part of the element around it.
    Var(Var),
    /// One text made of several.
    Concat(Arc<[Expr]>),
    /// One of two.
    If(Arc<(Cond, Expr, Expr)>),
    /// A whole tree, as the argument of a function.
    Tree(Arc<Form>),
    /// A named pure function.
    Call(Op, Arc<[Expr]>),
}

impl Expr {
    /// A text that never changes.
    pub fn text(origin: &Origin, text: impl Into<Str>) -> Self {
        Self::Lit(Node::Text(origin.clone(), text.into()))
    }

    /// One of two values.
    pub fn either(cond: Cond, yes: Expr, no: Expr) -> Self {
        match cond {
            Cond::Known(true, because) => yes.because(&because),
            Cond::Known(false, because) => no.because(&because),
            open => Self::If(Arc::new((open, yes, no))),
        }
    }

    /// Texts joined; those that never change are joined at once.
    pub fn concat(parts: impl IntoIterator<Item = Expr>) -> Self {
        let parts: Arc<[Expr]> = parts.into_iter().collect();
        Self::Concat(parts)
    }

    /// A whole tree as the argument of a function.
    pub fn tree(form: Form) -> Self {
        match form {
            Form::Plain(node) => Self::Lit(node),
            other => Self::Tree(Arc::new(other)),
        }
    }

    /// A named function of others.
    pub fn call(op: Op, args: impl IntoIterator<Item = Expr>) -> Self {
        Self::Call(op, args.into_iter().collect())
    }

    /// The word that it is, where it is one alone.
    pub fn param(&self) -> Option<&Arc<Param>> {
        match self {
            Self::Val(param) => Some(param),
            _ => None,
        }
    }

    /// Visits every word in it.
    pub fn params(&self, visit: &mut dyn FnMut(&Arc<Param>)) {
        match self {
            Self::Lit(_) | Self::Var(_) => {}
            Self::Val(param) => visit(param),
            Self::Tree(form) => form.params(visit),
            Self::Concat(parts) | Self::Call(_, parts) => {
                parts.iter().for_each(|part| part.params(visit));
            }
            Self::If(parts) => {
                parts.0.params(visit);
                parts.1.params(visit);
                parts.2.params(visit);
            }
        }
    }

    fn because(self, decision: &Origin) -> Self {
        match self {
            Self::Lit(node) => {
                let origin = node.origin().because(decision);
                Self::Lit(node.with_origin(origin))
            }
            other => other,
        }
    }
}

impl<T: Scalar> From<&Sourced<T>> for Expr {
    fn from(value: &Sourced<T>) -> Self {
        Self::Lit(value.peek().node(value.origin().clone()))
    }
}

impl<T: Scalar> From<&Knob<T>> for Expr {
    fn from(knob: &Knob<T>) -> Self {
        let value = knob.peek().node(knob.origin().clone());
        Self::Val(Arc::new(Param {
            handle: knob.handle().clone(),
            value,
        }))
    }
}

impl From<Node> for Expr {
    fn from(node: Node) -> Self {
        Self::Lit(node)
    }
}
