//! Forms as templates. Every control line stands alone and begins with `{{-`, so that it vanishes
//! from what is rendered: the output is exactly the lines of content.

use super::canon;
use super::expr::{NUMBER, Ty, has_hash, plain_text, quoted};
use super::layout::{
    any, block, dashed, entry_node, entry_placeholder, escaped, indented, json_text, key_line, pad,
    parts_of_map, plain_lines, scalar_text, unwrapped,
};
use super::logic;
use super::path;
use super::words::Words;
use plimsoll_source::{Node, Origin, yaml};
use plimsoll_world::{Cond, Expr, Form, MapPart, Op, SeqPart};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Prints the templates of a chart.
pub struct Printer<'a> {
    /// Name of the chart, before every helper's.
    pub chart: &'a str,
    /// The words.
    pub words: &'a Words,
    /// Named templates: name → lines.
    pub helpers: BTreeMap<String, Vec<String>>,
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
        }
    }

    /// An object, under its condition.
    pub fn object(&mut self, when: &Cond, body: &Form) -> Lines {
        let when = match when {
            Cond::Known(..) => None,
            open => Some(open.clone()),
        };
        let parts = ending_plainly(parts_of_map(body).1);
        self.guarded(when.as_ref(), 0, |printer| printer.map(&parts, 0))
    }

    /// Lines under a condition; what is known to hold around is not asked again.
    fn guarded(
        &mut self,
        when: Option<&Cond>,
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
        let asked = self.cond(&when);
        block(&format!("if {asked}"), indent, inner)
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
            let lines = self.guarded(when.as_ref(), indent, |printer| {
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
            Form::Shrinking(inner) => self.entry(key, inner, indent),
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
                let asked = self.cond(&filled);
                let mut out = vec![format!("{}{{{{- if {asked} }}}}", pad(indent))];
                out.extend(inner);
                out.push(format!("{}{{{{- else }}}}", pad(indent)));
                out.push(format!("{} {empty}", key_line(key, indent)));
                out.push(format!("{}{{{{- end }}}}", pad(indent)));
                out
            }
        }
    }

    fn entry_expr(&mut self, key: &str, expr: &Expr, indent: usize) -> Lines {
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
    fn inline(&mut self, expr: &Expr) -> String {
        if let Expr::If(parts) = expr
            && let (Expr::Lit(yes), Expr::Lit(no)) = (&parts.1, &parts.2)
        {
            let asked = self.cond(&parts.0);
            let [yes, no] = [yes, no].map(scalar_text);
            return format!("{{{{ if {asked} }}}}{yes}{{{{ else }}}}{no}{{{{ end }}}}");
        }
        let text = self.expr(expr);
        match self.ty(expr) {
            Ty::Text if has_hash(expr) => format!("{{{{ {text} }}}}"),
            Ty::Text => format!("{{{{ {text} | quote }}}}"),
            _ => format!("{{{{ {text} }}}}"),
        }
    }

    /// A longer text with values inside, written around `holder` as YAML would write it.
    fn scalar(
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

    /// The items of a list; dashes stand at the indent.
    pub fn seq(&mut self, parts: &[SeqPart], indent: usize) -> Lines {
        let mut out = Lines::new();
        for part in parts {
            match part {
                SeqPart::Item { when, value } => {
                    let exists = self.value_exists(value);
                    let when = match when {
                        Some(when) => logic::and(when.clone(), exists),
                        None => exists,
                    };
                    let lines =
                        self.guarded(Some(&when), indent, |printer| printer.item(value, indent));
                    out.extend(lines);
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

    fn each(&mut self, over: &Expr, item: &Form, indent: usize) -> Lines {
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

    fn item(&mut self, value: &Form, indent: usize) -> Lines {
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

    fn exists(&self, part: &MapPart) -> Cond {
        match part {
            MapPart::Splice(expr) => Cond::Truthy(expr.clone()),
            MapPart::Entry { when, value, .. } => {
                let exists = self.value_exists(value);
                match when {
                    Some(when) if canon::when(Some(when)) == canon::when(Some(&exists)) => exists,
                    Some(when) => logic::and(when.clone(), exists),
                    None => exists,
                }
            }
        }
    }

    /// When a value is there at all.
    fn value_exists(&self, value: &Form) -> Cond {
        match value {
            Form::Expr(expr) if self.may_be_nothing(expr) => Cond::Truthy(expr.clone()),
            Form::Shrinking(inner) => match &**inner {
                Form::Map(_, parts) => self.filled_map(parts),
                Form::Seq(_, parts) => self.filled_seq(parts),
                Form::Expr(expr) => Cond::Truthy(expr.clone()),
                _ => Cond::always("helm"),
            },
            _ => Cond::always("helm"),
        }
    }

    fn filled_map(&self, parts: &[MapPart]) -> Cond {
        any(parts.iter().map(|part| self.exists(part)))
    }

    fn filled_seq(&self, parts: &[SeqPart]) -> Cond {
        any(parts.iter().map(|part| match part {
            SeqPart::Item { when, value } => {
                let exists = self.value_exists(value);
                match when {
                    Some(when) => logic::and(when.clone(), exists),
                    None => exists,
                }
            }
            SeqPart::Each { over, .. } => Cond::Truthy(over.clone()),
            SeqPart::Splice(expr) => Cond::Truthy(expr.clone()),
        }))
    }

    /// The helper that holds a block of data, so that it can be hashed as well as written.
    pub fn data_helper(&mut self, form: &Form) -> String {
        let id = canon::form(form);
        if let Some(name) = self.known.get(&id) {
            return name.clone();
        }
        let name = self.free_helper("data");
        self.known.insert(id, name.clone());
        let before = (self.moved, self.dot.take(), std::mem::take(&mut self.holds));
        self.moved = 0;
        let lines = match form {
            Form::Plain(node) => plain_lines(node, 0),
            other => self.map(&parts_of_map(other).1, 0),
        };
        (self.moved, self.dot, self.holds) = before;
        self.helpers.insert(name.clone(), lines);
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
        let name = self.free_helper(&format!(
            "{}Name",
            path::camel(if base.is_empty() { "name" } else { base })
        ));
        self.known.insert(id, name.clone());
        let before = (self.moved, self.dot.take(), std::mem::take(&mut self.holds));
        self.moved = 0;
        let mut text = String::new();
        for part in parts.iter() {
            match part {
                Expr::Lit(node) => text.push_str(&plain_text(node)),
                Expr::Call(Op::Hash, _) => {
                    let hash = self.expr(part);
                    let _ = write!(text, "{{{{ {hash} }}}}");
                }
                other => {
                    let other = self.expr(other);
                    let _ = write!(text, "{{{{ {other} }}}}");
                }
            }
        }
        (self.moved, self.dot, self.holds) = before;
        self.helpers.insert(name.clone(), vec![text]);
        name
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
