//! Values of keys and items that are computed: scalars, texts with values inside, whole structures.

use super::super::expr::{Ty, has_hash, plain_text};
use super::super::layout::{
    entry_placeholder, escaped, indented, json_text, key_line, pad, scalar_text, unwrapped,
};
use super::super::path;
use super::{Lines, Printer};
use plimsoll_source::{Node, Origin, yaml};
use plimsoll_world::Expr;
use std::fmt::Write;

impl Printer<'_> {
    pub(super) fn entry_expr(&mut self, key: &str, expr: &Expr, indent: usize) -> Lines {
        match self.ty(expr) {
            Ty::Map | Ty::List => {
                let text = self.expr(expr);
                let to = indent + 2;
                vec![
                    key_line(key, indent),
                    format!("{}{{{{- toYaml {text} | nindent {to} }}}}", pad(to)),
                ]
            }
            _ => match self.scalar(expr, &entry_placeholder(key), indent) {
                Some(lines) => lines,
                None => vec![format!("{} {}", key_line(key, indent), self.inline(expr))],
            },
        }
    }

    /// A scalar in braces.
    pub(super) fn inline(&mut self, expr: &Expr) -> String {
        if let Expr::If(parts) = expr
            && let (Expr::Lit(yes), Expr::Lit(no)) = (&parts.1, &parts.2)
        {
            let asked = self.cond(&parts.0);
            let [yes, no] = [yes, no].map(scalar_text);
            return format!("{{{{ if {asked} }}}}{yes}{{{{ else }}}}{no}{{{{ end }}}}");
        }
        let helper = match self.ty(expr) {
            Ty::Text => self.text_helper(expr),
            _ => None,
        };
        let text = helper.unwrap_or_else(|| self.expr(expr));
        match self.ty(expr) {
            Ty::Text if has_hash(expr) => format!("{{{{ {text} }}}}"),
            Ty::Text => format!("{{{{ {text} | quote }}}}"),
            _ => format!("{{{{ {text} }}}}"),
        }
    }

    /// A longer text with values inside, written around `holder` as YAML would write it.
    pub(super) fn scalar(
        &mut self,
        expr: &Expr,
        holder: &dyn Fn(Node) -> Node,
        indent: usize,
    ) -> Option<Lines> {
        let Expr::Concat(parts) = expr else {
            return None;
        };
        if has_hash(expr)
            || parts
                .iter()
                .any(|part| matches!(part, Expr::If(_) | Expr::Tree(_) | Expr::Var(_)))
        {
            return None;
        }
        let (mut text, mut holes, mut safe) = (String::new(), Vec::new(), true);
        for part in parts.iter() {
            if let Expr::Lit(node) = part {
                text.push_str(&plain_text(node));
                continue;
            }
            let _ = write!(text, "\u{e000}HOLE{}\u{e000}", holes.len());
            let mut visit = |param: &std::sync::Arc<plimsoll_world::Param>| {
                if !path::is_built_in(&param.handle.0) {
                    safe = false;
                    self.inside.push(param.handle.0.to_string());
                }
            };
            part.params(&mut visit);
            let number = self.ty(part) == Ty::Number;
            let inner = self.atom(part);
            holes.push(if number {
                format!("int {inner}")
            } else {
                unwrapped(inner)
            });
        }
        let lettered = parts.iter().any(|part| {
            matches!(part, Expr::Lit(node) if plain_text(node).contains(|c: char| c.is_ascii_alphabetic() && !c.is_ascii_hexdigit()))
        });
        let several = text.contains('\n');
        let written = if several || (safe && lettered) {
            let node = holder(Node::Text(
                Origin::rule("helm", []),
                text.replace('\u{e000}', "ZQZ").into(),
            ));
            let mut written = String::from_utf8(yaml::write(&node)).expect("YAML is UTF-8");
            for (at, hole) in holes.iter().enumerate() {
                written = escaped(&written, at == 0)
                    .replace(&format!("ZQZHOLE{at}ZQZ"), &format!("{{{{ {hole} }}}}"));
            }
            written
        } else {
            let mut inner = escaped(&json_text(&text), true);
            for (at, hole) in holes.iter().enumerate() {
                let mark = format!("\u{e000}HOLE{at}\u{e000}");
                inner = inner.replace(&mark, &format!("{{{{ {hole} }}}}"));
            }
            let node = holder(Node::Text(Origin::rule("helm", []), "ZQZ".into()));
            let written = String::from_utf8(yaml::write(&node)).expect("YAML is UTF-8");
            written.replace("ZQZ", &format!("\"{inner}\""))
        };
        Some(indented(&written, indent))
    }
}
