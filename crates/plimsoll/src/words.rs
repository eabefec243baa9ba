//! No dead words: changing any word of a file that uses every key of the language changes an
//! object, a report, an output or a finding, or the table of words without effect names it.
//!
//! Where two words exclude or hide each other, such as a cap and what it lowers, the file is read a
//! second time with other settings.

use crate::commands::{render, up};
use crate::prepare::{Prepared, Ready};
use crate::release::{self, Ground};
use crate::{embedded, picture};
use plimsoll_cluster::faults::Faults;
use plimsoll_rules::not_yet;
use plimsoll_source::{Finding, Level, Node, Span};
use plimsoll_spec::App;
use plimsoll_spec::load::load;
use plimsoll_spec::read::Word as _;
use plimsoll_spec::shape::{Leaf, Shape};
use plimsoll_spec::types::Date;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The file of every key, and what it includes.
const FILES: [(&str, &str); 6] = [
    (
        "plimsoll.yaml",
        include_str!("../../plimsoll-spec/tests/all/every-key/plimsoll.yaml"),
    ),
    (
        "parts/routes.yaml",
        include_str!("../../plimsoll-spec/tests/all/every-key/parts/routes.yaml"),
    ),
    (
        "rules.json",
        include_str!("../../plimsoll-spec/tests/all/every-key/rules.json"),
    ),
    (
        "extra/one.yaml",
        include_str!("../../plimsoll-spec/tests/all/every-key/extra/one.yaml"),
    ),
    (
        "seal.pem",
        include_str!("../../plimsoll-spec/tests/all/every-key/seal.pem"),
    ),
    (
        "sealed/dev.yaml",
        include_str!("../../plimsoll-spec/tests/all/every-key/sealed/dev.yaml"),
    ),
];

/// A step from a tree to one of its parts.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Key(String),
    Item(usize),
}

/// A written value, and what may stand there.
struct Written {
    path: Vec<Step>,
    place: Span,
    text: String,
    leaf: Option<Leaf>,
}

/// The layers of an environment, merged.
fn layers(ready: &Ready) -> Node {
    let application = ready.application().expect("an application file was read");
    application.environment.tree.clone()
}

impl Written {
    /// Whether it is said to have no effect where it stands.
    fn is_idle(&self, outcome: &Outcome) -> bool {
        outcome.idle.contains(&self.place)
    }
}

/// What a file comes to.
struct Outcome {
    prepared: Prepared,
    errors: BTreeSet<String>,
    /// Places that are said to have no effect.
    idle: BTreeSet<Span>,
}

impl Outcome {
    fn of(sets: &[(String, String)]) -> Option<Self> {
        let files: BTreeMap<String, String> = FILES
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect();
        let loaded = load(&files, "plimsoll.yaml", sets);
        let errors = loaded.findings.sorted().into_iter();
        let errors = errors.filter(|finding| finding.level == Level::Error);
        let errors = errors.map(|finding| finding.message.clone()).collect();
        let today = Date {
            year: 2026,
            month: 11,
            day: 21,
        };
        let prepared = Prepared::of(PathBuf::from("plimsoll.yaml"), loaded, None, None, today);
        let prepared = prepared.ok()?;
        let said = prepared.findings.sorted().into_iter();
        let said = said.filter(|finding| finding.rule.code == not_yet::RULE.code);
        let idle = said.filter_map(Finding::place).collect();
        Some(Self {
            prepared,
            errors,
            idle,
        })
    }

    /// Findings without those of words that have no effect.
    fn findings(&self) -> BTreeSet<(&str, &str)> {
        let all = self.prepared.findings.sorted().into_iter();
        let own = all.filter(|finding| finding.rule.code != not_yet::RULE.code);
        own.map(|finding| (finding.rule.code, finding.message.as_str()))
            .collect()
    }

    fn has_same_objects(&self, other: &Self) -> bool {
        let (ours, theirs) = (&self.prepared.environments, &other.prepared.environments);
        ours.len() == theirs.len()
            && ours.iter().zip(theirs).all(|(one, two)| {
                let (a, b) = (&one.world.objects, &two.world.objects);
                a.len() == b.len()
                    && a.iter().zip(b).all(|(a, b)| {
                        a.body == b.body && a.after == b.after && a.protected == b.protected
                    })
            })
    }

