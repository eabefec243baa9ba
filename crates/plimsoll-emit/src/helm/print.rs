//! Forms as templates. Every control line stands alone and begins with `{{-`, so that it vanishes
//! from what is rendered: the output is exactly the lines of content.

mod exists;
mod helpers;
mod list;
mod scalar;

use super::chart::text_at;
use super::expr::quoted;
use super::layout::{block, entry_node, key_line, pad, parts_of_map, plain_lines};
use super::words::Words;
use super::{canon, logic};
use plimsoll_source::Node;
use plimsoll_world::{Cond, Expr, Form, MapPart};
use std::collections::BTreeMap;

/// Prints the templates of a chart.
pub struct Printer<'a> {
    /// Name of the chart, before every helper's.
    pub chart: &'a str,
    /// The words.
    pub words: &'a Words,
    /// Named templates.
    pub helpers: BTreeMap<String, Helper>,
    /// Names of helpers by what they make.
    known: BTreeMap<String, String>,
    /// Texts that stand inside others, by path.
    pub inside: Vec<String>,
    /// Whether the helper for images is used.
    pub needs_image: bool,
    /// How many blocks around have another `.`.
    pub moved: usize,
    /// What `.` is, where a block made it so.
    pub dot: Option<String>,
    /// The element of the loop around.
    pub element: String,
    /// What the loop around calls the key, or the number, of its element.
    pub key: &'static str,
    /// What helpers of the object at work are named after.
    pub subject: String,
    /// What is known to hold here.
    holds: Vec<String>,
    /// Keys around what is printed.
    keys: Vec<String>,
}

/// A named template.
pub struct Helper {
    /// What it makes.
    pub lines: Lines,
    /// Whether the line break at its end is no part of it.
    pub trimmed: bool,
}

/// The parts of an object, such that a plain one is the last where there is one: at the end of a file
/// Helm 3 and 4 disagree about the line breaks of a value that is passed through.
fn ending_plainly(mut parts: Vec<MapPart>) -> Vec<MapPart> {
    let is_plain = |part: &MapPart| {
        matches!(part, MapPart::Entry { when: None, value: Form::Plain(_), key }
            if !["apiVersion", "kind", "metadata"].contains(&key.as_str()))
    };
    if parts.last().is_some_and(|last| !is_plain(last))
        && let Some(at) = parts.iter().rposition(is_plain)
    {
        let plain = parts.remove(at);
        parts.push(plain);
    }
    parts
}

/// Lines of a template.
pub type Lines = Vec<String>;

