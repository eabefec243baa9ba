//! Lines of templates: indents, blocks, and plain trees as YAML writes them.

use super::canon;
use super::expr::quoted;
use super::logic;
use super::print::Lines;
use plimsoll_source::{Entry, Node, Origin, yaml};
use plimsoll_world::{Cond, Form, MapPart};

/// Entries of any map.
pub fn parts_of_map(form: &Form) -> (Origin, Vec<MapPart>) {
    match form {
        Form::Map(origin, parts) => (origin.clone(), parts.to_vec()),
        Form::Plain(node) => {
            let parts = node.entries().iter().map(super::bind::entry_part).collect();
            (node.origin().clone(), parts)
        }
        Form::Shrinking(inner) => parts_of_map(inner),
        Form::Expr(_) | Form::Seq(..) => unreachable!("it is a map"),
    }
}

/// One or more of them. What holds only where another does says nothing new.
pub fn any(conds: impl Iterator<Item = Cond>) -> Cond {
    let mut one = Cond::Known(false, Origin::rule("helm", []));
    let mut said: Vec<String> = Vec::new();
    for cond in conds {
        let mut new = true;
        logic::conjuncts(&cond, &mut |part| {
            new &= !said.contains(&canon::when(Some(part)));
        });
        if new {
            said.push(canon::when(Some(&cond)));
            one = logic::or(one, cond);
        }
    }
    one
}

pub fn block(head: &str, indent: usize, lines: Lines) -> Lines {
    let mut out = vec![format!("{}{{{{- {head} }}}}", pad(indent))];
    out.extend(lines);
    out.push(format!("{}{{{{- end }}}}", pad(indent)));
    out
}

pub fn dashed(mut lines: Lines, indent: usize) -> Lines {
    if let Some(first) = lines.first_mut() {
        first.replace_range(..indent + 2, &format!("{}- ", pad(indent)));
    }
    lines
}

pub fn pad(indent: usize) -> String {
    " ".repeat(indent)
}

pub fn entry_node(key: &str, value: Node) -> Node {
    let origin = Origin::rule("helm", []);
    let entry = Entry {
        key: key.into(),
        at: origin.clone(),
        value,
    };
    Node::map(origin, [entry])
}

pub fn entry_placeholder(key: &str) -> impl Fn(Node) -> Node + use<> {
    let key = key.to_owned();
    move |node| entry_node(&key, node)
}

/// `key:` as YAML writes it.
pub fn key_line(key: &str, indent: usize) -> String {
    let null = Node::Bool(Origin::rule("helm", []), true);
    let text = String::from_utf8(yaml::write(&entry_node(key, null))).expect("YAML is UTF-8");
    let head = text.trim_end().trim_end_matches("true").trim_end();
    format!("{}{}", pad(indent), escaped(head, true))
}

pub fn scalar_text(node: &Node) -> String {
    let text = String::from_utf8(yaml::write(node)).expect("YAML is UTF-8");
    text.trim_end().to_owned()
}

/// A plain tree, line by line.
pub fn plain_lines(node: &Node, indent: usize) -> Lines {
    let text = String::from_utf8(yaml::write(node)).expect("YAML is UTF-8");
    indented(&escaped(&text, true), indent)
}

pub fn indented(text: &str, indent: usize) -> Lines {
    text.strip_suffix('\n')
        .unwrap_or(text)
        .split('\n')
        .map(|line| {
            if line.is_empty() {
                String::new()
            } else {
                format!("{}{line}", pad(indent))
            }
        })
        .collect()
}

/// Braces of content, kept from the template engine.
pub fn escaped(text: &str, wanted: bool) -> String {
    if wanted && text.contains("{{") {
        text.replace("{{", "{{ \"{{\" }}")
    } else {
        text.to_owned()
    }
}

pub fn unwrapped(text: String) -> String {
    text.strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'))
        .map_or(text.clone(), str::to_owned)
}

/// The inside of a text in double quotes.
pub fn json_text(text: &str) -> String {
    let mut out = quoted(text);
    out.pop();
    out.remove(0);
    out
}
