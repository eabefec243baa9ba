//! YAML documents that outputs are made of, from plain data.

use plimsoll_source::{Entry, Node, Origin, Str, yaml};
use serde_json::Value;

/// A document.
pub(crate) fn write(value: &Value) -> Vec<u8> {
    yaml::write(&node(value))
}

/// A document under a comment.
pub(crate) fn commented(comment: &str, value: &Value) -> Vec<u8> {
    let mut out = comment_lines(comment);
    yaml::write_to(&mut out, &node(value));
    out
}

/// Several documents under a comment.
pub(crate) fn stream(comment: &str, values: &[Value]) -> Vec<u8> {
    let mut out = comment_lines(comment);
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            out.extend_from_slice(b"---\n");
        }
        yaml::write_to(&mut out, &node(value));
    }
    out
}

fn comment_lines(comment: &str) -> Vec<u8> {
    let line = |line: &str| match line {
        "" => "#\n".to_owned(),
        _ => format!("# {line}\n"),
    };
    comment.lines().map(line).collect::<String>().into_bytes()
}

/// Plain data as a tree that nobody wrote.
pub(crate) fn node(value: &Value) -> Node {
    let origin = Origin::rule("output", []);
    match value {
        Value::Null => Node::Null(origin),
        Value::Bool(value) => Node::Bool(origin, *value),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Node::Int(origin, whole),
            None => Node::Float(origin, number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => Node::Text(origin, Str::from(text.as_str())),
        Value::Array(items) => Node::seq(origin, items.iter().map(node)),
        Value::Object(entries) => {
            let entry = |(key, value): (&String, &Value)| Entry {
                key: Str::from(key.as_str()),
                at: origin.clone(),
                value: node(value),
            };
            let entries: Vec<Entry> = entries.iter().map(entry).collect();
            Node::map(origin.clone(), entries)
        }
    }
}