impl<'a> Printer<'a> {
    /// A printer of a chart.
    pub fn new(chart: &'a str, words: &'a Words) -> Self {
        Self {
            chart,
            words,
            helpers: BTreeMap::new(),
            known: BTreeMap::new(),
            inside: Vec::new(),
            needs_image: false,
            moved: 0,
            dot: None,
            element: ".".to_owned(),
            key: "$name",
            subject: String::new(),
            holds: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// An object, under its condition.
    pub fn object(&mut self, when: &Cond, body: &Form) -> Lines {
        let when = match when {
            Cond::Known(..) => None,
            open => Some(open.clone()),
        };
        let parts = ending_plainly(parts_of_map(body).1);
        let what = text_at(body, &["kind"]);
        self.guarded(when.as_ref(), &what, 0, |printer| printer.map(&parts, 0))
    }

    /// Lines under a condition; what is known to hold around is not asked again.
    fn guarded(
        &mut self,
        when: Option<&Cond>,
        what: &str,
        indent: usize,
        lines: impl FnOnce(&mut Self) -> Lines,
    ) -> Lines {
        let Some(when) = when.and_then(|when| self.open(when)) else {
            return lines(self);
        };
        let before = self.holds.len();
        logic::conjuncts(&when, &mut |cond| self.holds.push(canon::when(Some(cond))));
        let inner = lines(self);
        self.holds.truncate(before);
        if inner.is_empty() {
            return inner;
        }
        let asked = self.asked(&when, what);
        block(&format!("if {asked}"), indent, inner)
    }

    /// What is to be asked for a condition; `None` where it always holds.
    pub fn condition(&mut self, cond: &Cond) -> Option<String> {
        let open = self.open(cond)?;
        Some(self.cond(&open))
    }

    /// What of a condition is not known to hold already.
    fn open(&self, cond: &Cond) -> Option<Cond> {
        if self.holds.contains(&canon::when(Some(cond))) {
            return None;
        }
        match cond {
            Cond::Known(true, _) => None,
            Cond::And(both) => match (self.open(&both.0), self.open(&both.1)) {
                (Some(a), Some(b)) => Some(logic::and(a, b)),
                (one, other) => one.or(other),
            },
            Cond::Or(both) => {
                if self.open(&both.0).is_none() || self.open(&both.1).is_none() {
                    return None;
                }
                Some(cond.clone())
            }
            other => Some(other.clone()),
        }
    }

    /// The entries of a map.
    pub fn map(&mut self, parts: &[MapPart], indent: usize) -> Lines {
        let mut groups: Vec<(Option<Cond>, Vec<&MapPart>)> = Vec::new();
        for part in parts {
            let when = self.exists(part);
            let when = self.open(&when);
            let same = |(own, _): &&mut (Option<Cond>, Vec<&MapPart>)| {
                canon::when(own.as_ref()) == canon::when(when.as_ref())
            };
            match groups.last_mut().filter(|group| same(group)) {
                Some((_, group)) => group.push(part),
                None => groups.push((when, vec![part])),
            }
        }
        let mut out = Lines::new();
        for (when, group) in groups {
            if let (Some(Cond::Truthy(expr)), [part]) = (&when, &group[..])
                && let Some(lines) = self.with(expr, part, indent)
            {
                out.extend(lines);
                continue;
            }
            let what = group.iter().find_map(|part| match part {
                MapPart::Entry { key, .. } => Some(key.clone()),
                MapPart::Splice(_) => None,
            });
            let what = what.unwrap_or_default();
            let lines = self.guarded(when.as_ref(), &what, indent, |printer| {
                let lines = group.iter().flat_map(|part| printer.map_part(part, indent));
                lines.collect()
            });
            out.extend(lines);
        }
        out
    }

    /// `with`, where what is asked for is what is written.
    fn with(&mut self, expr: &Expr, part: &MapPart, indent: usize) -> Option<Lines> {
        let own = canon::expr(expr);
        let value = match part {
            MapPart::Splice(spliced) => spliced,
            MapPart::Entry {
                value: Form::Expr(value),
                ..
            } => value,
            MapPart::Entry { .. } => return None,
        };
        if canon::expr(value) != own || !matches!(value, Expr::Val(_) | Expr::Call(..)) {
            return None;
        }
        let asked = self.expr(expr);
        self.moved += 1;
        let before = self.dot.replace(own);
        let lines = match part {
            MapPart::Splice(_) => vec![format!(
                "{}{{{{- toYaml . | nindent {indent} }}}}",
                pad(indent)
            )],
            MapPart::Entry { key, .. } => self.entry_expr(key, value, indent),
        };
        self.dot = before;
        self.moved -= 1;
        Some(block(&format!("with {asked}"), indent, lines))
    }

    fn map_part(&mut self, part: &MapPart, indent: usize) -> Lines {
        match part {
            MapPart::Splice(expr) => {
                let text = self.expr(expr);
                vec![format!(
                    "{}{{{{- toYaml {text} | nindent {indent} }}}}",
                    pad(indent)
                )]
            }
            MapPart::Entry { key, value, .. } => self.entry(key, value, indent),
        }
    }

    fn entry(&mut self, key: &str, value: &Form, indent: usize) -> Lines {
        self.keys.push(key.to_owned());
        let lines = self.entry_lines(key, value, indent);
        self.keys.pop();
        lines
    }

    fn entry_lines(&mut self, key: &str, value: &Form, indent: usize) -> Lines {
        if matches!(value, Form::Plain(Node::Map(..)) | Form::Map(..))
            && let Some(name) = self.known.get(&canon::form(value))
        {
            let to = indent + 2;
            let call = format!("include {} {} | nindent {to}", quoted(name), self.root());
            return vec![
                key_line(key, indent),
                format!("{}{{{{- {call} }}}}", pad(to)),
            ];
        }
        match value {
            Form::Plain(node) => plain_lines(&entry_node(key, node.clone()), indent),
            Form::Expr(expr) => self.entry_expr(key, expr, indent),
            Form::Shrinking(inner) => self.entry_lines(key, inner, indent),
            Form::Map(_, parts) => {
                let head = key_line(key, indent);
                let filled = self.filled_map(parts);
                let lines = self.map(parts, indent + 2);
                self.or_empty(head, key, "{}", filled, lines, indent)
            }
            Form::Seq(_, parts) => {
                let filled = self.filled_seq(parts);
                let lines = self.seq(parts, indent);
                self.or_empty(key_line(key, indent), key, "[]", filled, lines, indent)
            }
        }
    }

    /// A key with what is under it, or with an empty value where nothing is.
    fn or_empty(
        &mut self,
        head: String,
        key: &str,
        empty: &str,
        filled: Cond,
        lines: Lines,
        indent: usize,
    ) -> Lines {
        let mut inner = vec![head];
        inner.extend(lines);
        match self.open(&filled) {
            None => inner,
            Some(Cond::Known(false, _)) => vec![format!("{} {empty}", key_line(key, indent))],
            Some(filled) => {
                let asked = self.asked(&filled, key);
                let mut out = vec![format!("{}{{{{- if {asked} }}}}", pad(indent))];
                out.extend(inner);
                out.push(format!("{}{{{{- else }}}}", pad(indent)));
                out.push(format!("{} {empty}", key_line(key, indent)));
                out.push(format!("{}{{{{- end }}}}", pad(indent)));
                out
            }
        }
    }
}
