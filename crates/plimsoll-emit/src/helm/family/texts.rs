//! Texts that differ between environments: the namespace, the name of the environment, or a line.

use super::super::bind::joined;
use super::super::path::NAMESPACE;
use super::super::words::At;
use super::Family;
use plimsoll_source::{Handle, Node, Origin, Str};
use plimsoll_world::{Expr, Param};
use std::sync::Arc;

/// A text of one environment, word by word.
type Tokens<'t> = (usize, Vec<&'t str>);

/// A way to mark what an environment decides in a word.
type Way<'w> = &'w dyn Fn(usize, &str) -> String;

impl Family<'_> {
    /// A text of several lines, of which some differ: what is different in each is a word.
    pub(super) fn by_lines(&mut self, at: &At, nodes: &[(usize, Node)]) -> Option<Expr> {
        let texts: Vec<(usize, Vec<&str>)> = nodes
            .iter()
            .map(|(env, node)| Some((*env, node.text()?.split('\n').collect())))
            .collect::<Option<_>>()?;
        let count = texts[0].1.len();
        if count < 3 || texts.iter().any(|(_, lines)| lines.len() != count) {
            return None;
        }
        let differ = |n: &usize| texts.iter().any(|(_, lines)| lines[*n] != texts[0].1[*n]);
        // Where most is different it is another text.
        if (0..count).filter(differ).count() * 2 > count {
            return None;
        }
        let origin = nodes[0].1.origin();
        let mut parts = Vec::new();
        for n in 0..count {
            if n > 0 {
                parts.push(Expr::text(origin, "\n"));
            }
            let lines: Vec<(usize, Node)> = texts
                .iter()
                .map(|(env, lines)| {
                    (
                        *env,
                        Node::Text(nodes[0].1.origin().clone(), lines[n].into()),
                    )
                })
                .collect();
            if !differ(&n) {
                parts.push(Expr::Lit(lines[0].1.clone()));
            } else if let Some(expr) = self.with_context(&lines) {
                parts.push(expr);
            } else {
                parts.extend(self.line(at, &lines)?);
            }
        }
        Some(joined(parts))
    }

    /// A line that differs: the word is what stands between what all have.
    fn line(&mut self, at: &At, lines: &[(usize, Node)]) -> Option<[Expr; 3]> {
        let texts: Vec<&str> = lines
            .iter()
            .map(|(_, node)| node.text().map_or("", Str::as_str))
            .collect();
        if texts.iter().any(|text| !text.is_ascii()) {
            return None;
        }
        let is_edge = |c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '-';
        let shared =
            |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
        let ahead = texts
            .iter()
            .map(|text| shared(text, texts[0]))
            .min()
            .unwrap_or(0);
        let ahead = texts[0]
            .get(..ahead)
            .and_then(|text| text.rfind(is_edge))
            .map_or(0, |at| at + 1);
        let back = |text: &str| text.chars().rev().collect::<String>();
        let first = back(&texts[0][ahead..]);
        let behind = texts
            .iter()
            .map(|text| shared(&back(&text[ahead..]), &first))
            .min()
            .unwrap_or(0);
        let behind = first
            .get(..behind)
            .and_then(|text| text.rfind(is_edge))
            .map_or(0, |at| at + 1);
        let nodes: Vec<(usize, Node)> = lines
            .iter()
            .zip(&texts)
            .map(|((env, node), text)| {
                let inner = text.get(ahead..text.len() - behind).unwrap_or_default();
                (*env, Node::Text(node.origin().clone(), inner.into()))
            })
            .collect();
        // What stands inside a text may not end it.
        let ends = |node: &Node| {
            node.text()
                .is_some_and(|text| text.contains(['"', '\'', '\\']))
        };
        if nodes.iter().any(|(_, node)| ends(node)) {
            return None;
        }
        let key: String = texts[0]
            .trim_start()
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
            .collect();
        let mut values = vec![None; self.names.len()];
        for (env, node) in &nodes {
            values[*env] = Some(node.clone());
        }
        let key = super::super::path::camel(&key.replace('_', "-"));
        let names: Vec<String> = at
            .names(self.places, nodes.iter().map(|(_, node)| node.origin()))
            .into_iter()
            .map(|name| format!("{name}.{key}"))
            .collect();
        let word = self.words.automatic(&names, values);
        let origin = nodes[0].1.origin();
        let text = texts[0];
        Some([
            Expr::text(origin, &text[..ahead]),
            word,
            Expr::text(origin, &text[text.len() - behind..]),
        ])
    }

    /// Texts that are one but for the namespace and the name of the environment.
    pub(super) fn with_context(&mut self, nodes: &[(usize, Node)]) -> Option<Expr> {
        let texts: Vec<(usize, Vec<&str>)> = nodes
            .iter()
            .map(|(env, node)| Some((*env, tokens(node.text()?))))
            .collect::<Option<_>>()?;
        let count = texts[0].1.len();
        if texts.iter().any(|(_, tokens)| tokens.len() != count) {
            return None;
        }
        let mut template = String::new();
        for n in 0..count {
            template.push_str(&self.token(&texts, n)?);
        }
        let origin = nodes[0].1.origin();
        let mut parts = Vec::new();
        let mut literal = String::new();
        for c in template.chars() {
            if c != NAMESPACE_MARK && c != ENVIRONMENT_MARK {
                literal.push(c);
                continue;
            }
            parts.push(Expr::text(origin, std::mem::take(&mut literal)));
            parts.push(if c == NAMESPACE_MARK {
                self.namespace()
            } else {
                let of_name = |name: &Str| Some(Node::Text(origin.clone(), name.clone()));
                let values = self.names.iter().map(of_name).collect();
                self.words.automatic(&["environment".to_owned()], values)
            });
        }
        parts.push(Expr::text(origin, literal));
        parts.retain(
            |part| !matches!(part, Expr::Lit(node) if node.text().is_some_and(Str::is_empty)),
        );
        Some(match &parts[..] {
            [one] => one.clone(),
            _ => Expr::concat(parts),
        })
    }

    /// One word of several texts with marks for what all have in common.
    fn token(&self, texts: &[Tokens], n: usize) -> Option<String> {
        let first = texts[0].1[n];
        if texts.iter().all(|(_, tokens)| tokens[n] == first) {
            return Some(first.to_owned());
        }
        let namespace = |env: usize, text: &str| mark(text, &self.namespaces[env], NAMESPACE_MARK);
        let environment = |env: usize, text: &str| mark(text, &self.names[env], ENVIRONMENT_MARK);
        let both = |env: usize, text: &str| environment(env, &namespace(env, text));
        let ways: [Way; 3] = [&environment, &namespace, &both];
        ways.into_iter().find_map(|way| {
            let first = way(texts[0].0, first);
            let agree = texts
                .iter()
                .all(|(env, tokens)| way(*env, tokens[n]) == first);
            agree.then_some(first)
        })
    }

    fn namespace(&self) -> Expr {
        Expr::Val(Arc::new(Param {
            handle: Handle(NAMESPACE.into()),
            value: Node::Text(Origin::rule("helm", []), self.namespaces[0].clone()),
        }))
    }
}

const NAMESPACE_MARK: char = '\u{e000}';
const ENVIRONMENT_MARK: char = '\u{e001}';

/// The text with whole words replaced.
fn mark(text: &str, word: &str, mark: char) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(word) {
        let (before, from) = rest.split_at(at);
        let after = &from[word.len()..];
        let ends = |c: Option<char>| !c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        let whole =
            ends(before.chars().last().or(out.chars().last())) && ends(after.chars().next());
        out.push_str(before);
        if whole {
            out.push(mark);
        } else {
            out.push_str(word);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Words with what stands between them.
fn tokens(text: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut out = Vec::new();
    let mut start = 0;
    let mut inside = None;
    for (at, c) in text.char_indices() {
        let word = is_word(c);
        if inside.is_some_and(|inside| inside != word) {
            out.push(&text[start..at]);
            start = at;
        }
        inside = Some(word);
    }
    out.push(&text[start..]);
    out
}
