//! Texts of the file in which names of targets, secrets and variables stand, as expressions.

use crate::address::{self, Piece, SecretValue, Side};
use crate::cx::Cx;
use crate::program::Program;
use plimsoll_source::{Node, Origin, Str};
use plimsoll_spec::app::Use;
use plimsoll_spec::types::{Part, Target, Template};
use plimsoll_world::Expr;

/// A text as the program will read it, and the secrets that it needs as variables.
pub struct Text {
    /// The text; a secret stands in it as `$(KEY)`.
    pub expr: Expr,
    /// The secrets.
    pub secrets: Vec<SecretValue>,
}

/// Resolves a text of a program. A target that is not here leaves nothing: `None`.
pub fn resolve(cx: &Cx, program: &Program, template: &Template) -> Option<Text> {
    let from = program.namespace.peek();
    let mut pieces = Vec::new();
    for part in &template.parts {
        match part {
            Part::Text(text) => pieces.push(Resolved::Expr(Expr::from(text))),
            Part::Var(knob) => pieces.push(Resolved::Expr(Expr::from(knob))),
            Part::Target {
                target,
                field,
                origin,
            }
            | Part::Credential {
                target,
                field,
                origin,
            } => {
                let uses = edge(program, target);
                let found = address::field(
                    cx,
                    from,
                    uses,
                    Side::of(program, uses),
                    target,
                    field,
                    origin,
                )?;
                pieces.extend(found.into_iter().map(Resolved::from));
            }
            Part::Secret { name, key, origin } => {
                pieces.push(Resolved::Secret(named_secret(name, key.as_ref(), origin)));
            }
        }
    }
    Some(join(pieces, template.written.origin()))
}

/// The pieces of a text of a program, with variables as the file has them. A target that is not here leaves
/// nothing: `None`.
pub fn pieces(cx: &Cx, program: &Program, template: &Template) -> Option<Vec<Piece>> {
    let from = program.namespace.peek();
    let mut pieces = Vec::new();
    for part in &template.parts {
        match part {
            Part::Text(text) => pieces.push(Piece::Text(text.clone())),
            Part::Var(knob) => pieces.push(Piece::Text(knob.fixed().clone())),
            Part::Target {
                target,
                field,
                origin,
            }
            | Part::Credential {
                target,
                field,
                origin,
            } => {
                let uses = edge(program, target);
                let side = Side::of(program, uses);
                pieces.extend(address::field(cx, from, uses, side, target, field, origin)?);
            }
            Part::Secret { name, key, origin } => {
                pieces.push(Piece::Secret(named_secret(name, key.as_ref(), origin)));
            }
        }
    }
    Some(pieces)
}

/// The pieces of an address as one text.
pub fn of_pieces(pieces: Vec<Piece>, origin: &Origin) -> Text {
    join(pieces.into_iter().map(Resolved::from).collect(), origin)
}

/// The edge of a program to a target.
pub fn edge<'a>(program: &Program<'a>, target: &Target) -> Option<&'a Use> {
    program.uses.values().find(|uses| uses.target == *target)
}

/// A secret of the file as a program has it: `NAME`, or `NAME_PART`.
fn named_secret(name: &Str, part: Option<&Str>, origin: &Origin) -> SecretValue {
    let key = match part {
        Some(part) => Str::from(format!("{name}_{}", crate::names::variable(part))),
        None => name.clone(),
    };
    SecretValue {
        key,
        value: name.clone(),
        part: part.cloned(),
        origin: Origin::rule("text", []).because(origin),
    }
}

enum Resolved {
    Expr(Expr),
    Secret(SecretValue),
}

impl From<Piece> for Resolved {
    fn from(piece: Piece) -> Self {
        match piece {
            Piece::Text(text) => Self::Expr(Expr::from(&text)),
            Piece::Secret(secret) => Self::Secret(secret),
        }
    }
}

fn join(pieces: Vec<Resolved>, origin: &Origin) -> Text {
    let mut secrets = Vec::new();
    let mut exprs: Vec<Expr> = Vec::new();
    for piece in pieces {
        exprs.push(match piece {
            Resolved::Expr(expr) => expr,
            Resolved::Secret(secret) => {
                let text = Node::Text(secret.origin.clone(), format!("$({})", secret.key).into());
                secrets.push(secret);
                Expr::Lit(text)
            }
        });
    }
    let expr = match exprs.len() {
        0 => Expr::text(origin, ""),
        1 => exprs.remove(0),
        _ => fold(exprs),
    };
    Text { expr, secrets }
}

/// Texts that never change become one at once; what can be turned stays an expression.
fn fold(exprs: Vec<Expr>) -> Expr {
    let fixed = exprs.iter().all(|expr| matches!(expr, Expr::Lit(_)));
    if !fixed {
        return Expr::concat(exprs);
    }
    let (mut text, mut from) = (String::new(), Vec::new());
    for expr in &exprs {
        if let Expr::Lit(node) = expr {
            text.push_str(node.text().map_or("", |text| text.as_str()));
            from.push(node.origin().clone());
        }
    }
    Expr::Lit(Node::Text(Origin::all(from), text.into()))
}
