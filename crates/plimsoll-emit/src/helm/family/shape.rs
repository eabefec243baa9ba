//! Forms of one shape, and what they hold.

use super::super::bind::{entry_part, item_part};
use super::super::canon;
use plimsoll_source::{Node, Origin, Str};
use plimsoll_world::{Expr, Form, MapPart, ObjectForm, SeqPart};

/// All of one shape, else nothing.
pub(super) fn all<T, U>(
    given: &[(usize, T)],
    of: impl Fn(&T) -> Option<U>,
) -> Option<Vec<(usize, U)>> {
    given
        .iter()
        .map(|(env, value)| Some((*env, of(value)?)))
        .collect()
}

/// What a map says about the kind of what it names.
pub(super) fn kinds(parts: &[MapPart]) -> Vec<String> {
    let of = |wanted: &str| {
        let mut found = parts.iter().filter_map(|part| match part {
            MapPart::Entry { key, value, .. } if key == wanted => Some(canon::form(value)),
            _ => None,
        });
        found.next().unwrap_or_default()
    };
    vec![of("apiVersion"), of("kind")]
}

pub(super) fn map_parts(form: &Form) -> Option<(Origin, Vec<MapPart>)> {
    match form {
        Form::Map(origin, parts) => Some((origin.clone(), parts.to_vec())),
        Form::Plain(Node::Map(origin, entries)) => {
            Some((origin.clone(), entries.iter().map(entry_part).collect()))
        }
        _ => None,
    }
}

pub(super) fn seq_parts(form: &Form) -> Option<(Origin, Vec<SeqPart>)> {
    match form {
        Form::Seq(origin, parts) => Some((origin.clone(), parts.to_vec())),
        Form::Plain(Node::Seq(origin, items)) => {
            Some((origin.clone(), items.iter().map(item_part).collect()))
        }
        _ => None,
    }
}

pub(super) fn as_expr(form: &Form) -> Option<Expr> {
    match form {
        Form::Plain(node) => Some(Expr::Lit(node.clone())),
        Form::Expr(expr) => Some(expr.clone()),
        _ => None,
    }
}

/// The kind of an object's form.
pub fn kind_of(object: &ObjectForm) -> Str {
    let plain = |key: &str| {
        map_parts(&object.body)?
            .1
            .into_iter()
            .find_map(|part| match part {
                MapPart::Entry {
                    key: own,
                    value: Form::Plain(Node::Text(_, text)),
                    ..
                } if own == key => Some(text),
                _ => None,
            })
    };
    plain("kind").unwrap_or_default()
}

pub(super) fn form_origin(form: &Form) -> Option<Origin> {
    match form {
        Form::Plain(node) => Some(node.origin().clone()),
        Form::Map(origin, _) | Form::Seq(origin, _) => Some(origin.clone()),
        Form::Shrinking(inner) => form_origin(inner),
        Form::Expr(Expr::Val(param)) => Some(param.value.origin().clone()),
        Form::Expr(_) => None,
    }
}
