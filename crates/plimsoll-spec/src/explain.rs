//! Reference pages: what may stand at a path of the application file.

use std::fmt::Write as _;

use crate::app::App;
use crate::app::store::Engine;
use crate::engines::Facts;
use crate::read::Word;
use crate::shape::{Block, Field, Leaf, Shape};
use crate::types::Leaf as _;

/// The page of a path, such as `services.scale` or `stores.postgres`; names of things may stand in
/// it. Nothing if there is no such word.
pub fn explain(path: &str) -> Option<String> {
    if let Some(engine) = path.strip_prefix("stores.")
        && let Some(facts) = Engine::parse(engine).ok().and_then(Engine::facts)
    {
        return Some(engine_page(facts));
    }
    if path.is_empty() {
        return Some(block_page("plimsoll.yaml", App::block()));
    }
    let mut found = Found {
        shape: App::shape(),
        field: None,
    };
    for word in path.split('.') {
        found = found.step(word)?;
    }
    Some(found.page(path))
}

/// The whole reference in Markdown: every block once, in the order in which they are reached.
pub fn reference() -> String {
    let mut pages = String::from("# The application file: keys\n");
    let mut done = Vec::new();
    let mut open = vec![App::block()];
    while !open.is_empty() {
        let block = open.remove(0);
        if done.contains(&block.name) {
            continue;
        }
        done.push(block.name);
        let _ = write!(
            pages,
            "\n## {}\n\n{}\n\n{}",
            heading(block),
            block.doc,
            table(block)
        );
        for field in &block.fields {
            blocks(&(field.shape)(), &mut open);
        }
    }
    pages
}

struct Found {
    shape: Shape,
    field: Option<Field>,
}

impl Found {
    /// One word further; a name in a map is passed, written or not.
    fn step(self, word: &str) -> Option<Self> {
        match self.shape {
            Shape::Block(block) | Shape::OneKey(block) => {
                let field = block().field(word).copied();
                let shape = block().shape_of(word)?;
                Some(Self { shape, field })
            }
            Shape::Map(map) | Shape::Set(map) => {
                let inside = Self {
                    shape: (*map.value).clone(),
                    field: None,
                };
                let is_key =
                    matches!(&inside.shape, Shape::Block(block) if block().field(word).is_some());
                if is_key {
                    inside.step(word)
                } else {
                    Some(inside)
                }
            }
            Shape::List(inner) | Shape::WordOr(_, inner) | Shape::LeafOr(_, inner) => Self {
                shape: *inner,
                field: None,
            }
            .step(word),
            Shape::Leaf(_) | Shape::Raw => None,
        }
    }

    fn page(&self, path: &str) -> String {
        let mut page = format!("{path}\n");
        if let Some(field) = &self.field {
            let _ = write!(page, "\n{}\n", field.doc);
            let _ = write!(page, "\ntype     {}\n", kind(&self.shape));
            let _ = writeln!(page, "default  {}", default(field));
            if let Some(only) = field.only {
                let not = if only.except { "anything but " } else { "" };
                let values = only.values.join(", ");
                let _ = writeln!(page, "only     where `{}` is {not}{values}", only.chooser);
            }
        }
        if let Some(leaf) = leaf(&self.shape) {
            let _ = writeln!(page, "written  {}", leaf.written);
            for (word, doc) in leaf.words.iter().zip(leaf.word_docs) {
                let _ = writeln!(page, "  {word:16} {doc}");
            }
        }
        let mut inner = Vec::new();
        blocks(&self.shape, &mut inner);
        if let Some(block) = inner.first() {
            let _ = write!(page, "\n{}", list(block));
        }
        page
    }
}

fn block_page(path: &str, block: &Block) -> String {
    format!("{path}\n\n{}\n\n{}", block.doc, list(block))
}

/// Keys, one a line.
fn list(block: &Block) -> String {
    let width = block
        .fields
        .iter()
        .map(|field| field.key.len())
        .max()
        .unwrap_or(0);
    let mut lines = String::new();
    for field in &block.fields {
        let _ = writeln!(lines, "  {:width$}  {}", field.key, field.doc);
    }
    lines
}

/// Keys as a table in Markdown.
fn table(block: &Block) -> String {
    let mut lines = String::from("| key | type | default | meaning |\n| --- | --- | --- | --- |\n");
    for field in &block.fields {
        let kind = kind(&(field.shape)()).replace('|', "\\|");
        let row = format!(
            "| `{}` | {kind} | {} | {} |\n",
            field.key,
            default(field),
            field.doc
        );
        lines.push_str(&row);
    }
    lines
}

