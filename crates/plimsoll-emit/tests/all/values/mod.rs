//! Charts under values that nobody wrote: what real Helm makes of them is what we evaluate, and what
//! it refuses is what our schema refuses.

mod batch;
mod random;
mod turned;
mod verdict;

use crate::project::{Project, write};
use batch::{Batch, Made};
use plimsoll_emit::folders::Folders;
use plimsoll_emit::helm::{self, chart::Chart, words::Word};
use plimsoll_source::{Entry, Findings, Handle, Node, Origin};
use plimsoll_testkit::tool;
use plimsoll_world::Values;
use random::Random;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The namespace of every release here.
const NAMESPACE: &str = "own";

/// A chart on disk, with the values that it has in each environment.
struct Subject {
    name: String,
    chart: Chart,
    folder: PathBuf,
    schema: Value,
    /// The chart's own values, and those with each environment's over them.
    bases: Vec<Value>,
}

fn subjects(example: &str, folder: &std::path::Path) -> Vec<Subject> {
    subjects_of(example, &Project::example(example), folder)
}

fn subjects_of(name: &str, project: &Project, folder: &std::path::Path) -> Vec<Subject> {
    let system = project.system();
    let files = helm::files(&system).files;
    write(&files, folder);
    let folders = Folders::of(&system);
    let charts = helm::charts(&system, &mut Findings::default());
    let read = |path: String| -> Option<Value> {
        let documents = crate::project::documents(files.get(&path)?);
        Some(
            documents
                .into_iter()
                .next()
                .unwrap_or(Value::Object(Map::new())),
        )
    };
    charts
        .into_iter()
        .map(|chart| {
            let path = folders.chart(&chart.name);
            let own = read(format!("{path}/values.yaml"));
            let shorts = chart.shorts.iter();
            let mut bases: Vec<Value> = shorts
                .map(|short| {
                    let environment = read(format!("{path}/values-{short}.yaml")).expect("values");
                    merged(
                        own.clone().unwrap_or(Value::Object(Map::new())),
                        environment,
                    )
                })
                .collect();
            bases.extend(own);
            let schema = files
                .get(&format!("{path}/values.schema.json"))
                .expect("a schema");
            Subject {
                name: format!("{name} {}", chart.name),
                schema: serde_json::from_slice(schema).expect("JSON"),
                folder: folder.join(path),
                bases,
                chart,
            }
        })
        .collect()
}

/// Values over others, as Helm merges files: maps by key, nothing takes a key away.
fn merged(below: Value, above: Value) -> Value {
    match (below, above) {
        (Value::Object(mut below), Value::Object(above)) => {
            for (key, value) in above {
                match (below.remove(&key), value) {
                    (Some(_), Value::Null) => {}
                    (Some(old), value) => drop(below.insert(key, merged(old, value))),
                    (None, value) => drop(below.insert(key, value)),
                }
            }
            Value::Object(below)
        }
        (_, above) => above,
    }
}

fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.')
        .try_fold(value, |value, step| value.get(step))
}

fn put(value: &mut Value, path: &str, new: Value) {
    let mut place = value;
    for step in path.split('.') {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        place = &mut place[step];
    }
    *place = new;
}

impl Subject {
    /// The schema of a path, and whether it must be there.
    fn schema_of(&self, path: &str) -> (&Value, bool) {
        let (above, last) = path.rsplit_once('.').unwrap_or(("", path));
        let mut schema = &self.schema;
        for step in above.split('.').filter(|step| !step.is_empty()) {
            schema = &schema["properties"][step];
        }
        let required = schema["required"].as_array();
        let required = required.is_some_and(|all| all.iter().any(|own| own == last));
        (&schema["properties"][last], required)
    }

    /// Values over a base that the schema admits: with the base, and alone. Adds the paths that
    /// they turn.
    fn values(
        &self,
        base: &Value,
        random: &mut Random,
        turned: &mut BTreeSet<String>,
    ) -> [Value; 2] {
        let mut own = Value::Object(Map::new());
        for path in self.chart.words.all.keys() {
            let (schema, required) = self.schema_of(path);
            let before = at(base, path);
            let new = if !required && before.is_some() && random.percent(10) {
                Some(Value::Null)
            } else if random.percent(40) {
                random
                    .valid(schema)
                    .map(|value| without_a_key(random, schema, value, before))
            } else {
                None
            };
            if let Some(new) = new {
                let mut tried = Value::Object(Map::new());
                put(&mut tried, path, new.clone());
                let tried = merged(base.clone(), tried);
                let admitted =
                    at(&tried, path).is_none_or(|value| verdict::verdict(schema, value).is_ok());
                if admitted {
                    put(&mut own, path, new);
                    turned.insert(path.clone());
                }
            }
        }
        [merged(base.clone(), own.clone()), own]
    }

    /// What our evaluation makes of values.
    fn made(&self, values: &Value) -> Made {
        let mut turned = Values::of_the_file();
        for (path, word) in &self.chart.words.all {
            let node = read(word, at(values, path).unwrap_or(&Value::Null));
            turned = turned.turn(Handle(path.as_str().into()), node);
        }
        let world = self.chart.evaluate(turned, NAMESPACE.into());
        let bodies = world.objects.iter().map(|object| object.body.to_json());
        Made::of(bodies)
    }
}

/// Sometimes a key of a map is taken away instead.
fn without_a_key(
    random: &mut Random,
    schema: &Value,
    value: Value,
    before: Option<&Value>,
) -> Value {
    let open = schema["properties"].is_null();
    let keys = before
        .and_then(Value::as_object)
        .filter(|map| !map.is_empty() && open);
    match (keys, value) {
        (Some(keys), Value::Object(mut value)) if random.percent(30) => {
            let key = keys.keys().nth(random.below(keys.len())).expect("a key");
            value.insert(key.clone(), Value::Null);
            Value::Object(value)
        }
        (_, value) => value,
    }
}

