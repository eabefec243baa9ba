//! The body of a loop for one element that is known.

use plimsoll_source::Node;
use plimsoll_world::{Cond, Expr, Form, MapPart, SeqPart, Var};
use std::sync::Arc;

/// The body with the element in it.
pub fn form(body: &Form, key: &Node, item: &Node) -> Form {
    let inner = |form: &Form| self::form(form, key, item);
    match body {
        Form::Plain(_) => body.clone(),
        Form::Expr(expr) => match self::expr(expr, key, item) {
            Expr::Lit(node) => Form::Plain(node),
            open => Form::Expr(open),
        },
        Form::Shrinking(form) => Form::Shrinking(Arc::new(inner(form))),
        Form::Map(origin, parts) => Form::Map(
            origin.clone(),
            parts
                .iter()
                .map(|part| match part {
                    MapPart::Entry {
                        key: name,
                        when,
                        value,
                    } => MapPart::Entry {
                        key: name.clone(),
                        when: when.as_ref().map(|when| cond(when, key, item)),
                        value: inner(value),
                    },
                    MapPart::Splice(expr) => MapPart::Splice(self::expr(expr, key, item)),
                })
                .collect(),
        ),
        Form::Seq(origin, parts) => Form::Seq(
            origin.clone(),
            parts
                .iter()
                .map(|part| match part {
                    SeqPart::Item { when, value } => SeqPart::Item {
                        when: when.as_ref().map(|when| cond(when, key, item)),
                        value: inner(value),
                    },
                    SeqPart::Splice(expr) => SeqPart::Splice(self::expr(expr, key, item)),
                    // A loop inside has elements of its own.
                    each @ SeqPart::Each { .. } => each.clone(),
                })
                .collect(),
        ),
    }
}

fn expr(body: &Expr, key: &Node, item: &Node) -> Expr {
    let inner = |expr: &Expr| self::expr(expr, key, item);
    match body {
        Expr::Var(Var::Key) => Expr::Lit(key.clone()),
        Expr::Var(Var::Item) => Expr::Lit(item.clone()),
        Expr::Lit(_) | Expr::Val(_) => body.clone(),
        Expr::Concat(parts) => Expr::Concat(parts.iter().map(inner).collect()),
        Expr::If(parts) => Expr::If(Arc::new((
            cond(&parts.0, key, item),
            inner(&parts.1),
            inner(&parts.2),
        ))),
        Expr::Tree(tree) => Expr::Tree(Arc::new(form(tree, key, item))),
        Expr::Call(op, args) => Expr::Call(*op, args.iter().map(inner).collect()),
    }
}

fn cond(body: &Cond, key: &Node, item: &Node) -> Cond {
    let inner = |cond: &Cond| self::cond(cond, key, item);
    match body {
        Cond::Known(..) | Cond::Has(..) => body.clone(),
        Cond::Truthy(expr) => Cond::Truthy(self::expr(expr, key, item)),
        Cond::AtLeast(expr, bound) => Cond::AtLeast(self::expr(expr, key, item), *bound),
        Cond::Is(expr, word) => Cond::Is(self::expr(expr, key, item), word.clone()),
        Cond::Not(one) => Cond::Not(Arc::new(inner(one))),
        Cond::And(both) => Cond::And(Arc::new((inner(&both.0), inner(&both.1)))),
        Cond::Or(both) => Cond::Or(Arc::new((inner(&both.0), inner(&both.1)))),
    }
}
