//! The scalars of a file, and other values for them.

use crate::project::Memory;
use plimsoll_source::{Findings, Node, Sources, Span, Step, yaml};

/// A written scalar.
pub struct Scalar {
    pub span: Span,
    pub text: String,
    /// Where it stands, without names and numbers of list items.
    pub path: String,
}

impl Scalar {
    /// Where another text in its place stands.
    pub fn span_with(&self, other: &str) -> Span {
        let end = self.span.start + u32::try_from(other.len()).expect("a short text");
        Span { end, ..self.span }
    }
}

/// Every scalar of the files that were read, with its file.
pub fn scalars(sources: &Sources, files: &Memory) -> Vec<(String, Scalar)> {
    let mut all = Vec::new();
    for (id, file) in sources
        .iter()
        .filter(|(_, file)| file.name.ends_with(".yaml"))
    {
        let name = file.name.to_string();
        if !files.0.contains_key(&name) {
            continue;
        }
        let mut found = Vec::new();
        for node in yaml::read(sources, id, &mut Findings::default()) {
            collect(sources, &node, &mut Vec::new(), &mut found);
        }
        all.extend(found.into_iter().map(|scalar| (name.clone(), scalar)));
    }
    all
}

fn collect(sources: &Sources, node: &Node, path: &mut Vec<String>, all: &mut Vec<Scalar>) {
    for entry in node.entries() {
        path.push(entry.key.to_string());
        collect(sources, &entry.value, path, all);
        path.pop();
    }
    for item in node.items() {
        collect(sources, item, path, all);
    }
    let scalar = !matches!(node, Node::Map(..) | Node::Seq(..));
    if let (true, Step::Written(span)) = (scalar, node.origin().step()) {
        let text = sources.text(*span).to_owned();
        all.push(Scalar {
            span: *span,
            text,
            path: path.join("."),
        });
    }
}

/// The path of a scalar without the names of things.
pub fn alike(path: &str) -> String {
    let named = [
        "services",
        "stores",
        "jobs",
        "migrations",
        "routes",
        "environments",
        "env",
        "secrets",
        "uses",
        "databases",
        "claims",
        "externals",
        "volumes",
        "config",
        "vars",
        "load",
    ];
    let mut last = "";
    let steps = path.split('.').map(|step| {
        let step = if named.contains(&last) { "*" } else { step };
        last = step;
        step
    });
    steps.collect::<Vec<_>>().join(".")
}

/// Words of the language that stand in for each other.
const OTHERS: [(&str, &str); 4] = [
    ("get", "watch"),
    ("list", "create"),
    ("delete", "patch"),
    ("patch", "update"),
];

/// Other values for a scalar, the one that changes most of it first, then one for each word.
pub fn others(text: &str) -> Vec<String> {
    match text {
        "true" => return vec!["false".to_owned()],
        "false" => return vec!["true".to_owned()],
        "" => return Vec::new(),
        _ => {}
    }
    let end = text.len() - usize::from(text.ends_with(['"', '\'']));
    let start = usize::from(text.starts_with(['"', '\'']));
    let inner = &text[start.min(end)..end];
    let quoted = |inner: String| format!("{}{inner}{}", &text[..start], &text[end..]);
    let mut all = vec![
        counted(inner) + "x",
        counted(inner),
        format!("{inner}x"),
        doubled(inner),
    ];
    let ends = inner.char_indices().filter(|(at, c)| {
        let next = inner[at + c.len_utf8()..].chars().next();
        c.is_ascii_alphanumeric() && next.is_some_and(|next| !next.is_ascii_alphanumeric())
    });
    for (at, c) in ends {
        let (before, after) = inner.split_at(at + c.len_utf8());
        all.push(format!("{before}x{after}"));
        all.push(format!("{before}1{after}"));
    }
    all.extend(
        OTHERS
            .iter()
            .map(|(one, other)| inner.replacen(one, other, 1)),
    );
    all.retain(|other| other != inner);
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|other| seen.insert(other.clone()));
    all.into_iter().map(quoted).collect()
}

/// Every number of a text one higher.
fn counted(text: &str) -> String {
    numbers(text, |number| number + 1)
}

/// Every number of a text more than twice as high, past what is rounded.
fn doubled(text: &str) -> String {
    numbers(text, |number| number * 2 + 1)
}

fn numbers(text: &str, other: impl Fn(u64) -> u64) -> String {
    let (mut out, mut digits) = (String::new(), String::new());
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        match digits.parse::<u32>() {
            Ok(number) => out.push_str(&other(u64::from(number)).to_string()),
            Err(_) => out.push_str(&digits),
        }
        digits.clear();
        out.push(c);
    }
    out.pop();
    out
}
