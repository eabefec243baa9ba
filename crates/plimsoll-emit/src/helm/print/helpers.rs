//! Named templates: blocks of data that are hashed as well as written, names with such a hash,
//! conditions of several operands, and texts that are one of two.

use super::super::expr::{plain_text, quoted};
use super::super::layout::{parts_of_map, plain_lines};
use super::super::{canon, path};
use super::{Helper, Lines, Printer};
use plimsoll_world::{Cond, Expr, Form};
use std::fmt::Write;

impl Printer<'_> {
    /// The helper that holds a block of data, so that it can be hashed as well as written.
    pub fn data_helper(&mut self, form: &Form) -> String {
        let id = canon::form(form);
        if let Some(name) = self.known.get(&id) {
            return name.clone();
        }
        let name = self.free_helper("data");
        self.known.insert(id, name.clone());
        let lines = self.aside(|printer| match form {
            Form::Plain(node) => plain_lines(node, 0),
            other => printer.map(&parts_of_map(other).1, 0),
        });
        let trimmed = lines.len() == 1;
        self.helpers.insert(name.clone(), Helper { lines, trimmed });
        name
    }

    /// The helper of a name that holds a content hash.
    pub fn name_helper(&mut self, expr: &Expr) -> String {
        let id = canon::expr(expr);
        if let Some(name) = self.known.get(&id) {
            return name.clone();
        }
        let Expr::Concat(parts) = expr else {
            unreachable!("only texts that are joined have names")
        };
        let first = parts.iter().find_map(|part| match part {
            Expr::Lit(node) => node.text().cloned(),
            _ => None,
        });
        let base = first.unwrap_or_default();
        let base = base.trim_matches('-');
        let base = base
            .strip_prefix(self.subject.as_str())
            .map_or(base, |rest| rest.trim_start_matches('-'));
        let last = parts.last().and_then(|part| match part {
            Expr::Lit(node) => node.text(),
            _ => None,
        });
        let hook = last.is_some_and(|last| last.ends_with("-hook"));
        let name = match (base, hook) {
            ("", false) => "name".to_owned(),
            ("", true) => "hookName".to_owned(),
            (base, false) => format!("{}Name", path::camel(base)),
            (base, true) => format!("{}HookName", path::camel(base)),
        };
        let name = self.free_helper(&name);
        self.known.insert(id, name.clone());
        let text = self.aside(|printer| {
            let mut text = String::new();
            for part in parts.iter() {
                match part {
                    Expr::Lit(node) => text.push_str(&plain_text(node)),
                    other => {
                        let other = printer.expr(other);
                        let _ = write!(text, "{{{{ {other} }}}}");
                    }
                }
            }
            text
        });
        self.insert(&name, vec![text]);
        name
    }

    /// A condition as a template asks it; under a name where it has several operands.
    pub(super) fn asked(&mut self, cond: &Cond, what: &str) -> String {
        if operands(cond) < 3 || self.depends_on_loop(&canon::when(Some(cond))) {
            return self.cond(cond);
        }
        let id = condition_id(cond);
        let name = match self.known.get(&id) {
            Some(name) => name.clone(),
            None => {
                let name = self.free_helper(&format!("has{}", capital(&spoken(what))));
                self.known.insert(id, name.clone());
                let lines = self.aside(|printer| printer.condition_lines(cond));
                self.insert(&name, lines);
                name
            }
        };
        format!("include {} {}", quoted(&name), self.root())
    }

    /// How a condition that has a name already is asked.
    pub fn known_condition(&self, cond: &Cond) -> Option<String> {
        let name = self.known.get(&condition_id(cond))?;
        Some(format!("include {} {}", quoted(name), self.root()))
    }

    /// The body of a helper that says whether a condition holds; a long one in several lines.
    fn condition_lines(&mut self, cond: &Cond) -> Lines {
        const LONG: usize = 90;
        let name = match cond {
            Cond::Or(_) => Some("or"),
            Cond::And(_) => Some("and"),
            _ => None,
        };
        let operands = name
            .map(|name| self.operands(name, cond))
            .unwrap_or_default();
        let (Some(name), false) = (name, operands.iter().map(String::len).sum::<usize>() < LONG)
        else {
            let cond = self.cond(cond);
            return vec![format!("{{{{- if {cond} }}}}true{{{{ end }}}}")];
        };
        let mut lines = vec![format!("{{{{- if {name}")];
        lines.extend(operands.iter().map(|operand| format!("  {operand}")));
        lines.push("}}true{{ end }}".to_owned());
        lines
    }

    /// The helper of a text that is one of two; `None` where it is short, or hangs on a loop.
    pub(super) fn text_helper(&mut self, expr: &Expr) -> Option<String> {
        let Expr::If(parts) = expr else { return None };
        let id = format!("text {}", canon::expr(expr));
        if operands(&parts.0) < 2 || self.depends_on_loop(&id) {
            return None;
        }
        let name = match self.known.get(&id) {
            Some(name) => name.clone(),
            None => {
                let name = self.free_helper(&self.place());
                self.known.insert(id, name.clone());
                let lines = self.aside(|printer| {
                    let [yes, no] = [&parts.1, &parts.2].map(|one| printer.braced(one));
                    let cond = printer.cond(&parts.0);
                    vec![
                        format!("{{{{- if {cond} -}}}}"),
                        yes,
                        "{{- else -}}".to_owned(),
                        no,
                        "{{- end -}}".to_owned(),
                    ]
                });
                self.insert(&name, lines);
                name
            }
        };
        Some(format!("include {} {}", quoted(&name), self.root()))
    }

    fn braced(&mut self, expr: &Expr) -> String {
        match expr {
            Expr::Lit(node) => plain_text(node),
            other => format!("{{{{ {} }}}}", self.expr(other)),
        }
    }

    fn insert(&mut self, name: &str, lines: Lines) {
        let trimmed = true;
        self.helpers
            .insert(name.to_owned(), Helper { lines, trimmed });
    }

    /// What is printed outside of all blocks.
    fn aside<T>(&mut self, print: impl FnOnce(&mut Self) -> T) -> T {
        let before = (self.moved, self.dot.take(), std::mem::take(&mut self.holds));
        self.moved = 0;
        let printed = print(self);
        (self.moved, self.dot, self.holds) = before;
        printed
    }

    /// Whether something, as the canon writes it, names the element of a loop around.
    fn depends_on_loop(&self, text: &str) -> bool {
        text.contains(canon::KEY) || (self.moved > 0 && text.contains(canon::ITEM))
    }

    /// What the value at work is called: `secretName` of a `name` below `secretKeyRef`.
    fn place(&self) -> String {
        let mut keys = self.keys.iter().rev();
        let last = keys.next().map_or("value", String::as_str);
        let above = keys.next().map_or("", String::as_str);
        let above = above.trim_end_matches("Ref").trim_end_matches("Key");
        match last {
            "name" if !above.is_empty() => format!("{}Name", path::camel(above)),
            _ => path::camel(last),
        }
    }

    fn free_helper(&self, word: &str) -> String {
        let subject = path::camel(&self.subject);
        let base = if self.subject.is_empty() {
            format!("{}.{word}", self.chart)
        } else {
            format!("{}.{subject}.{word}", self.chart)
        };
        let taken = |name: &str| self.known.values().any(|known| known == name);
        path::free(&taken, &base)
    }
}

fn condition_id(cond: &Cond) -> String {
    format!("condition {}", canon::when(Some(cond)))
}

/// How many things a condition asks.
fn operands(cond: &Cond) -> usize {
    let of = |expr: &Expr| match expr {
        Expr::If(parts) => operands(&parts.0) + 1,
        _ => 1,
    };
    match cond {
        Cond::Known(..) => 0,
        Cond::Truthy(expr) | Cond::AtLeast(expr, _) | Cond::Is(expr, _) => of(expr),
        Cond::Has(..) => 1,
        Cond::Not(inner) => operands(inner),
        Cond::And(both) | Cond::Or(both) => operands(&both.0) + operands(&both.1),
    }
}

/// A word as a part of a name: `ENABLE_RETRIES` becomes `enableRetries`.
fn spoken(word: &str) -> String {
    if word.contains(|c: char| c.is_ascii_lowercase()) {
        path::camel(word)
    } else {
        path::camel(&word.to_lowercase().replace('_', "-"))
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
