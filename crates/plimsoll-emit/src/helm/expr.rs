//! Expressions and conditions as a template language spells them.

use super::canon;
use super::path;
use super::print::Printer;
use plimsoll_source::Node;
use plimsoll_world::{Cond, Expr, Form, Op, Param, Var};
use std::fmt::Write;

/// What an expression is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ty {
    /// True or false.
    Bool,
    /// A number.
    Number,
    /// A text.
    Text,
    /// A map.
    Map,
    /// A list.
    List,
}

/// Of a plain value; nothing counts as text.
pub fn ty_of(node: &Node) -> Ty {
    match node {
        Node::Bool(..) => Ty::Bool,
        Node::Int(..) | Node::Float(..) => Ty::Number,
        Node::Map(..) => Ty::Map,
        Node::Seq(..) => Ty::List,
        Node::Null(_) | Node::Text(..) | Node::Plain(..) => Ty::Text,
    }
}

/// A text as Go writes it.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// What loops over lists call the place of their element.
pub const NUMBER: &str = "$number";

impl Printer<'_> {
    /// What an expression is.
    pub fn ty(&self, expr: &Expr) -> Ty {
        match expr {
            Expr::Lit(node) => ty_of(node),
            Expr::Val(param) if path::is_built_in(&param.handle.0) => Ty::Text,
            Expr::Val(param) => {
                self.words
                    .all
                    .get(param.handle.0.as_str())
                    .map_or(Ty::Text, |word| match word.sample() {
                        Some(sample) => ty_of(sample),
                        None if word.is_number() => Ty::Number,
                        None => Ty::Text,
                    })
            }
            Expr::If(parts) => match &parts.1 {
                Expr::Lit(Node::Null(_)) => self.ty(&parts.2),
                yes => self.ty(yes),
            },
            Expr::Tree(form) => match &**form {
                Form::Seq(..) => Ty::List,
                _ => Ty::Map,
            },
            Expr::Call(op, args) => match op {
                Op::Add | Op::Mul | Op::Max | Op::PercentUp => Ty::Number,
                Op::Lists => Ty::List,
                Op::Merge => Ty::Map,
                Op::Default => args.first().map_or(Ty::Text, |first| self.ty(first)),
                _ => Ty::Text,
            },
            Expr::Concat(_) | Expr::Var(_) => Ty::Text,
        }
    }

    /// Whether it may be nothing, which leaves its place empty.
    pub fn may_be_nothing(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Lit(node) => node.is_null(),
            Expr::Val(param) => self
                .words
                .all
                .get(param.handle.0.as_str())
                .is_some_and(super::words::Word::is_nullable),
            Expr::If(parts) => self.may_be_nothing(&parts.1) || self.may_be_nothing(&parts.2),
            Expr::Call(Op::Default, args) => args.iter().all(|arg| self.may_be_nothing(arg)),
            _ => false,
        }
    }

    /// `.` or `$`: what the template was called with.
    pub fn root(&self) -> &'static str {
        if self.moved > 0 { "$" } else { "." }
    }

    fn param(&self, param: &Param) -> String {
        let path = param.handle.0.as_str();
        let dollar = if self.moved > 0 { "$" } else { "" };
        if path::is_built_in(path) {
            return format!("{dollar}{path}");
        }
        let simple = |step: &str| {
            !step.starts_with(|c: char| c.is_ascii_digit())
                && step.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if path.split('.').all(simple) {
            return format!("{dollar}.Values.{path}");
        }
        let steps: Vec<String> = path.split('.').map(quoted).collect();
        format!("(index {dollar}.Values {})", steps.join(" "))
    }

    /// An expression without braces.
    pub fn expr(&mut self, expr: &Expr) -> String {
        if self
            .dot
            .as_ref()
            .is_some_and(|dot| *dot == canon::expr(expr))
        {
            return ".".to_owned();
        }
        match expr {
            Expr::Lit(node) => literal(node),
            Expr::Val(param) => self.param(param),
            Expr::Var(Var::Key) => self.key.to_owned(),
            Expr::Var(Var::Item) => self.element.clone(),
            Expr::Concat(_) if has_hash(expr) => {
                let name = self.name_helper(expr);
                format!("include {} {}", quoted(&name), self.root())
            }
            Expr::Concat(parts) => self.printf(parts),
            Expr::If(parts) => {
                let cond = self.boolean(&parts.0);
                format!(
                    "ternary {} {} {cond}",
                    self.atom(&parts.1),
                    self.atom(&parts.2)
                )
            }
            Expr::Tree(form) => {
                let name = self.data_helper(form);
                format!("include {} {} | fromYaml", quoted(&name), self.root())
            }
            Expr::Call(op, args) => self.call(*op, args),
        }
    }

    /// An expression as an argument.
    pub fn atom(&mut self, expr: &Expr) -> String {
        atom(self.expr(expr))
    }

    fn number(&mut self, expr: &Expr) -> String {
        match expr {
            Expr::Lit(node) => literal(node),
            Expr::Val(_) => format!("(int {})", self.expr(expr)),
            other => self.atom(other),
        }
    }

    fn printf(&mut self, parts: &[Expr]) -> String {
        let (mut format, mut args) = (String::new(), Vec::new());
        for part in parts {
            match part {
                Expr::Lit(node) => {
                    format.push_str(&plain_text(node).replace('%', "%%"));
                }
                Expr::Var(Var::Key) if self.key == NUMBER => {
                    format.push_str("%d");
                    args.push(NUMBER.to_owned());
                }
                number if self.ty(number) == Ty::Number => {
                    format.push_str("%d");
                    args.push(format!("(int {})", self.atom(number)));
                }
                other => {
                    format.push_str("%s");
                    args.push(self.atom(other));
                }
            }
        }
        match (&*format, &args[..]) {
            ("%s", [one]) => one.clone(),
            ("%d", [one]) => format!("toString {one}"),
            (_, []) => quoted(&format.replace("%%", "%")),
            _ => format!("printf {} {}", quoted(&format), args.join(" ")),
        }
    }

    fn call(&mut self, op: Op, args: &[Expr]) -> String {
        match op {
            Op::Image => self.image(args),
            Op::Hash => {
                let content = match &args[0] {
                    Expr::Concat(parts) => {
                        let parts: Vec<String> = parts.iter().map(|part| self.atom(part)).collect();
                        format!("list {} | join \"\"", parts.join(" "))
                    }
                    Expr::Lit(node @ Node::Map(..)) => {
                        let name = self.data_helper(&Form::Plain(node.clone()));
                        format!("include {} {} | fromYaml", quoted(&name), self.root())
                    }
                    other => self.expr(other),
                };
                format!("{content} | toJson | sha256sum | trunc 8")
            }
            Op::Default => {
                let mut all: Vec<String> = args.iter().map(|arg| self.atom(arg)).collect();
                let mut out = all.remove(0);
                for fallback in all {
                    out = format!("{out} | default {fallback}");
                }
                out
            }
            Op::Lists => {
                let all: Vec<String> = args.iter().map(|arg| self.atom(arg)).collect();
                format!("concat {}", all.join(" "))
            }
            Op::Add | Op::Mul | Op::Max => {
                let all: Vec<String> = args.iter().map(|arg| self.number(arg)).collect();
                let name = match op {
                    Op::Add => "add",
                    Op::Mul => "mul",
                    _ => "max",
                };
                format!("{name} {}", all.join(" "))
            }
            Op::PercentUp => {
                let (number, percent) = (self.number(&args[0]), self.number(&args[1]));
                format!("div (add (mul {number} {percent}) 99) 100")
            }
            Op::Merge
            | Op::CpuSum
            | Op::BytesSum
            | Op::TenthMore
            | Op::Request
            | Op::Limit
            | Op::LimitOrRequest => {
                unreachable!("what no template can compute is fixed before printing: {op:?}")
            }
        }
    }

    /// `registry, name, tag, digest, fallback tag` as one reference.
    fn image(&mut self, args: &[Expr]) -> String {
        self.needs_image = true;
        let prefix = |expr: &Expr, word: &str| {
            let path = expr.param()?.handle.0.as_str();
            path.strip_suffix(word).map(str::to_owned)
        };
        let own = prefix(&args[1], ".repository").filter(|own| {
            prefix(&args[2], ".tag").as_ref() == Some(own)
                && prefix(&args[3], ".digest").as_ref() == Some(own)
        });
        let image = match own {
            Some(own) => {
                let dollar = if self.moved > 0 { "$" } else { "" };
                format!("{dollar}.Values.{own}")
            }
            None => {
                let mut parts = String::from("(dict");
                for (key, arg) in [("repository", 1), ("tag", 2), ("digest", 3)] {
                    if !matches!(&args[arg], Expr::Lit(node) if node.is_null()) {
                        let _ = write!(parts, " \"{key}\" {}", self.atom(&args[arg]));
                    }
                }
                parts + ")"
            }
        };
        let mut call = format!("include \"{}.image\" (dict \"image\" {image}", self.chart);
        for (key, arg) in [("registry", 0), ("tag", 4)] {
            if !matches!(&args[arg], Expr::Lit(node) if node.is_null()) {
                let _ = write!(call, " \"{key}\" {}", self.atom(&args[arg]));
            }
        }
        call + ")"
    }

    /// A condition as a template asks it.
    pub fn cond(&mut self, cond: &Cond) -> String {
        match cond {
            Cond::Known(holds, _) => holds.to_string(),
            Cond::Truthy(expr) => self.expr(expr),
            Cond::AtLeast(expr, bound) => format!("ge (int {}) {bound}", self.atom(expr)),
            Cond::Is(expr, word) => self.is(expr, word),
            Cond::Has(param, key) => format!("hasKey {} {}", self.param(param), quoted(key)),
            Cond::Not(inner) => match &**inner {
                Cond::Is(expr, word) if self.renamed(expr).is_none() => {
                    format!("ne {} {}", self.atom(expr), quoted(word))
                }
                inner => format!("not {}", atom(self.cond(inner))),
            },
            Cond::And(_) => self.list("and", cond),
            Cond::Or(_) => self.list("or", cond),
        }
    }

    /// The words of the values behind an expression, where the contract renames them.
    fn renamed(&self, expr: &Expr) -> Option<Vec<(String, String)>> {
        let word = self.words.all.get(expr.param()?.handle.0.as_str())?;
        (!word.words.is_empty()).then(|| word.words.clone())
    }

    fn is(&mut self, expr: &Expr, word: &str) -> String {
        let Some(words) = self.renamed(expr) else {
            return format!("eq {} {}", self.atom(expr), quoted(word));
        };
        let value = self.expr(expr);
        let here: Vec<&str> = words
            .iter()
            .filter(|(_, means)| means == word)
            .map(|(here, _)| here.as_str())
            .collect();
        match here[..] {
            [] => "false".to_owned(),
            ["true"] => value,
            ["false"] => format!("not {value}"),
            [one] => format!("eq {value} {}", quoted(one)),
            _ => {
                let all: Vec<String> = here.iter().map(|one| quoted(one)).collect();
                format!("has {value} (list {})", all.join(" "))
            }
        }
    }

    fn list(&mut self, name: &str, cond: &Cond) -> String {
        let texts = self.operands(name, cond);
        match &texts[..] {
            [one] => match one.strip_prefix('(') {
                Some(inner) if closes_at_end(one) => inner[..inner.len() - 1].to_owned(),
                _ => one.clone(),
            },
            _ => format!("{name} {}", texts.join(" ")),
        }
    }

    /// The operands of `and` or `or`, each once; at least one.
    pub fn operands(&mut self, name: &str, cond: &Cond) -> Vec<String> {
        let (nothing, all) = if name == "and" {
            ("true", "false")
        } else {
            ("false", "true")
        };
        let mut parts = Vec::new();
        flatten(cond, name == "and", &mut parts);
        let mut texts: Vec<String> = Vec::new();
        for part in parts {
            let text = match self.known_condition(part) {
                Some(call) => format!("({call})"),
                None => atom(self.cond(part)),
            };
            if text == all {
                return vec![text];
            }
            if text != nothing && !texts.contains(&text) {
                texts.push(text);
            }
        }
        if texts.is_empty() {
            texts.push(nothing.to_owned());
        }
        texts
    }

    /// A condition as a real boolean, in parentheses where needed.
    fn boolean(&mut self, cond: &Cond) -> String {
        let (name, both) = match cond {
            _ if self.is_boolean(cond) => return atom(self.cond(cond)),
            Cond::And(both) => ("and", both),
            Cond::Or(both) => ("or", both),
            Cond::Truthy(expr) if self.ty(expr) != Ty::Number => {
                return format!("(not (empty {}))", self.atom(expr));
            }
            other => return format!("(not (not {}))", atom(self.cond(other))),
        };
        format!(
            "({name} {} {})",
            self.boolean(&both.0),
            self.boolean(&both.1)
        )
    }

    fn is_boolean(&self, cond: &Cond) -> bool {
        match cond {
            Cond::Truthy(expr) => self.ty(expr) == Ty::Bool,
            Cond::And(both) | Cond::Or(both) => {
                self.is_boolean(&both.0) && self.is_boolean(&both.1)
            }
            _ => true,
        }
    }
}

