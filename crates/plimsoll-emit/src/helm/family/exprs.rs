//! Expressions of all environments as one: what differs is a word.

use super::super::bind::joined;
use super::super::canon;
use super::super::words::At;
use super::shape::all;
use super::{Clash, Family};
use plimsoll_source::{Node, Str};
use plimsoll_world::{Expr, Form};
use std::sync::Arc;

impl Family<'_> {
    pub(super) fn expr(&mut self, at: &At, exprs: &[(usize, Expr)]) -> Result<Expr, Clash> {
        let first = canon::expr(&exprs[0].1);
        if exprs.iter().all(|(_, expr)| canon::expr(expr) == first) {
            return Ok(exprs[0].1.clone());
        }
        if let Some(nodes) = all(exprs, |expr| match expr {
            Expr::Lit(node) => Some(node.clone()),
            _ => None,
        }) {
            return self.literals(at, &nodes);
        }
        if let Some(trees) = all(exprs, |expr| match expr {
            Expr::Tree(form) => Some((**form).clone()),
            Expr::Lit(node @ (Node::Map(..) | Node::Seq(..))) => Some(Form::Plain(node.clone())),
            _ => None,
        }) {
            return Ok(Expr::tree(self.form(at, &trees)?));
        }
        if let Some(calls) = all(exprs, |expr| match expr {
            Expr::Call(op, args) => Some((*op, args.clone())),
            _ => None,
        }) {
            let (op, args) = &calls[0].1;
            if calls
                .iter()
                .any(|(_, (o, a))| o != op || a.len() != args.len())
            {
                return Err(Clash);
            }
            let lists: Vec<(usize, Arc<[Expr]>)> = calls
                .iter()
                .map(|(env, (_, args))| (*env, args.clone()))
                .collect();
            return Ok(Expr::call(*op, self.each(at, &lists)?));
        }
        if let Some(ifs) = all(exprs, |expr| match expr {
            Expr::If(parts) => Some(parts.clone()),
            _ => None,
        }) {
            let cond = canon::when(Some(&ifs[0].1.0));
            if ifs
                .iter()
                .any(|(_, parts)| canon::when(Some(&parts.0)) != cond)
            {
                return Err(Clash);
            }
            let yes: Vec<_> = ifs
                .iter()
                .map(|(env, parts)| (*env, parts.1.clone()))
                .collect();
            let no: Vec<_> = ifs
                .iter()
                .map(|(env, parts)| (*env, parts.2.clone()))
                .collect();
            let (yes, no) = (self.expr(at, &yes)?, self.expr(at, &no)?);
            return Ok(Expr::If(Arc::new((ifs[0].1.0.clone(), yes, no))));
        }
        let texts = all(exprs, |expr| match expr {
            Expr::Concat(parts) => Some(parts.clone()),
            Expr::Lit(Node::Text(..)) | Expr::Val(_) => Some(Arc::from([expr.clone()])),
            _ => None,
        });
        let texts = texts.ok_or(Clash)?;
        let count = texts[0].1.len();
        // A word in one and a text in another are no parts of a longer text.
        let alike = count > 1 && texts.iter().all(|(_, parts)| parts.len() == count);
        if alike && (0..count).all(|at| may_stand_inside(&texts, at)) {
            return Ok(joined(self.each(at, &texts)?));
        }
        Err(Clash)
    }

    pub(super) fn each(
        &mut self,
        at: &At,
        lists: &[(usize, Arc<[Expr]>)],
    ) -> Result<Vec<Expr>, Clash> {
        let one = |at: usize| -> Vec<(usize, Expr)> {
            lists
                .iter()
                .map(|(env, args)| (*env, args[at].clone()))
                .collect()
        };
        (0..lists[0].1.len())
            .map(|n| self.expr(at, &one(n)))
            .collect()
    }

    /// Plain values that differ: the namespace or the environment inside a text, else a word.
    pub(super) fn literals(&mut self, at: &At, nodes: &[(usize, Node)]) -> Result<Expr, Clash> {
        if nodes.iter().all(|(_, node)| matches!(node, Node::Map(..))) {
            let forms: Vec<(usize, Form)> = nodes
                .iter()
                .map(|(env, node)| (*env, Form::Plain(node.clone())))
                .collect();
            return Ok(Expr::tree(self.form(at, &forms)?));
        }
        if let Some(expr) = self.with_context(nodes) {
            return Ok(expr);
        }
        if let Some(expr) = self.by_lines(at, nodes) {
            return Ok(expr);
        }
        let kind = std::mem::discriminant(&nodes[0].1);
        if nodes
            .iter()
            .any(|(_, node)| std::mem::discriminant(node) != kind)
        {
            return Err(Clash);
        }
        Ok(self.word(at, nodes))
    }

    pub(super) fn word(&mut self, at: &At, nodes: &[(usize, Node)]) -> Expr {
        let mut values = vec![None; self.names.len()];
        for (env, node) in nodes {
            values[*env] = Some(node.clone());
        }
        let names = at.names(self.places, nodes.iter().map(|(_, node)| node.origin()));
        self.words.automatic(&names, values)
    }
}

/// Whether parts of a text that differ could be said in values: what stands inside a text may not end it.
fn may_stand_inside(texts: &[(usize, Arc<[Expr]>)], at: usize) -> bool {
    let mut literals = texts.iter().filter_map(|(_, parts)| match &parts[at] {
        Expr::Lit(node) => node.text(),
        _ => None,
    });
    let Some(first) = literals.next() else {
        return true;
    };
    let ends = |text: &Str| text.contains(['"', '\'', '\\', '\n']);
    let mut others = literals.filter(|text| *text != first).peekable();
    others.peek().is_none() || !(ends(first) || others.any(ends))
}