fn default(field: &Field) -> String {
    match (field.default, field.shown) {
        (Some(default), _) => format!("`{default}`"),
        (None, Some(shown)) => shown.to_owned(),
        (None, None) if field.required => "required".to_owned(),
        (None, None) => "—".to_owned(),
    }
}

/// The type in a few words.
fn kind(shape: &Shape) -> String {
    match shape {
        Shape::Leaf(leaf) => leaf.what.to_owned(),
        Shape::List(item) => format!("list of {}", kind(item)),
        Shape::Map(map) => format!("map name → {}", kind(&map.value)),
        Shape::Set(map) => format!("set of {}", kind(&map.value)),
        Shape::Block(block) => heading(block()),
        Shape::OneKey(block) => {
            let words: Vec<&str> = block().fields.iter().map(|field| field.key).collect();
            format!("one of {}", words.join(", "))
        }
        Shape::WordOr(words, inner) => format!("{} or {}", kind(inner), words.join(", ")),
        Shape::LeafOr(leaf, inner) => format!("{} or {}", leaf.what, kind(inner)),
        Shape::Raw => "Kubernetes YAML".to_owned(),
    }
}

fn heading(block: &Block) -> String {
    let title = block.title();
    title
        .split_once(' ')
        .map_or(title.clone(), |(_, name)| name.to_owned())
}

fn leaf(shape: &Shape) -> Option<&Leaf> {
    match shape {
        Shape::Leaf(found) | Shape::LeafOr(found, _) => Some(found),
        Shape::WordOr(_, inner) | Shape::List(inner) => leaf(inner),
        _ => None,
    }
}

/// Blocks that a shape leads to.
fn blocks(shape: &Shape, found: &mut Vec<&'static Block>) {
    match shape {
        Shape::Block(block) | Shape::OneKey(block) => {
            let block = block();
            if !block.fields.is_empty() {
                found.push(block);
            }
        }
        Shape::List(inner) | Shape::WordOr(_, inner) | Shape::LeafOr(_, inner) => {
            blocks(inner, found);
        }
        Shape::Map(map) | Shape::Set(map) => blocks(&map.value, found),
        Shape::Leaf(_) | Shape::Raw => {}
    }
}

/// The row of an engine.
fn engine_page(facts: &Facts) -> String {
    let mut page = format!("stores with engine: {}\n\n", facts.engine);
    let versions: Vec<&str> = facts
        .versions
        .iter()
        .map(|version| version.version)
        .collect();
    let ports: Vec<String> = facts
        .ports
        .iter()
        .map(|(name, port, speaks)| format!("{name} {port} ({speaks})"))
        .collect();
    let modes: Vec<&str> = facts.modes.iter().map(|mode| mode.word()).collect();
    let first = facts.versions.first();
    let rows = [
        ("image", facts.image.to_owned()),
        ("versions", versions.join(", ")),
        ("ports", ports.join(", ")),
        ("user, group", format!("{}, {}", facts.user, facts.group)),
        ("data", first.map_or("", |version| version.data).to_owned()),
        ("writable", facts.writable.join(", ")),
        ("health", facts.health.to_owned()),
        ("stop", format!("{}s", facts.grace_secs)),
        (
            "URL",
            if facts.url.is_empty() {
                "none".to_owned()
            } else {
                facts.url.to_owned()
            },
        ),
        ("as", facts.url_env.unwrap_or("none").to_owned()),
        ("tls", facts.tls.to_string()),
        ("modes", modes.join(", ")),
        ("tuned", facts.tuned.to_string()),
        (
            "dump",
            facts.dump.map_or("none", |dump| dump.save).to_owned(),
        ),
        (
            "load",
            facts.dump.map_or("none", |dump| dump.load).to_owned(),
        ),
        (
            "exporter",
            facts.exporter.map_or("none".to_owned(), |(image, port)| {
                format!("{image}, port {port}")
            }),
        ),
        (
            "operator",
            facts.operator.unwrap_or("none that is known").to_owned(),
        ),
        ("point in time", facts.point_in_time.to_string()),
        ("extensions", facts.extensions.known.join(", ")),
    ];
    for (name, value) in rows.into_iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(page, "{name:14} {value}");
    }
    page
}