    /// Reports, and what shipping and the embedded cluster are told.
    fn reports(&self) -> String {
        let each = self.prepared.environments.iter().map(|ready| {
            let release = release::of(&self.prepared.sources, ready, Ground::Real);
            format!(
                "{:?} {:?} {:?} {:?} {:?} {:?}",
                ready.app().map(picture::of),
                embedded::options(ready, Faults::default()),
                (
                    release.deadline,
                    release.rollback,
                    release.secrets,
                    release.revisions
                ),
                up::may_ship(ready).map_err(|refused| refused.render()),
                ready
                    .application()
                    .ok()
                    .map(|application| &application.environment.short),
                ready
                    .app()
                    .and_then(|app| app.cluster.context.as_ref())
                    .map(plimsoll_source::Sourced::peek),
            )
        });
        each.collect::<Vec<_>>().join("\n")
    }

    fn outputs(&self) -> Vec<(String, Vec<u8>)> {
        let Some(system) = self.prepared.system() else {
            return Vec::new();
        };
        let mut files = Vec::new();
        for (_, emit) in render::OUTPUTS {
            let emitted = emit(&system);
            let all = emitted.files.iter();
            files.extend(all.map(|(path, bytes)| (path.to_owned(), bytes.to_vec())));
            let said = emitted.findings.sorted().into_iter();
            files.extend(said.map(|finding| (finding.message.clone(), Vec::new())));
        }
        files
    }

    fn differs(&self, other: &Self, outputs: &[(String, Vec<u8>)]) -> bool {
        !self.has_same_objects(other)
            || self.findings() != other.findings()
            || self.reports() != other.reports()
            || outputs != other.outputs()
    }
}