/// Whether a content hash is in it.
pub fn has_hash(expr: &Expr) -> bool {
    match expr {
        Expr::Call(Op::Hash, _) => true,
        Expr::Concat(parts) => parts.iter().any(has_hash),
        _ => false,
    }
}

fn flatten<'c>(cond: &'c Cond, and: bool, out: &mut Vec<&'c Cond>) {
    match cond {
        Cond::And(both) if and => {
            flatten(&both.0, and, out);
            flatten(&both.1, and, out);
        }
        Cond::Or(both) if !and => {
            flatten(&both.0, and, out);
            flatten(&both.1, and, out);
        }
        other => out.push(other),
    }
}

/// In parentheses, where it is more than one word.
pub fn atom(text: String) -> String {
    let quoted =
        text.starts_with('"') && text.ends_with('"') && text[1..text.len() - 1].find('"').is_none();
    let inside = text.starts_with('(') && text.ends_with(')') && closes_at_end(&text);
    if !text.contains(' ') || quoted || inside {
        text
    } else {
        format!("({text})")
    }
}

/// Whether the first parenthesis is closed by the last.
fn closes_at_end(text: &str) -> bool {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1 == text.len();
        }
    }
    false
}

/// A plain scalar as text.
pub fn plain_text(node: &Node) -> String {
    match node {
        Node::Int(_, value) => value.to_string(),
        Node::Bool(_, value) => value.to_string(),
        other => other.text().map(ToString::to_string).unwrap_or_default(),
    }
}

fn literal(node: &Node) -> String {
    match node {
        Node::Null(_) => "\"\"".to_owned(),
        Node::Map(_, entries) => {
            let parts: Vec<String> = entries
                .iter()
                .map(|entry| format!("{} {}", quoted(&entry.key), literal(&entry.value)))
                .collect();
            format!("(dict {})", parts.join(" "))
        }
        Node::Seq(_, items) => {
            let parts: Vec<String> = items.iter().map(literal).collect();
            format!("(list {})", parts.join(" "))
        }
        Node::Text(_, text) | Node::Plain(_, text) => quoted(text),
        Node::Int(..) | Node::Bool(..) => plain_text(node),
        Node::Float(_, value) => value.to_string(),
    }
}
