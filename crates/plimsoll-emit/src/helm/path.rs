//! Paths in a chart's values, and where in the application file something stands.

use plimsoll_source::{Node, Origin, Span, Step, Str};
use plimsoll_world::Unit;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What a template knows without values: the namespace of the release.
pub const NAMESPACE: &str = ".Release.Namespace";

/// Whether a handle stands for what Helm knows by itself.
pub fn is_built_in(path: &str) -> bool {
    path.starts_with('.')
}

/// A key of values: `api-gateway` becomes `apiGateway`; never a word that YAML takes for a boolean.
pub fn camel(word: &str) -> String {
    if word == "/" {
        return "root".to_owned();
    }
    let mut out = String::new();
    let mut upper = false;
    for c in word.chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            let c = if upper { c.to_ascii_uppercase() } else { c };
            out.push(c);
            upper = false;
        } else {
            upper = !out.is_empty();
        }
    }
    let boolean = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "",
    ];
    if boolean.contains(&out.to_ascii_lowercase().as_str()) {
        out.push_str("Value");
    }
    if out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, 'n');
    }
    out
}

/// The first steps of the values of a block.
pub fn of_unit(unit: &Unit) -> Vec<String> {
    match unit {
        Unit::Service(name) | Unit::Store(name) => vec![camel(name)],
        Unit::Migration(name) => vec!["migrations".to_owned(), camel(name)],
        Unit::Job(name) => vec!["jobs".to_owned(), camel(name)],
        Unit::Route(name) => vec!["routes".to_owned(), camel(name)],
        Unit::Claim(name) => vec!["claims".to_owned(), camel(name)],
        Unit::Namespace(name) if name.is_empty() => vec!["namespace".to_owned()],
        Unit::Namespace(name) => vec!["namespaces".to_owned(), camel(name)],
        Unit::Shared => Vec::new(),
    }
}

/// Where in the application file each byte range stands.
#[derive(Default)]
pub struct Places {
    by_span: BTreeMap<Span, Vec<Vec<Str>>>,
}

impl Places {
    /// Adds what an environment says.
    pub fn add(&mut self, tree: &Node) {
        self.walk(tree, &mut Vec::new());
    }

    fn walk(&mut self, node: &Node, path: &mut Vec<Str>) {
        self.at(node.origin(), path);
        for entry in node.entries() {
            if path.is_empty() && entry.key == "environments" {
                continue;
            }
            path.push(entry.key.clone());
            self.at(&entry.at, path);
            self.walk(&entry.value, path);
            path.pop();
        }
        for (at, item) in node.items().iter().enumerate() {
            path.push(at.to_string().into());
            self.walk(item, path);
            path.pop();
        }
    }

    fn at(&mut self, origin: &Origin, path: &[Str]) {
        let Some(span) = written(origin) else { return };
        let known = self.by_span.entry(span).or_default();
        if !known.iter().any(|known| known == path) {
            known.push(path.to_vec());
        }
    }

    /// The path in the file of what drives a value, best one of that block.
    pub fn of(&self, origin: &Origin, unit: &Unit) -> Option<Vec<Str>> {
        let own = match unit {
            Unit::Service(name) => Some(("services", name)),
            Unit::Store(name) => Some(("stores", name)),
            Unit::Job(name) => Some(("jobs", name)),
            Unit::Migration(name) => Some(("migrations", name)),
            Unit::Route(name) => Some(("routes", name)),
            Unit::Claim(name) => Some(("claims", name)),
            Unit::Namespace(_) | Unit::Shared => None,
        };
        let is_own = |path: &&Vec<Str>| {
            own.is_some_and(|(block, name)| path.len() > 2 && path[0] == block && path[1] == *name)
        };
        let paths = self.by_span.get(&origin.place()?)?;
        let found = paths.iter().find(is_own).or_else(|| {
            paths
                .iter()
                .find(|path| path.first().is_some_and(|first| first != "defaults"))
        });
        found.or(paths.first()).cloned()
    }
}

/// Where a value itself was written.
fn written(origin: &Origin) -> Option<Span> {
    match origin.step() {
        Step::Written(span) => Some(*span),
        Step::Layered { winner, .. } => written(winner),
        Step::Guarded { value, .. } => written(value),
        Step::Rule { from, .. } => match &from[..] {
            [one] => written(one),
            _ => None,
        },
    }
}

/// The values path of a path in the file: blocks go, and names are spelled as charts do.
pub fn of_place(place: &[Str]) -> Vec<String> {
    let mut steps: Vec<&str> = place.iter().map(Str::as_str).collect();
    if let ["services" | "stores", ..] = steps[..] {
        steps.remove(0);
    }
    if let ["images", ..] = steps[..] {
        steps[0] = "image";
    }
    steps.into_iter().map(camel).collect()
}

/// Values by their path; no path is the beginning of another.
pub fn free(taken: &dyn Fn(&str) -> bool, wanted: &str) -> String {
    if !taken(wanted) {
        return wanted.to_owned();
    }
    let mut number = 2;
    loop {
        let mut path = wanted.to_owned();
        let _ = write!(path, "{number}");
        if !taken(&path) {
            return path;
        }
        number += 1;
    }
}
