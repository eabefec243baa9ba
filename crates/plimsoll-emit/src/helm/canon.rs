//! A form as text, without origins and values of words: equal texts are equal forms.

use plimsoll_source::Node;
use plimsoll_world::{Cond, Expr, Form, MapPart, SeqPart, Var};
use std::fmt::Write;

/// What stands for the key, or the number, of the element of a loop.
pub const KEY: &str = "\u{1}key";

/// What stands for the value of an entry, or an item.
pub const ITEM: &str = "\u{1}item";

/// Of a form.
pub fn form(form: &Form) -> String {
    let mut out = String::new();
    write_form(form, &mut out);
    out
}

/// Of an expression.
pub fn expr(expr: &Expr) -> String {
    let mut out = String::new();
    write_expr(expr, &mut out);
    out
}

/// Of a condition; always is nothing.
pub fn when(when: Option<&Cond>) -> String {
    let mut out = String::new();
    if let Some(cond) = when {
        write_cond(cond, &mut out);
    }
    out
}

fn write_node(node: &Node, out: &mut String) {
    match node {
        Node::Map(_, entries) => {
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_by(|a, b| a.key.cmp(&b.key));
            out.push('{');
            for entry in sorted {
                let _ = write!(out, "{:?}:", entry.key.as_str());
                write_node(&entry.value, out);
                out.push(',');
            }
            out.push('}');
        }
        Node::Seq(_, items) => {
            out.push('[');
            for item in items.iter() {
                write_node(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Node::Null(_) => out.push_str("null"),
        Node::Bool(_, value) => drop(write!(out, "{value}")),
        Node::Int(_, value) => drop(write!(out, "{value}")),
        Node::Float(_, value) => drop(write!(out, "{value:?}")),
        Node::Text(_, text) | Node::Plain(_, text) => drop(write!(out, "{:?}", text.as_str())),
    }
}

fn write_form(form: &Form, out: &mut String) {
    match form {
        Form::Plain(node) => write_node(node, out),
        Form::Expr(expr) => write_expr(expr, out),
        Form::Shrinking(inner) => {
            out.push('?');
            write_form(inner, out);
        }
        Form::Map(_, parts) => {
            // Plain maps and those of parts look alike, and the order of keys does not count.
            let mut texts: Vec<String> = parts.iter().map(map_part).collect();
            texts.sort();
            out.push('{');
            for text in texts {
                out.push_str(&text);
                out.push(',');
            }
            out.push('}');
        }
        Form::Seq(_, parts) => {
            out.push('[');
            for part in parts.iter() {
                match part {
                    SeqPart::Item { when, value } => {
                        write_when(when.as_ref(), out);
                        write_form(value, out);
                    }
                    SeqPart::Each { over, item } => {
                        out.push_str("each ");
                        write_expr(over, out);
                        out.push_str(" => ");
                        write_form(item, out);
                    }
                    SeqPart::Splice(expr) => {
                        out.push_str("..");
                        write_expr(expr, out);
                    }
                }
                out.push(',');
            }
            out.push(']');
        }
    }
}

fn map_part(part: &MapPart) -> String {
    let mut out = String::new();
    match part {
        MapPart::Entry { key, when, value } => {
            let _ = write!(out, "{:?}", key.as_str());
            write_when(when.as_ref(), &mut out);
            out.push(':');
            write_form(value, &mut out);
        }
        MapPart::Splice(expr) => {
            out.push_str("..");
            write_expr(expr, &mut out);
        }
    }
    out
}

fn write_when(when: Option<&Cond>, out: &mut String) {
    if let Some(cond) = when {
        out.push_str(" when ");
        write_cond(cond, out);
    }
}

fn write_expr(expr: &Expr, out: &mut String) {
    match expr {
        Expr::Lit(node) => write_node(node, out),
        Expr::Val(param) => drop(write!(out, "${}", param.handle.0)),
        Expr::Var(Var::Key) => out.push_str(KEY),
        Expr::Var(Var::Item) => out.push_str(ITEM),
        Expr::Tree(form) => write_form(form, out),
        Expr::Concat(parts) => write_all("concat", parts, out),
        Expr::Call(op, args) => write_all(&format!("{op:?}"), args, out),
        Expr::If(parts) => {
            out.push_str("if ");
            write_cond(&parts.0, out);
            out.push_str(" then ");
            write_expr(&parts.1, out);
            out.push_str(" else ");
            write_expr(&parts.2, out);
        }
    }
}

fn write_all(name: &str, args: &[Expr], out: &mut String) {
    out.push_str(name);
    out.push('(');
    for arg in args {
        write_expr(arg, out);
        out.push(',');
    }
    out.push(')');
}

fn write_cond(cond: &Cond, out: &mut String) {
    match cond {
        Cond::Known(holds, _) => drop(write!(out, "{holds}")),
        Cond::Truthy(expr) => write_expr(expr, out),
        Cond::AtLeast(expr, bound) => {
            write_expr(expr, out);
            let _ = write!(out, ">={bound}");
        }
        Cond::Is(expr, word) => {
            write_expr(expr, out);
            let _ = write!(out, "=={word:?}");
        }
        Cond::Has(param, key) => drop(write!(out, "${} has {key:?}", param.handle.0)),
        Cond::Not(inner) => {
            out.push('!');
            write_cond(inner, out);
        }
        Cond::And(both) => {
            out.push('(');
            write_cond(&both.0, out);
            out.push('&');
            write_cond(&both.1, out);
            out.push(')');
        }
        Cond::Or(both) => {
            out.push('(');
            write_cond(&both.0, out);
            out.push('|');
            write_cond(&both.1, out);
            out.push(')');
        }
    }
}