/// A value of the chart as the word that it is: the reverse of how it is shown.
fn read(word: &Word, value: &Value) -> Node {
    let origin = || Origin::rule("test", []);
    let renamed = |own: &str| word.words.iter().find(|(here, _)| here == own);
    let text = match value {
        Value::Bool(value) => value.to_string(),
        Value::String(value) => value.clone(),
        _ => String::new(),
    };
    if let Some((_, means)) = renamed(&text) {
        return Node::Text(origin(), means.as_str().into());
    }
    if text.is_empty() && value.is_string() && word.is_nullable() {
        return Node::Null(origin());
    }
    // A variable is a text, whatever it is in the values.
    let turns_env = word.turns.iter().any(|handle| handle.0.ends_with(".env"));
    if let (true, Value::Object(map)) = (turns_env, value) {
        let texts = map.iter().map(|(key, value)| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            (key.clone(), Value::from(text))
        });
        return node(&Value::Object(texts.collect()));
    }
    if let (Some(item), Value::Array(items)) = (&word.item, value) {
        return Node::seq(
            origin(),
            items
                .iter()
                .map(|one| node(one.get(item).unwrap_or(&Value::Null))),
        );
    }
    node(value)
}

fn node(value: &Value) -> Node {
    let origin = Origin::rule("test", []);
    match value {
        Value::Null => Node::Null(origin),
        Value::Bool(value) => Node::Bool(origin, *value),
        Value::Number(number) => match number.as_i64() {
            Some(value) => Node::Int(origin, value),
            None => Node::Float(origin, number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Node::Text(origin, text.as_str().into()),
        Value::Array(items) => Node::seq(origin, items.iter().map(node)),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| Entry {
                key: key.as_str().into(),
                at: Origin::rule("test", []),
                value: node(value),
            });
            Node::map(Origin::rule("test", []), entries)
        }
    }
}

/// Holds S2, W2: hundreds of values files for each contract, some for every other chart, by both.
#[test]
fn helm_makes_of_random_values_what_we_evaluate() {
    let (Some(four), Some(three)) = (tool("helm"), tool("helm3")) else {
        return;
    };
    let mut wrong = Vec::new();
    for (example, count) in [
        ("starter", 200),
        ("sorcha", 200),
        ("shop", 40),
        ("traversion", 40),
        ("tartware", 20),
        ("identity-platform", 20),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        for subject in subjects(example, folder.path()) {
            let mut random = Random::new(7);
            let mut turned = BTreeSet::new();
            let each = count / subject.bases.len();
            for base in &subject.bases {
                let files: Vec<[Value; 2]> = (0..each)
                    .map(|_| subject.values(base, &mut random, &mut turned))
                    .collect();
                // Each of the two renders one half.
                let (first, second) = files.split_at(each / 2);
                for (program, files) in [(&four, first), (&three, second)] {
                    let own: Vec<&Value> = files.iter().map(|[_, own]| own).collect();
                    let made = Batch::new(&subject.folder, base, &own).render(program, NAMESPACE);
                    let made = made.unwrap_or_else(|error| panic!("{}: {error}", subject.name));
                    for ([all, own], found) in files.iter().zip(made) {
                        let difference = subject.made(all).difference(&found);
                        let program = program.display();
                        wrong.extend(
                            difference
                                .map(|text| format!("{program} {} {own}: {text}", subject.name)),
                        );
                    }
                }
            }
            let all = subject.chart.words.all.keys();
            let never: Vec<&String> = all.filter(|path| !turned.contains(*path)).collect();
            assert!(
                never.is_empty(),
                "{}: nothing turns {never:?}",
                subject.name
            );
        }
    }
    let shown: Vec<&String> = wrong.iter().step_by(1 + wrong.len() / 12).collect();
    assert!(wrong.is_empty(), "{} differ: {shown:#?}", wrong.len());
}

/// Holds W2: what our schema refuses, Helm refuses, and nothing else.
#[test]
fn helm_refuses_spoiled_values_as_our_schema_does() {
    let (Some(four), Some(three)) = (tool("helm"), tool("helm3")) else {
        return;
    };
    let mut verdicts = BTreeMap::new();
    for example in ["starter", "sorcha", "shop"] {
        let folder = tempfile::tempdir().expect("a folder");
        for subject in subjects(example, folder.path()) {
            let mut random = Random::new(11);
            let files: Vec<Value> = (0..60)
                .map(|at| {
                    let base = &subject.bases[at % subject.bases.len()];
                    let [values, _] = subject.values(base, &mut random, &mut BTreeSet::new());
                    random.spoiled(&values)
                })
                .collect();
            let files: Vec<&Value> = files.iter().collect();
            for program in [&four, &three] {
                let refused = Batch::new(&subject.folder, &Value::Object(Map::new()), &files)
                    .refused(program, NAMESPACE);
                for (at, values) in files.iter().enumerate() {
                    let ours = verdict::verdict(&subject.schema, values);
                    assert_eq!(
                        ours.is_err(),
                        refused.contains(&at),
                        "{}: {ours:?} of {values}",
                        subject.name
                    );
                    *verdicts.entry(ours.is_ok()).or_insert(0) += 1;
                }
            }
        }
    }
    assert!(
        verdicts.len() == 2,
        "some are refused and some are not: {verdicts:?}"
    );
}