/// Every written value of a tree, each with the shape of its place.
fn written(shape: &Shape, node: &Node, path: &mut Vec<Step>, all: &mut Vec<Written>) {
    let mut below = |step, shape: &Shape, node: &Node| {
        path.push(step);
        written(shape, node, path, all);
        path.pop();
    };
    match (shape, node) {
        (Shape::WordOr(_, inner) | Shape::LeafOr(_, inner), Node::Map(..) | Node::Seq(..)) => {
            written(inner, node, path, all);
        }
        (Shape::List(item), Node::Seq(_, items)) => {
            for (at, node) in items.iter().enumerate() {
                below(Step::Item(at), item, node);
            }
        }
        (Shape::Map(map) | Shape::Set(map), Node::Map(_, entries)) => {
            for entry in entries.iter() {
                below(Step::Key(entry.key.to_string()), &map.value, &entry.value);
            }
        }
        (Shape::Block(block) | Shape::OneKey(block), Node::Map(_, entries)) => {
            for entry in entries.iter() {
                let shape = block().shape_of(&entry.key).unwrap_or(Shape::Raw);
                below(Step::Key(entry.key.to_string()), &shape, &entry.value);
            }
        }
        (Shape::Raw, Node::Map(_, entries)) => {
            for entry in entries.iter() {
                below(Step::Key(entry.key.to_string()), &Shape::Raw, &entry.value);
            }
        }
        (Shape::Raw, Node::Seq(_, items)) => {
            for (at, node) in items.iter().enumerate() {
                below(Step::Item(at), &Shape::Raw, node);
            }
        }
        _ => {
            let leaf = match shape {
                Shape::Leaf(leaf) | Shape::LeafOr(leaf, _) => Some(*leaf),
                _ => None,
            };
            if let Some(place) = node.origin().place() {
                let text = match node.to_json() {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                all.push(Written {
                    path: path.clone(),
                    place,
                    text,
                    leaf,
                });
            }
        }
    }
}

/// The tree with another value at a path: of maps only the path, of lists the whole.
fn patched(node: Option<&Node>, path: &[Step], value: &Value, inside: bool) -> Value {
    let Some((step, rest)) = path.split_first() else {
        return value.clone();
    };
    match step {
        Step::Key(key) => {
            let mut map = match node.filter(|_| inside).map(Node::to_json) {
                Some(Value::Object(map)) => map,
                _ => Map::new(),
            };
            let below = node.and_then(|node| node.get(key));
            map.insert(key.clone(), patched(below, rest, value, inside));
            if inside {
                map.retain(|_, value| !value.is_null());
            }
            Value::Object(map)
        }
        Step::Item(at) => {
            let items = node.map_or(&[][..], Node::items);
            let item = |(number, item): (usize, &Node)| {
                if number == *at {
                    patched(Some(item), rest, value, true)
                } else {
                    item.to_json()
                }
            };
            Value::Array(
                items
                    .iter()
                    .enumerate()
                    .map(item)
                    .filter(|item| !item.is_null())
                    .collect(),
            )
        }
    }
}

/// Other values for one, those of its type first; at last none at all.
fn others(written: &Written, names: &[String]) -> Vec<Value> {
    let text = &written.text;
    let mut all: Vec<String> = Vec::new();
    let words = written.leaf.as_ref().map_or(&[][..], |leaf| leaf.words);
    all.extend(words.iter().map(|word| (*word).to_owned()));
    all.extend(match text.as_str() {
        "true" => Some("false".to_owned()),
        "false" => Some("true".to_owned()),
        _ => None,
    });
    let open = !words.contains(&text.as_str()) && !matches!(text.as_str(), "true" | "false");
    if open {
        for at in 0..3 {
            all.extend(counted(text, at, |number| number + 1));
            all.extend(counted(text, at, |number| number.saturating_sub(1)));
        }
        all.push(format!("{text}x"));
        all.extend(counted(text, 0, |number| number * 2 + 1));
    }
    let mut values: Vec<Value> = all
        .into_iter()
        .map(Value::String)
        .chain([Value::Null])
        .collect();
    if open {
        values.extend(names.iter().cloned().map(Value::String));
    }
    values.retain(|other| *other != Value::String(text.clone()));
    values
}

/// A text with one of its numbers, from the left, as another one of as many digits: `02:00` is not
/// `3:1`.
fn counted(text: &str, at: usize, other: impl Fn(u64) -> u64) -> Option<String> {
    let is_digit = |c: char| c.is_ascii_digit();
    let starts = text
        .char_indices()
        .filter(|(at, c)| is_digit(*c) && !text[..*at].ends_with(is_digit));
    let (start, _) = starts.skip(at).take(1).next()?;
    let digits = text[start..].split(|c| !is_digit(c)).next()?;
    let number = other(u64::from(digits.parse::<u32>().ok()?));
    let (before, after) = (&text[..start], &text[start + digits.len()..]);
    Some(format!(
        "{before}{number:0width$}{after}",
        width = digits.len()
    ))
}

/// A path with `*` for names of things and numbers of items.
fn pattern(shape: &Shape, path: &[Step]) -> String {
    let mut steps = Vec::new();
    let mut shape = shape.clone();
    for step in path {
        while let Shape::WordOr(_, inner) | Shape::LeafOr(_, inner) = &shape {
            shape = (**inner).clone();
        }
        shape = match (&shape, step) {
            (Shape::Map(map) | Shape::Set(map), _) => {
                steps.push("*".to_owned());
                (*map.value).clone()
            }
            (Shape::Block(block) | Shape::OneKey(block), Step::Key(key)) => {
                steps.push(if block().field(key).is_some() {
                    key.clone()
                } else {
                    "*".to_owned()
                });
                block().shape_of(key).unwrap_or(Shape::Raw)
            }
            (Shape::List(item), _) => (**item).clone(),
            _ => Shape::Raw,
        };
    }
    steps.join(".")
}

/// The word of which any other value is another language.
const ONE_VALUE: &str = "format";

/// Words of which this file leaves no other value that could be tried: each is refused, which is a finding.
const REFUSED: [&str; 3] = [
    "services.*.init.*.mounts.*.path",
    "services.*.ports.*.protocol",
    "stores.*.backup.full.timezone",
];

/// How words begin.
type Starts = &'static [&'static str];
/// What `--set` says.
type Sets = &'static [(&'static str, &'static str)];

