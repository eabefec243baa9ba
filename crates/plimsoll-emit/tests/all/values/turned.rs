//! Words of a chart: each changes something, and turning it gives what compiling gives where the file says
//! the same.

use super::batch::Made;
use super::random::Random;
use super::{Subject, at, merged, put, subjects, subjects_of};
use crate::project::Project;
use plimsoll_emit::helm;
use plimsoll_source::{Findings, Handle, Node, Origin};
use plimsoll_world::{Values, World};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

impl Subject {
    /// The values with another one at a path; nothing where none was found.
    fn with_other(&self, values: &Value, path: &str, random: &mut Random) -> Option<Value> {
        let (schema, _) = self.schema_of(path);
        let known = at(values, path);
        let other = (0..20).find_map(|_| {
            let value = random.valid(schema)?;
            (known != Some(&value)).then_some(value)
        })?;
        let mut own = Value::Object(Map::new());
        put(&mut own, path, other);
        Some(merged(values.clone(), own))
    }

    /// The words that never change what the chart makes.
    fn idle(&self) -> BTreeSet<&String> {
        let mut random = Random::new(13);
        let words = self.chart.words.all.keys();
        // What `helm test` makes is none of the chart's objects.
        let mut idle: BTreeSet<&String> = words.filter(|path| *path != "tests.image").collect();
        for _ in 0..80 {
            if idle.is_empty() {
                break;
            }
            for base in &self.bases {
                let [values, _] = self.values(base, &mut random, &mut BTreeSet::new());
                for values in [base, &values] {
                    let before = self.made(values);
                    idle.retain(|path| {
                        let other = self.with_other(values, path, &mut random);
                        other.is_none_or(|other| before.difference(&self.made(&other)).is_none())
                    });
                }
            }
        }
        idle
    }
}

/// Holds W2.
#[test]
fn every_value_of_a_chart_changes_something() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut all = Vec::new();
    for example in crate::project::EXAMPLES {
        all.extend(subjects(example, folder.path()));
    }
    for (handle, text, _) in TURNED {
        let project = Project::of(&with(handle, text));
        all.extend(subjects_of(handle, &project, folder.path()));
    }
    let idle: Vec<String> = all
        .iter()
        .flat_map(|subject| {
            let idle = subject.idle().into_iter();
            idle.map(move |path| format!("{}: {path}", subject.name))
        })
        // It is the tag of images without one of their own, and there is none.
        .filter(|idle| idle != "shop shop: image.tag")
        .collect();
    assert!(idle.is_empty(), "{idle:#?}");
}

/// Words, and files that differ in them.
const TURNED: &[(&str, &str, &str)] = &[
    (
        "services.api.strategy.steps",
        "services: { api: { image: g:1, ports: 80, strategy: { canary: { steps: [10% for 5m] } } } }
platform: { rollouts: argo-rollouts }",
        "services: { api: { image: g:1, ports: 80, strategy: { canary: { steps: [5% for 1m, 50%] } } } }
platform: { rollouts: argo-rollouts }",
    ),
    (
        "services.api.strategy.steps",
        "services: { api: { image: g:1, ports: 80 } }
platform: { rollouts: argo-rollouts }
environments:
  a: { deliver: { strategy: rolling } }
  b: { default: true, deliver: { strategy: { canary: { steps: [10% for 5m] } } } }",
        "services: { api: { image: g:1, ports: 80 } }
platform: { rollouts: argo-rollouts }
environments:
  a: { deliver: { strategy: rolling } }
  b: { default: true, deliver: { strategy: { canary: { steps: [20% for 5m] } } } }",
    ),
    (
        "routes.main.tls",
        "services: { api: { image: g:1, ports: 80 } }
routes: { main: { hosts: a.example, paths: { /: api }, tls: { secret: one } } }
platform: { gateway: ingress-nginx }",
        "services: { api: { image: g:1, ports: 80 } }
routes: { main: { hosts: a.example, paths: { /: api }, tls: { secret: other } } }
platform: { gateway: ingress-nginx }",
    ),
    (
        "routes.main.hosts",
        "services: { api: { image: g:1, ports: 80 } }
routes: { main: { hosts: a.example, paths: { /: api, /x: none, /y: { to: api, rate: 1/s } } } }
platform: { gateway: ingress-nginx }",
        "services: { api: { image: g:1, ports: 80 } }
routes: { main: { hosts: [b.example, c.example], paths: { /: api, /x: none, /y: { to: api, rate: 1/s } } } }
platform: { gateway: ingress-nginx }",
    ),
    (
        "services.api.scale.requests",
        "services: { api: { image: g:1, ports: 80, metrics: { series: { requests: r } }, scale: { replicas: 2..5, requests: 50/s } } }
platform: { autoscaler: keda }",
        "services: { api: { image: g:1, ports: 80, metrics: { series: { requests: r } }, scale: { replicas: 2..5, requests: 7/s } } }
platform: { autoscaler: keda }",
    ),
];

fn with(handle: &str, text: &str) -> String {
    format!("app: m\n{text}\ndeliver: {{ chart: {{ values: {{ the.word: '{handle}' }} }} }}\n")
}

fn made(world: &World) -> Made {
    Made::of(world.objects.iter().map(|object| object.body.to_json()))
}

/// Holds W2.
#[test]
fn a_word_that_is_turned_gives_what_the_file_would_give() {
    for (handle, from, to) in TURNED {
        let (from, to) = (
            Project::of(&with(handle, from)),
            Project::of(&with(handle, to)),
        );
        let (from, to) = (from.system(), to.system());
        let charts = helm::charts(&from, &mut Findings::default());
        let wanted = helm::charts(&to, &mut Findings::default());
        for (chart, wanted) in charts.iter().zip(&wanted) {
            for at in 0..wanted.environments.len() {
                let mut values = Values::of_the_file();
                for (path, word) in &wanted.words.all {
                    let null = || Node::Null(Origin::rule("test", []));
                    let value = word.values[at].clone().unwrap_or_else(null);
                    values = values.turn(Handle(path.as_str().into()), value);
                }
                let turned = chart.evaluate(values, chart.namespaces[at].clone());
                let difference = made(&wanted.world(at)).difference(&made(&turned));
                assert!(difference.is_none(), "{handle}: {difference:?}");
            }
        }
    }
}
