//! Why a value is what it is: the chain from a field of an object to the lines that made it.

use plimsoll_source::{Node, Origin, Sources, Span, Step};
use std::collections::BTreeSet;
use std::fmt::Write;

/// One link of a chain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Link {
    /// Somebody wrote it there.
    Written(Span),
    /// A rule made it.
    Rule(String),
    /// It replaced what stands there.
    Overrode(Span),
    /// It is there because of what stands there.
    Decided(Span),
}

/// Finds the node at a path such as `spec.template.spec.containers[api].image`: items of a list by
/// index or by name. Keys that hold dots stand in brackets too: `metadata.labels[app.kubernetes.io/name]`.
pub fn find<'a>(body: &'a Node, path: &str) -> Option<&'a Node> {
    steps(path).iter().try_fold(body, |node, step| match node {
        Node::Seq(_, items) => match step.parse::<usize>() {
            Ok(at) => items.get(at),
            Err(_) => items.iter().find(|item| named(item, step)),
        },
        _ => node.get(step),
    })
}

fn named(item: &Node, name: &str) -> bool {
    ["name", "containerPort", "mountPath", "port", "type"]
        .iter()
        .filter_map(|key| item.get(key))
        .any(|value| match value {
            Node::Int(_, number) => number.to_string() == name,
            other => other.text().is_some_and(|text| text == name),
        })
}

/// The steps of a path: split at dots and brackets; what stands in brackets is one step.
fn steps(path: &str) -> Vec<String> {
    let (mut steps, mut step, mut inside) = (Vec::new(), String::new(), false);
    for c in path.chars() {
        match c {
            '[' if !inside => {
                steps.extend((!step.is_empty()).then(|| std::mem::take(&mut step)));
                inside = true;
            }
            ']' if inside => {
                steps.push(std::mem::take(&mut step));
                inside = false;
            }
            '.' if !inside => {
                steps.extend((!step.is_empty()).then(|| std::mem::take(&mut step)));
            }
            other => step.push(other),
        }
    }
    steps.extend((!step.is_empty()).then_some(step));
    steps
}

/// The links from a value to all that made it, nearest first, each once.
pub fn chain(origin: &Origin) -> Vec<Link> {
    let mut links = Vec::new();
    walk(origin, Part::Drives, &mut links, &mut BTreeSet::new());
    links
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Drives,
    Overrode,
    Decided,
}

fn walk(origin: &Origin, part: Part, links: &mut Vec<Link>, seen: &mut BTreeSet<Link>) {
    let mut add = |link: Link| {
        if seen.insert(link.clone()) {
            links.push(link);
        }
    };
    match origin.step() {
        Step::Written(span) => add(match part {
            Part::Drives => Link::Written(*span),
            Part::Overrode => Link::Overrode(*span),
            Part::Decided => Link::Decided(*span),
        }),
        Step::Rule { rule, from } => {
            let joins = matches!(rule.as_str(), "and" | "computed" | "blueprint");
            if !joins && (part == Part::Drives || from.is_empty()) && part != Part::Decided {
                add(Link::Rule(rule.to_string()));
            }
            from.iter().for_each(|from| walk(from, part, links, seen));
        }
        Step::Layered { winner, over } => {
            walk(winner, part, links, seen);
            over.iter()
                .for_each(|lower| walk(lower, Part::Overrode, links, seen));
        }
        Step::Guarded { value, because } => {
            walk(value, part, links, seen);
            walk(because, Part::Decided, links, seen);
        }
    }
}

/// The chain as text, one link a line, with the written lines quoted.
pub fn render(sources: &Sources, links: &[Link]) -> String {
    let mut text = String::new();
    for link in links {
        let (word, span) = match link {
            Link::Rule(rule) => {
                let _ = writeln!(text, "  rule      {rule}");
                continue;
            }
            Link::Written(span) => ("written", span),
            Link::Overrode(span) => ("replaces", span),
            Link::Decided(span) => ("because", span),
        };
        let (name, at) = (&sources.file(span.file).name, sources.position(*span));
        let _ = writeln!(
            text,
            "  {word:<9} {name}:{}:{}  {}",
            at.line,
            at.column,
            first_line(sources.text(*span))
        );
    }
    text
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_items_by_name_and_keys_with_dots_in_brackets() {
        assert_eq!(
            steps("spec.containers[api].env[0].a"),
            ["spec", "containers", "api", "env", "0", "a"]
        );
        assert_eq!(
            steps("metadata.labels[app.kubernetes.io/name]")
                .last()
                .map(String::as_str),
            Some("app.kubernetes.io/name")
        );
    }
}