/// What the file is read with: as it stands, and otherwise where words exclude or hide each other;
/// each for the words that begin so.
const SETTINGS: [(Starts, Sets); 10] = [
    (&[""], &[]),
    (
        &["routes", "platform.gateway", "platform.certificates"],
        &[
            (
                "platform",
                "{ gateway: { use: envoy, class: envoy, install: true }, vault: none,
                   certificates: { issuer: null, email: ops@example.org, challenge: http01 } }",
            ),
            ("routes", "{ main: { gateway: null }, inner: { hosts: [inner.example.org] } }"),
        ],
    ),
    (
        &["routes"],
        &[
            (
                "platform",
                "{ gateway: { use: traefik, class: traefik, install: true }, vault: none,
                   certificates: { issuer: null, email: ops@example.org, challenge: http01 } }",
            ),
            ("routes", "{ main: { gateway: null, paths: { /api: { stream: false } } } }"),
        ],
    ),
    (
        &["secrets"],
        &[
            (
                "platform",
                "{ secrets: { use: generated, provider: null, store: null, refresh: null, scope: null,
                   certificate: null }, vault: none, mesh: none }",
            ),
            ("secrets", "{ session: { rotate: null } }"),
        ],
    ),
    (
        &["platform.secrets"],
        &[(
            "platform",
            "{ secrets: { use: external, scope: null, certificate: null } }",
        )],
    ),
    (
        &["platform.secrets.certificate"],
        &[(
            "platform",
            "{ secrets: { use: sealed, scope: namespace, certificate: seal.pem } }",
        )],
    ),
    (
        &["platform.certificates", "policy.licences"],
        &[(
            "platform",
            "{ certificates: { issuer: ours, email: null, challenge: http01 }, vault: vault }",
        )],
    ),
    (
        &["images.pull.name", "namespace.tenant", "observe.alerts"],
        &[
            ("secrets", "{ other: { kind: registry } }"),
            ("images", "{ pull: registry }"),
            ("namespace", "{ quota: null }"),
            ("observe", "{ alerts: { cpu: 80% for 5m } }"),
        ],
    ),
    (
        &["images.pull.secret", "stores"],
        &[
            ("images", "{ pull: { secret: regcred } }"),
            ("cap", "null"),
            ("stores", "{ db: { run: operator, backup: { full: { keep: 5d } } } }"),
        ],
    ),
    (
        &["policy", "stores"],
        &[
            ("cap", "null"),
            ("cluster", "{ version: 1.28 }"),
            ("policy", "{ waive: [{ rule: exec-sleep, object: \"*\", reason: Old., until: 2027-01-31 }] }"),
        ],
    ),
];

/// The file as one setting reads it, and what it comes to.
struct Setting {
    of: Starts,
    sets: Vec<(String, String)>,
    before: Outcome,
    outputs: Vec<(String, Vec<u8>)>,
    names: Vec<String>,
    words: BTreeMap<String, Vec<Written>>,
}

impl Setting {
    fn of((of, sets): (Starts, Sets)) -> Self {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let sets: Vec<_> = sets.iter().map(owned).collect();
        let before = Outcome::of(&sets).expect("the file is read");
        assert!(before.errors.is_empty(), "{sets:?}: {:?}", before.errors);
        let (outputs, mut all) = (before.outputs(), Vec::new());
        for ready in &before.prepared.environments {
            let tree = &layers(ready);
            written(&App::shape(), tree, &mut Vec::new(), &mut all);
        }
        let mut words: BTreeMap<String, Vec<Written>> = BTreeMap::new();
        for one in all {
            let word = pattern(&App::shape(), &one.path);
            words.entry(word).or_default().push(one);
        }
        Self {
            of,
            names: names(&layers(&before.prepared.environments[0])),
            sets,
            before,
            outputs,
            words,
        }
    }

    /// Whether a word is said to have no effect at one of its places.
    fn says_idle(&self, word: &str) -> bool {
        let mut places = self.words.get(word).into_iter().flatten();
        places.any(|one| one.is_idle(&self.before))
    }

    /// Whether a word changes something at one of its places.
    fn shows(&self, word: &str) -> bool {
        let is_of = self.of.iter().any(|start| word.starts_with(start));
        let places = self.words.get(word).filter(|_| is_of).into_iter().flatten();
        places.into_iter().any(|one| self.has_effect(one))
    }

