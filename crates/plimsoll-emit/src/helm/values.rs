//! Values files: what all environments share, and what each says otherwise.

use super::chart::Chart;
use super::words::Word;
use indexmap::IndexMap;
use plimsoll_source::{Entry, Node, Origin};

/// The values that the chart has by itself: of what every environment has, the default one's.
pub fn defaults(chart: &Chart) -> Node {
    let shown = chart.words.in_order().map(|(path, word)| {
        let main = word.values[chart.main].as_ref().filter(|_| !word.optional);
        let values: Vec<&Node> = word.values.iter().flatten().collect();
        let base = main.map(|main| common(main, &values));
        (path, base.and_then(|base| show(word, &base)))
    });
    nested(shown)
}

/// All that an environment says.
pub fn all_of_environment(chart: &Chart, environment: usize) -> Node {
    let shown = chart.words.in_order().map(|(path, word)| {
        let value = word.values[environment].as_ref();
        (path, value.and_then(|value| show(word, value)))
    });
    nested(shown)
}

/// What an environment says beside the defaults: every path in which environments differ.
pub fn of_environment(chart: &Chart, environment: usize) -> Node {
    let shown = chart.words.in_order().filter_map(|(path, word)| {
        let value = word.values[environment].as_ref()?;
        let values: Vec<&Node> = word.values.iter().flatten().collect();
        let differs = word
            .values
            .iter()
            .any(|other| other.as_ref() != Some(value));
        if !differs {
            return None;
        }
        let main = word.values[chart.main].as_ref().unwrap_or(value);
        let base = common(main, &values);
        let own = if word.optional {
            Some(value.clone())
        } else {
            beyond(&base, &values, value)
        }?;
        let said = show(word, &own);
        let default = word.values[chart.main].as_ref().filter(|_| !word.optional);
        let hides = || default.is_some_and(|_| show(word, &base).is_some());
        // What the defaults have and this environment has not is taken away by a null.
        let said = said.or_else(|| hides().then_some(own));
        said.map(|node| (path, Some(node)))
    });
    nested(shown)
}

/// What all have, as the first has it: keys of maps that all have.
fn common(main: &Node, all: &[&Node]) -> Node {
    let Node::Map(origin, entries) = main else {
        return main.clone();
    };
    let kept = entries.iter().filter_map(|entry| {
        let others: Vec<&Node> = all
            .iter()
            .map(|node| node.get(&entry.key))
            .collect::<Option<_>>()?;
        Some(Entry {
            value: common(&entry.value, &others),
            ..entry.clone()
        })
    });
    Node::map(origin.clone(), kept.collect::<Vec<_>>())
}

/// What a value says beyond what all say alike.
fn beyond(base: &Node, all: &[&Node], value: &Node) -> Option<Node> {
    let Node::Map(origin, entries) = value else {
        return all
            .iter()
            .any(|other| *other != value)
            .then(|| value.clone());
    };
    let own = entries.iter().filter_map(|entry| {
        let Some(known) = base.get(&entry.key) else {
            return Some(entry.clone());
        };
        let others: Vec<&Node> = all.iter().filter_map(|node| node.get(&entry.key)).collect();
        Some(Entry {
            value: beyond(known, &others, &entry.value)?,
            ..entry.clone()
        })
    });
    let own: Vec<Entry> = own.collect();
    (!own.is_empty()).then(|| Node::map(origin.clone(), own))
}

/// A value in the contract's shape; nothing where it is nothing and no text.
pub fn show(word: &Word, value: &Node) -> Option<Node> {
    let origin = value.origin().clone();
    if value.is_null() {
        let text = word
            .sample()
            .is_none_or(|sample| matches!(sample, Node::Text(..)));
        return (text && !word.is_number()).then(|| Node::Text(origin, "".into()));
    }
    if let Some((here, _)) = word
        .words
        .iter()
        .find(|(_, means)| value.text().is_some_and(|text| text == means))
    {
        return Some(match here.as_str() {
            "true" => Node::Bool(origin, true),
            "false" => Node::Bool(origin, false),
            other => Node::Text(origin, other.into()),
        });
    }
    if let Some(item) = &word.item {
        let wrapped = value.items().iter().map(|node| {
            let entry = Entry {
                key: item.as_str().into(),
                at: node.origin().clone(),
                value: node.clone(),
            };
            Node::map(node.origin().clone(), [entry])
        });
        return Some(Node::seq(origin, wrapped.collect::<Vec<_>>()));
    }
    Some(value.clone())
}

/// Paths as a tree. A path without a value leaves its map: templates look into it.
pub fn nested<'p>(values: impl IntoIterator<Item = (&'p str, Option<Node>)>) -> Node {
    let mut root = Level::default();
    for (path, node) in values {
        let mut level = &mut root;
        let (above, last) = path.rsplit_once('.').unwrap_or(("", path));
        for step in above.split('.').filter(|step| !step.is_empty()) {
            level = level.step(step);
        }
        if let Some(node) = node {
            level.step(last).value = Some(node);
        }
    }
    root.node()
}

#[derive(Default)]
struct Level {
    value: Option<Node>,
    inner: IndexMap<String, Level>,
}

impl Level {
    fn step(&mut self, step: &str) -> &mut Self {
        self.inner.entry(step.to_owned()).or_default()
    }

    fn node(self) -> Node {
        let origin = Origin::rule("helm", []);
        if let Some(value) = self.value {
            return value;
        }
        let entries = self.inner.into_iter().map(|(key, level)| Entry {
            key: key.into(),
            at: origin.clone(),
            value: level.node(),
        });
        Node::map(origin.clone(), entries.collect::<Vec<_>>())
    }
}
