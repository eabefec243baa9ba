//! Lists: items, loops, and what is spliced in.

use super::super::canon;
use super::super::chart::text_at;
use super::super::expr::{NUMBER, Ty};
use super::super::layout::{block, dashed, pad, plain_lines};
use super::super::logic;
use super::{Lines, Printer};
use plimsoll_source::{Node, Origin};
use plimsoll_world::{Expr, Form, MapPart, SeqPart};

impl Printer<'_> {
    /// The items of a list; dashes stand at the indent.
    pub(super) fn seq(&mut self, parts: &[SeqPart], indent: usize) -> Lines {
        let mut out = Lines::new();
        for part in parts {
            match part {
                SeqPart::Item { when, value } => {
                    let exists = self.value_exists(value);
                    let when = match when {
                        Some(when) => logic::and(when.clone(), exists),
                        None => exists,
                    };
                    let what = self.name_of(value);
                    let print = |printer: &mut Self| printer.item(value, indent);
                    out.extend(self.guarded(Some(&when), &what, indent, print));
                }
                SeqPart::Each { over, item } => out.extend(self.each(over, item, indent)),
                SeqPart::Splice(expr) => {
                    let text = self.expr(expr);
                    out.extend(block(
                        &format!("with {text}"),
                        indent,
                        vec![format!(
                            "{}{{{{- toYaml . | nindent {indent} }}}}",
                            pad(indent)
                        )],
                    ));
                }
            }
        }
        out
    }

    /// What an item is called: by its name, else by its list.
    fn name_of(&self, item: &Form) -> String {
        let metric = || text_at(item, &["containerResource", "name"]);
        let name = Some(text_at(item, &["name"])).filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(metric);
        if name.is_empty() || name.contains(['*', '$']) {
            self.keys.last().cloned().unwrap_or_default()
        } else {
            name
        }
    }

    pub(super) fn each(&mut self, over: &Expr, item: &Form, indent: usize) -> Lines {
        let text = self.expr(over);
        let list = self.ty(over) == Ty::List;
        let numbered = canon::form(item).contains(canon::KEY);
        let key = over
            .param()
            .and_then(|param| self.words.all.get(param.handle.0.as_str()))
            .and_then(|word| word.item.clone());
        self.moved += 1;
        let element = match (list, key) {
            (true, Some(key)) if numbered => format!("$value.{key}"),
            (true, Some(key)) => format!(".{key}"),
            (true, None) if !numbered => ".".to_owned(),
            _ => "$value".to_owned(),
        };
        let before = std::mem::replace(&mut self.element, element);
        let key = if list { NUMBER } else { "$name" };
        let key = std::mem::replace(&mut self.key, key);
        let lines = self.item(item, indent);
        self.element = before;
        self.key = key;
        self.moved -= 1;
        let head = if list && numbered {
            format!("range {NUMBER}, $value := {text}")
        } else if list {
            format!("range {text}")
        } else {
            format!("range $name, $value := {text}")
        };
        block(&head, indent, lines)
    }

    pub(super) fn item(&mut self, value: &Form, indent: usize) -> Lines {
        match value {
            Form::Plain(node) => {
                let list = Node::seq(Origin::rule("helm", []), [node.clone()]);
                plain_lines(&list, indent)
            }
            Form::Expr(expr) => match self.ty(expr) {
                Ty::Map | Ty::List => {
                    let text = self.expr(expr);
                    vec![format!(
                        "{}- {{{{- toYaml {text} | nindent {} }}}}",
                        pad(indent),
                        indent + 2
                    )]
                }
                _ => {
                    let holder = |node| Node::seq(Origin::rule("helm", []), [node]);
                    match self.scalar(expr, &holder, indent) {
                        Some(lines) => lines,
                        None => vec![format!("{}- {}", pad(indent), self.inline(expr))],
                    }
                }
            },
            Form::Shrinking(inner) => self.item(inner, indent),
            Form::Map(_, parts) => {
                let mut parts = parts.to_vec();
                // An item begins with a line of content.
                let sure = parts.iter().position(|part| {
                    let when = self.exists(part);
                    matches!(part, MapPart::Entry { .. }) && self.open(&when).is_none()
                });
                match sure {
                    Some(at) => {
                        let first = parts.remove(at);
                        parts.insert(0, first);
                        dashed(self.map(&parts, indent + 2), indent)
                    }
                    None => {
                        let mut lines = vec![format!("{}-", pad(indent))];
                        lines.extend(self.map(&parts, indent + 2));
                        lines
                    }
                }
            }
            Form::Seq(_, parts) => {
                let mut lines = vec![format!("{}-", pad(indent))];
                lines.extend(self.seq(parts, indent + 2));
                lines
            }
        }
    }
}
