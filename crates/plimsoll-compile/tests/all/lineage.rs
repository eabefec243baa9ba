//! The law of lineage: what a written scalar drives changes with it, and what changes is touched.
//!
//! Each scalar of a file is edited once, and the worlds before and after are compared: maps by key,
//! lists by what names their items, other lists by content. An object under another name is
//! another object: the origins of its name and namespace stand above all that it holds.

mod compare;
mod edit;

use crate::project::{EXAMPLES, Memory, compiled, text, world};
use compare::{Change, Driven, Memo, Snapshot};
use edit::{Scalar, scalars};
use plimsoll_spec::load::{Loaded, load};
use plimsoll_world::World;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How many scalars of one key are edited in all: fifty services say the same.
const ALIKE: usize = 2;

const FIRST: &str = "plimsoll.yaml";

/// Every key of the language, in files that the tests of the reader have too.
fn every_key() -> Memory {
    let root = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../plimsoll-spec/tests/all/every-key"
    );
    let read = |path: &str| std::fs::read_to_string(format!("{root}/{path}")).expect("a file");
    let paths = [
        "plimsoll.yaml",
        "parts/routes.yaml",
        "rules.json",
        "extra/one.yaml",
        "seal.pem",
        "sealed/dev.yaml",
    ];
    Memory(paths.map(|path| (path.to_owned(), read(path))).into())
}

/// The applications that the law is tried on: a name, and their files.
fn applications() -> Vec<(&'static str, Memory)> {
    let of = |name: &str| Memory(BTreeMap::from([(FIRST.to_owned(), text(name))]));
    let mut all: Vec<_> = EXAMPLES.into_iter().map(|name| (name, of(name))).collect();
    all.push(("every key", every_key()));
    all
}

fn worlds(loaded: &Loaded) -> Vec<(String, World)> {
    compiled(loaded)
        .into_iter()
        .map(|(env, compiled)| (env, world(&compiled)))
        .collect()
}

/// The application with another value of a scalar, if it is one with it.
fn edited(files: &Memory, file: &str, scalar: &Scalar, other: &str) -> Option<Loaded> {
    let source = &files.0[file];
    let (start, end) = (scalar.span.start as usize, scalar.span.end as usize);
    let mut files = files.clone();
    let text = format!("{}{other}{}", &source[..start], &source[end..]);
    files.0.insert(file.to_owned(), text);
    let loaded = load(&files, FIRST, &[]);
    (!loaded.findings.any_error()).then_some(loaded)
}

/// Broken laws by what was edited and where it shows, each with how often and one example.
#[derive(Default)]
struct Broken(BTreeMap<(String, String), (usize, String)>);

impl Broken {
    fn add(&mut self, scalar: &Scalar, place: &str, example: impl FnOnce() -> String) {
        let key = (scalar.path.clone(), compare::pattern(place));
        let entry = self.0.entry(key).or_insert_with(|| (0, example()));
        entry.0 += 1;
    }

    fn report(&self, what: &str) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let total: usize = self.0.values().map(|(count, _)| count).sum();
        let mut report = format!("{total} {what}, in {} places:\n", self.0.len());
        let mut all: Vec<_> = self.0.iter().collect();
        all.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        for ((from, to), (count, example)) in all.into_iter().take(400) {
            let _ = writeln!(report, "{count:5} {from} => {to}\n        {example}");
        }
        report
    }
}

/// The scalars of an application of which not enough are edited yet, each with its file.
fn chosen(files: &Memory, alike: &mut BTreeMap<String, usize>) -> Vec<(String, Scalar)> {
    let mut all = scalars(&load(files, FIRST, &[]).sources, files);
    all.retain(|(_, scalar)| {
        let count = alike.entry(edit::alike(&scalar.path)).or_default();
        *count += 1;
        *count <= ALIKE
    });
    all
}

/// What the law was tried on, and where it does not hold.
#[derive(Default)]
struct Verdict {
    tried: usize,
    explained: usize,
    untouched: Broken,
    unchanged: Broken,
}

impl Verdict {
    /// Tries the law on the worlds of one application.
    fn judge(&mut self, name: &str, files: &Memory, chosen: &[(String, Scalar)]) {
        let loaded = load(files, FIRST, &[]);
        let before = worlds(&loaded);
        let before: Vec<(&str, Snapshot)> = before
            .iter()
            .map(|(env, world)| (env.as_str(), Snapshot::of(world)))
            .collect();
        let mut memo = Memo::default();
        for (file, scalar) in chosen {
            self.scalar(name, files, &before, &mut memo, file, scalar);
        }
    }

    /// Edits a scalar until all that it drives has changed, or is driven by another since a
    /// decision changed: a scalar of several words drives different things by each.
    fn scalar(
        &mut self,
        name: &str,
        files: &Memory,
        before: &[(&str, Snapshot)],
        memo: &mut Memo,
        file: &str,
        scalar: &Scalar,
    ) {
        let mut open: BTreeMap<&str, Driven> = before
            .iter()
            .map(|(env, old)| (*env, old.driven(scalar.span)))
            .collect();
        let mut last = None;
        for other in edit::others(&scalar.text) {
            let Some(after) = edited(files, file, scalar, &other) else {
                continue;
            };
            self.tried += 1;
            for (env, new) in worlds(&after) {
                let Some((_, old)) = before.iter().find(|(known, _)| *known == env) else {
                    continue;
                };
                let changes = compare::changes(old, &new);
                let example =
                    |place: &str| format!("{name} {env}: {} -> {other}: {place}", scalar.text);
                for Change {
                    place,
                    origins,
                    leaf,
                } in &changes
                {
                    if memo.touches(origins, scalar.span) {
                        self.explained += 1;
                    } else {
                        self.untouched.add(scalar, place, || example(place));
                    }
                    if let (Some(leaf), Some(open)) = (leaf, open.get_mut(env.as_str())) {
                        open.remove(leaf);
                    }
                }
                if let Some(open) = open.get_mut(env.as_str()) {
                    compare::retain_driven(open, &new, scalar.span_with(&other));
                }
            }
            last = Some(other);
            open.retain(|_, places| !places.is_empty());
            if open.is_empty() {
                break;
            }
        }
        let Some(other) = last else { return };
        for (env, places) in open {
            for place in places.into_values() {
                let example = || format!("{name} {env}: {} -> {other}: {place}", scalar.text);
                self.unchanged.add(scalar, &place, example);
            }
        }
    }
}

#[test]
fn what_is_driven_changes_and_what_changes_is_touched() {
    let all: Vec<Verdict> = std::thread::scope(|scope| {
        let mut alike = BTreeMap::new();
        let judge = |(name, files): (&'static str, Memory)| {
            let chosen = chosen(&files, &mut alike);
            scope.spawn(move || {
                let mut verdict = Verdict::default();
                verdict.judge(name, &files, &chosen);
                verdict
            })
        };
        let started: Vec<_> = applications().into_iter().map(judge).collect();
        started
            .into_iter()
            .map(|one| one.join().expect("a verdict"))
            .collect()
    });
    let (mut tried, mut explained, mut report) = (0, 0, String::new());
    for verdict in all {
        tried += verdict.tried;
        explained += verdict.explained;
        report.push_str(&verdict.untouched.report("changed untouched"));
        report.push_str(&verdict.unchanged.report("driven unchanged"));
    }
    println!("{tried} edits tried, {explained} changes explained");
    assert!(report.is_empty(), "{report}");
    assert!(
        explained > 1000,
        "the test looked at {explained} changes only"
    );
}