    /// Whether some other value that may stand there changes something. Two that may and do not are
    /// proof enough of the reverse. Where nothing else may ever stand, there is nothing to try.
    fn has_effect(&self, one: &Written) -> bool {
        let words = one.leaf.as_ref().map_or(&[][..], |leaf| leaf.words);
        if words == [one.text.as_str()] {
            return true;
        }
        let mut idle = 0;
        for other in others(one, &self.names) {
            match self.changes(one, &other) {
                Some(true) => return true,
                Some(false) => idle += 1,
                None => {}
            }
            if idle == 2 {
                break;
            }
        }
        false
    }

    /// Whether another value changes something; `None` if it may not stand there.
    fn changes(&self, one: &Written, other: &Value) -> Option<bool> {
        let [Step::Key(top), rest @ ..] = one.path.as_slice() else {
            return None;
        };
        let tree = &layers(&self.before.prepared.environments[0]);
        let value = patched(tree.get(top), rest, other, false);
        let set = (top.clone(), value.to_string());
        let sets = [&self.sets[..], &[set]].concat();
        let after = Outcome::of(&sets)?;
        if !after.errors.is_empty() {
            // Both values of a switch may stand anywhere: what one of them forbids is its effect.
            return matches!(one.text.as_str(), "true" | "false").then_some(true);
        }
        Some(self.before.differs(&after, &self.outputs))
    }
}

#[test]
fn every_word_has_an_effect_or_is_said_to_have_none() {
    if !plimsoll_testkit::tools_are_demanded() {
        plimsoll_testkit::skip(
            "every word of the language takes minutes to try: PLIMSOLL_DEMAND_TOOLS=1",
        );
        return;
    }
    let settings = SETTINGS.map(Setting::of);
    let words: BTreeSet<&String> = settings.iter().flat_map(|one| one.words.keys()).collect();
    let dead = |word: &&String| !settings.iter().any(|setting| setting.shows(word));
    // Each word is tried by itself, so that two cores try two words at a time.
    let all: Vec<&String> = words.iter().copied().collect();
    let parts = std::thread::available_parallelism().map_or(1, usize::from);
    let found: BTreeSet<&String> = std::thread::scope(|scope| {
        let part = |from: usize| {
            let words = all.iter().copied().skip(from).step_by(parts);
            scope.spawn(move || words.filter(dead).collect::<Vec<_>>())
        };
        let threads: Vec<_> = (0..parts).map(part).collect();
        let dead = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        dead.flat_map(|words| words.expect("a thread ends"))
            .collect()
    });
    println!("{} of {} words without effect", found.len(), words.len());
    let idle = |word: &str| {
        word == ONE_VALUE
            || REFUSED.contains(&word)
            || not_yet::WORDS.iter().any(|said| is_below(word, said))
            || settings.iter().any(|setting| setting.says_idle(word))
    };
    let unseen: Vec<&str> = found
        .iter()
        .map(|word| word.as_str())
        .filter(|word| !idle(word))
        .collect();
    assert!(unseen.is_empty(), "words without effect: {unseen:?}");
    for said in not_yet::WORDS {
        let all = words.iter().filter(|word| is_below(word, said));
        let alive: Vec<_> = all.filter(|word| !found.contains(*word)).collect();
        assert!(
            alive.is_empty(),
            "{said} is said to have no effect: {alive:?}"
        );
    }
}

/// Whether a word is one that a table names, or below it.
fn is_below(word: &str, said: &str) -> bool {
    let (word, said): (Vec<&str>, Vec<&str>) =
        (word.split('.').collect(), said.split('.').collect());
    word.starts_with(&said)
}

/// Values of types that no change of a letter leads to.
const OTHERS: [&str; 9] = [
    "dev",
    "db.app",
    "db.audit",
    "http",
    "metrics",
    "auditor",
    "/other",
    "5Mi",
    "header:X-Other",
];

/// Names of everything that a value may name.
fn names(tree: &Node) -> Vec<String> {
    let blocks = [
        "services",
        "stores",
        "externals",
        "claims",
        "secrets",
        "namespaces",
    ];
    let things = blocks.into_iter().filter_map(|block| tree.get(block));
    let mut names: Vec<String> = things
        .flat_map(Node::entries)
        .map(|entry| entry.key.to_string())
        .collect();
    names.extend(OTHERS.map(str::to_owned));
    names.extend(FILES.map(|(path, _)| path.to_owned()));
    names
}
