//! What makes a part of a map or list the same one elsewhere, and one order of all.

use super::super::canon;
use super::shape::{map_parts, seq_parts};
use plimsoll_source::Node;
use plimsoll_world::{Expr, Form, MapPart, SeqPart};
use std::collections::BTreeSet;

pub(super) fn map_id(part: &MapPart) -> String {
    match part {
        MapPart::Entry { key, .. } => format!("n:{key}"),
        MapPart::Splice(expr) => format!("s:{}", canon::expr(expr)),
    }
}

/// What makes an item the same one elsewhere: its name, else its kind or all of it.
pub(super) fn seq_id(part: &SeqPart, by_shape: bool) -> String {
    match part {
        SeqPart::Each { over, .. } => format!("e:{}", turned_by(over)),
        SeqPart::Splice(expr) => format!("s:{}", canon::expr(expr)),
        SeqPart::Item { value, .. } => {
            let name = match map_parts(value) {
                Some((_, parts)) => ["name", "alert", "record", "mountPath", "secretKey", "key"]
                    .iter()
                    .find_map(|key| {
                        parts.iter().find_map(|part| match part {
                            MapPart::Entry {
                                key: own, value, ..
                            } if own == key => Some(canon::form(value)),
                            _ => None,
                        })
                    }),
                None => None,
            };
            match name {
                Some(name) => format!("n:{name}"),
                None if by_shape => match map_parts(value) {
                    Some((_, parts)) => {
                        let mut keys: Vec<String> = parts.iter().map(map_id).collect();
                        keys.sort();
                        format!("m:{}", keys.join(","))
                    }
                    None => "item".to_owned(),
                },
                None => canon::form(value),
            }
        }
    }
}

/// The words that turn an expression; all of it where none does.
fn turned_by(over: &Expr) -> String {
    let mut words = BTreeSet::new();
    over.params(&mut |param| {
        words.insert(param.handle.0.to_string());
    });
    if words.is_empty() {
        return canon::expr(over);
    }
    words.into_iter().collect::<Vec<_>>().join(" ")
}

pub(super) fn is_plain_scalar(part: &SeqPart) -> bool {
    matches!(part, SeqPart::Item { when: None, value: Form::Plain(node) }
        if !matches!(node, Node::Map(..) | Node::Seq(..)))
}

/// The same with a number where one comes again.
pub(super) fn numbered(ids: impl Iterator<Item = String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for id in ids {
        let mut number = 1;
        let mut unique = id.clone();
        while out.contains(&unique) {
            number += 1;
            unique = format!("{id}#{number}");
        }
        out.push(unique);
    }
    out
}

/// One order of all that keeps the order of each as far as it can.
pub(super) fn merged(lists: &[Vec<String>]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for list in lists {
        let mut after = 0;
        for id in list {
            match out.iter().position(|known| known == id) {
                Some(at) => after = at + 1,
                None => {
                    out.insert(after, id.clone());
                    after += 1;
                }
            }
        }
    }
    out
}

pub(super) fn in_one_order(lists: &[Vec<String>]) -> bool {
    let order = merged(lists);
    lists.iter().all(|list| {
        let kept: Vec<&String> = order.iter().filter(|id| list.contains(id)).collect();
        kept.iter().copied().eq(list.iter())
    })
}

/// The step of an item in a path: its name, else whom it is about.
pub(super) fn step_of(id: &str, item: Option<&SeqPart>) -> String {
    if let Some(name) = id.strip_prefix("n:") {
        return name.trim_matches('"').to_owned();
    }
    let about = item.and_then(|item| match item {
        SeqPart::Item { value, .. } => about(value),
        _ => None,
    });
    match about {
        Some(name) => name,
        None if id.parse::<usize>().is_ok() => id.to_owned(),
        None => "item".to_owned(),
    }
}

/// Whose pods, or which account, a form speaks of first.
fn about(form: &Form) -> Option<String> {
    let of_node = |node: &Node| node.text().map(ToString::to_string);
    if let Form::Plain(Node::Text(_, text)) = form {
        let (_, account) = text.rsplit_once("/sa/")?;
        return Some(account.to_owned());
    }
    if let Some((_, parts)) = map_parts(form) {
        return parts.iter().find_map(|part| match part {
            MapPart::Entry { key, value, .. } if key == "app.kubernetes.io/name" => {
                value.plain().and_then(of_node)
            }
            MapPart::Entry { value, .. } => about(value),
            MapPart::Splice(_) => None,
        });
    }
    let (_, items) = seq_parts(form)?;
    items.iter().find_map(|item| match item {
        SeqPart::Item { value, .. } => about(value),
        _ => None,
    })
}
