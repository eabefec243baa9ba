//! The law of handles: evaluating after a handle was turned gives what editing the file and
//! compiling it gives, for every word that the compiler lets turn, in every example.

use crate::project::{EXAMPLES, Memory, read_well, text, world};
use plimsoll_source::{Handle, Node, Origin, Step, yaml};
use plimsoll_spec::load::{Loaded, load};
use plimsoll_world::{Blueprint, Param, Values, World, evaluate};
use std::collections::{BTreeMap, BTreeSet};

/// What no example has: jobs, claims, variables in texts, an Ingress.
const REST: &str = "\
app: rest
vars: { greeting: hello }
images: { tag: 1.0.0 }
platform: { gateway: { use: ingress-nginx, api: ingress } }
services:
  aside: { scale: 1..3 }
  web: { ports: 8080, env: { GREETING: \"${greeting}\" }, volumes: { /files: files }, uses: [db] }
stores:
  db: { engine: postgres }
migrations:
  db: { service: web, enabled: true, command: [/migrate] }
jobs:
  report: { service: web, enabled: true, when: daily 02:00, command: [/report] }
claims:
  files: { size: 5Gi, shared: true }
routes:
  main: { hosts: rest.example.org, paths: { /: web } }
";

/// A canary, and paths of an Ingress of which its controller is told different things.
const RELEASED: &str = "\
app: released
platform: { gateway: ingress-nginx, rollouts: argo-rollouts }
services:
  web: { ports: 8080, strategy: { canary: { steps: [10% for 5m, 50%] } } }
  api: { ports: 8080 }
routes:
  main:
    hosts: released.example.org
    paths: { /: web, /up: { to: web, rate: 1/s }, /no: none, =/old: https://b.example, /docs: 'https://d.example/v2' }
  moved: { hosts: moved.example.org, paths: { /: { to: api, rewrite: /app }, /x.y: api } }
";

/// The text of an example, or of the rest.
fn source(example: &str) -> String {
    match example {
        "rest" => REST.to_owned(),
        "released" => RELEASED.to_owned(),
        _ => text(example),
    }
}

/// A handle turned, and the edit of the file that says the same.
struct Turn {
    /// Words and their values as a chart has them.
    values: Vec<(Handle, Node)>,
    edit: Edit,
}

enum Edit {
    /// Keys of a layer over all others.
    Sets(Vec<(String, String)>),
    /// Another text of the file.
    Text(String),
    /// Nothing: the word says nothing here.
    Nothing,
}

/// Every way to turn a word of an environment.
#[expect(
    clippy::match_same_arms,
    reason = "arms stand in the order of the words; those that turn nothing lie between others"
)]
fn turns(example: &str, blueprint: &Blueprint, param: &Param, loaded: &Loaded) -> Vec<Turn> {
    let handle = param.handle.0.to_string();
    let steps: Vec<&str> = handle.split('.').collect();
    let of = |name: &str| {
        let params = blueprint.params();
        params
            .get(&Handle(name.to_owned().into()))
            .map(|param| param.value.to_json())
    };
    let one = |value: Node, set: String| {
        let values = vec![(param.handle.clone(), value)];
        vec![Turn {
            values,
            edit: Edit::Sets(vec![(handle.clone(), set)]),
        }]
    };
    let environment = &loaded.environments[loaded.default];
    let cap = environment
        .app
        .as_ref()
        .and_then(|app| app.cap.instances.as_ref());
    let most = cap.map_or(3, |cap| i64::from(*cap.peek()));
    match steps.as_slice() {
        [.., "placement", "nodeSelector"] => {
            let value = read_node("{ disk: fast }");
            let turn = |edit| Turn {
                values: vec![(param.handle.clone(), value.clone())],
                edit,
            };
            let sets = vec![(
                handle.replace(".nodeSelector", ".nodes"),
                "{ disk: fast }".to_owned(),
            )];
            vec![turn(Edit::Sets(sets))]
        }
        [.., "placement", "tolerations"] => {
            let text = "[{ key: spot, operator: Exists }]";
            let turn = |edit| Turn {
                values: vec![(param.handle.clone(), read_node(text))],
                edit,
            };
            let sets = vec![(handle.replace(".tolerations", ".tolerate"), text.to_owned())];
            vec![turn(Edit::Sets(sets))]
        }
        [.., "enabled"] => {
            let on = param.value.to_json() == serde_json::json!(true);
            one(Node::Bool(made(), !on), (!on).to_string())
        }
        [.., "image", "tag"]
            if of(&handle.replace(".tag", ".digest")).is_some_and(|d| !d.is_null()) =>
        {
            Vec::new()
        }
        [.., "image", "name"] => {
            let mut sets = vec![(handle.clone(), "turned".to_owned())];
            for part in ["tag", "digest"] {
                let path = handle.replace(".name", &format!(".{part}"));
                if let Some(serde_json::Value::String(text)) = of(&path) {
                    sets.push((path, format!("\"{text}\"")));
                }
            }
            vec![Turn {
                values: vec![(param.handle.clone(), plain("turned"))],
                edit: Edit::Sets(sets),
            }]
        }
        [.., "image", "digest"] => {
            let digest = format!("sha256:{}", "0".repeat(64));
            one(plain(&digest), format!("\"{digest}\""))
        }
        [.., "strategy", "steps"] => vec![Turn {
            values: vec![(
                param.handle.clone(),
                read_node(
                    "[{ setWeight: 5 }, { pause: { duration: 1m } }, { setWeight: 30 }, { pause: {} }]",
                ).resolve(),
            )],
            edit: Edit::Sets(vec![(
                handle.replace(".steps", ".canary.steps"),
                "[5% for 1m, 30%]".to_owned(),
            )]),
        }],
        [.., "image", "policy"] => one(plain("Always"), "Always".to_owned()),
        // An image is turned by its parts; no file ever says the others.
        [_, _, "image"]
        | [_, _, _, _, "image"]
        | [.., "placement", "affinity"]
        | [.., "secrets", "keys" | "values"]
        | ["routes", _, "tls"] => Vec::new(),
        [.., "tag"] => one(plain("9.9.9"), "\"9.9.9\"".to_owned()),
        [.., "registry"] => one(plain("turned.example"), "turned.example".to_owned()),
        ["platform", "gateway", "class"] | ["images", "pull"] | [.., "secretName"] => one(
            plain("turned"),
            if steps[0] == "images" {
                "{ name: null, secret: turned }"
            } else {
                "turned"
            }
            .to_owned(),
        ),
        ["platform", "secrets", "use"] => ["generated", "external", "existing"]
            .iter()
            .flat_map(|word| one(plain(word), (*word).to_owned()))
            .collect(),
        ["platform", "secrets", "store"] => one(
            read_node("{ name: turned, kind: SecretStore }"),
            "{ name: turned, kind: SecretStore }".to_owned(),
        ),
        // Below what any example caps.
        [.., "size", "cpu"] => one(plain("15m..30m"), "15m..30m".to_owned()),
        [.., "size", "memory"] => one(plain("48Mi..96Mi"), "48Mi..96Mi".to_owned()),
        [_, _, "storage", "size"] | ["claims", _, "size"] => one(plain("1Gi"), "1Gi".to_owned()),
        [.., "size"] => Vec::new(),
        [.., "instances"] => (1..=most)
            .flat_map(|count| one(Node::Int(made(), count), count.to_string()))
            .collect(),
        ["services", service, "scale", word] => scale(service, word, &of),
        [.., word @ ("env" | "labels" | "annotations")] => {
            // A label holds no blanks.
            let text = if *word == "labels" {
                "yes-it-is"
            } else {
                "yes it is"
            };
            let mut turned = Vec::new();
            for key in ["TURNED", "FURTHER"] {
                let entry = plimsoll_source::Entry {
                    key: key.into(),
                    at: made(),
                    value: plain(text),
                };
                let entries = param.value.entries().iter().cloned().chain([entry]);
                let value = Node::map(made(), entries.collect::<Vec<_>>());
                turned.push(Turn {
                    values: vec![(param.handle.clone(), value)],
                    edit: Edit::Sets(vec![(format!("{handle}.{key}"), text.to_owned())]),
                });
            }
            turned
        }
        [.., "hosts"] => [
            &[][..],
            &["a.example"],
            &["a.example", "b.example", "c.example"],
        ]
        .iter()
        .flat_map(|hosts| {
            let list = hosts.iter().map(|host| plain(host)).collect::<Vec<_>>();
            one(Node::seq(made(), list), format!("[{}]", hosts.join(", ")))
        })
        .collect(),
        ["routes", _, "paths", ..] => {
            let Step::Written(span) = param.value.origin().step() else {
                return Vec::new();
            };
            let text = source(example);
            let old = loaded.sources.text(*span);
            let new = "/turned";
            let new_text = format!(
                "{}{}{}",
                &text[..span.start as usize],
                old.replace(param.value.text().map_or("", |t| t.as_str()), new),
                &text[span.end as usize..]
            );
            vec![Turn {
                values: vec![(param.handle.clone(), plain(new))],
                edit: Edit::Text(new_text),
            }]
        }
        ["jobs", _, "when"] => one(plain("0 5 * * *"), "\"0 5 * * *\"".to_owned()),
        ["vars", _] => one(plain("turned"), "turned".to_owned()),
        _ => panic!("no way to turn {handle} is known"),
    }
}

fn scale(service: &str, word: &str, of: &dyn Fn(&str) -> Option<serde_json::Value>) -> Vec<Turn> {
    let path = |word: &str| format!("services.{service}.scale.{word}");
    let now = |word: &str| of(&path(word)).and_then(|value| value.as_i64());
    let handle = |word: &str| Handle(path(word).into());
    let auto = of(&path("auto")) == Some(true.into());
    let (min, max, count) = (now("min"), now("max"), now("replicas"));
    let replicas = |text: String| Edit::Sets(vec![(path("replicas"), text)]);
    let int = |value: i64| Node::Int(made(), value);
    let (Some(min), Some(max), Some(count)) = (min, max, count) else {
        return Vec::new();
    };
    match word {
        "auto" if auto => vec![Turn {
            values: vec![(handle("auto"), Node::Bool(made(), false))],
            edit: replicas(count.to_string()),
        }],
        "auto" => vec![Turn {
            values: vec![
                (handle("auto"), Node::Bool(made(), true)),
                (handle("min"), int(1)),
                (handle("max"), int(2)),
            ],
            edit: replicas("1..2".to_owned()),
        }],
        "min" if auto => vec![Turn {
            values: vec![(handle("min"), int(1))],
            edit: replicas(format!("1..{max}")),
        }],
        "max" if auto => vec![Turn {
            values: vec![(handle("max"), int(max - 1))],
            edit: replicas(format!("{min}..{}", max - 1)),
        }],
        "replicas" if !auto => [1, 2]
            .into_iter()
            .map(|count| Turn {
                values: vec![(handle("replicas"), int(count))],
                edit: replicas(count.to_string()),
            })
            .collect(),
        "min" | "max" | "replicas" => vec![Turn {
            values: vec![(handle(word), int(7))],
            edit: Edit::Nothing,
        }],
        "cpu" | "memory" => vec![Turn {
            values: vec![(handle(word), int(33))],
            edit: Edit::Sets(vec![(path(word), "33%".to_owned())]),
        }],
        "requests" => vec![Turn {
            values: vec![(handle(word), plain("7"))],
            edit: Edit::Sets(vec![(path(word), "7/s".to_owned())]),
        }],
        _ => panic!("no way to turn {} is known", path(word)),
    }
}

fn made() -> Origin {
    Origin::rule("turned", [])
}

fn plain(text: &str) -> Node {
    Node::Text(made(), text.into())
}

fn read_node(text: &str) -> Node {
    let mut sources = plimsoll_source::Sources::default();
    let file = sources.add("turned", text);
    yaml::read(&sources, file, &mut plimsoll_source::Findings::default()).remove(0)
}

fn edited(example: &str, edit: &Edit) -> Option<Loaded> {
    let (text, sets) = match edit {
        Edit::Sets(sets) => (source(example), sets.clone()),
        Edit::Text(text) => (text.clone(), Vec::new()),
        Edit::Nothing => (source(example), Vec::new()),
    };
    let files = Memory(BTreeMap::from([("plimsoll.yaml".to_owned(), text)]));
    let loaded = load(&files, "plimsoll.yaml", &sets);
    (!loaded.findings.any_error()).then_some(loaded)
}

/// The objects by name, as text.
fn shown(world: &World) -> BTreeMap<String, String> {
    let objects = world.objects.iter();
    objects
        .map(|object| {
            let mut value = object.body.to_json();
            sort(&mut value);
            (
                object.key.to_string(),
                serde_json::to_string_pretty(&value).expect("a tree is JSON"),
            )
        })
        .collect()
}

/// Order of keys and of variables says nothing.
fn sort(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(map) => {
            if let Some(serde_json::Value::Array(env)) = map.get_mut("env") {
                env.sort_by_key(|item| item["name"].to_string());
            }
            map.values_mut().for_each(sort);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(sort),
        _ => {}
    }
}

fn first_difference(one: &World, two: &World) -> Option<String> {
    let (one, two) = (shown(one), shown(two));
    let names: BTreeSet<&String> = one.keys().chain(two.keys()).collect();
    for name in names {
        let empty = String::new();
        let (a, b) = (
            one.get(name).unwrap_or(&empty),
            two.get(name).unwrap_or(&empty),
        );
        if a != b {
            if a.is_empty() || b.is_empty() {
                return Some(format!(
                    "{name}: only in {}",
                    if a.is_empty() {
                        "the edited"
                    } else {
                        "the turned"
                    }
                ));
            }
            let line = a.lines().zip(b.lines()).find(|(a, b)| a != b);
            let (a, b) = line.unwrap_or(("(ends)", "(ends)"));
            return Some(format!("{name}: turned {} edited {}", a.trim(), b.trim()));
        }
    }
    None
}

/// Kinds of handles that some example turns, beside those that only a Helm chart has: a whole
/// `image` or `resources`, keys of Secrets, an `affinity`.
const TURNED: [&str; 50] = [
    "claims.*.size",
    "images.pull",
    "images.registry",
    "images.tag",
    "jobs.*.enabled",
    "jobs.*.secretName",
    "jobs.*.size.cpu",
    "jobs.*.size.memory",
    "jobs.*.when",
    "migrations.*.enabled",
    "migrations.*.size.cpu",
    "migrations.*.size.memory",
    "platform.gateway.class",
    "platform.secrets.store",
    "platform.secrets.use",
    "routes.*.enabled",
    "routes.*.hosts",
    "routes.*.paths",
    "services.*.annotations",
    "services.*.enabled",
    "services.*.env",
    "services.*.image.digest",
    "services.*.image.name",
    "services.*.image.policy",
    "services.*.image.tag",
    "services.*.labels",
    "services.*.placement.nodeSelector",
    "services.*.placement.tolerations",
    "services.*.scale.auto",
    "services.*.scale.cpu",
    "services.*.scale.max",
    "services.*.scale.memory",
    "services.*.scale.min",
    "services.*.scale.replicas",
    "services.*.scale.requests",
    "services.*.secretName",
    "services.*.size.cpu",
    "services.*.size.memory",
    "services.*.strategy.steps",
    "stores.*.annotations",
    "stores.*.env",
    "stores.*.exporter.image.name",
    "stores.*.image.digest",
    "stores.*.image.name",
    "stores.*.image.policy",
    "stores.*.image.tag",
    "stores.*.instances",
    "stores.*.labels",
    "stores.*.storage.size",
    "vars.*",
];

/// Holds the handles of one thing of each kind in each example.
#[test]
fn turning_a_handle_is_editing_the_file() {
    let (mut wrong, mut compared) = (Vec::new(), BTreeSet::new());
    for example in EXAMPLES.into_iter().chain(["rest", "released"]) {
        let loaded = read_well(&source(example));
        let found = compile_one(&loaded.environments[loaded.default]);
        let params = found.blueprint.params();
        let mut kinds = BTreeMap::new();
        for param in params.values() {
            kinds.entry(kind(&param.handle.0)).or_insert(param);
        }
        for (kind, param) in kinds {
            for turn in turns(example, &found.blueprint, param, &loaded) {
                // What the file may not say, such as a target that is off, a chart refuses too.
                let Some(after) = edited(example, &turn.edit) else {
                    continue;
                };
                let values = turn.values.into_iter();
                let values = values.fold(Values::of_the_file(), |values, (handle, node)| {
                    values.turn(handle, node)
                });
                let turned = evaluate(&found.blueprint, &values);
                let other = world(&compile_one(&after.environments[after.default]));
                if let Some(difference) = first_difference(&turned, &other) {
                    wrong.push(format!("{example} {}: {difference}", param.handle.0));
                }
                compared.insert(kind.clone());
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let compared: Vec<&str> = compared.iter().map(String::as_str).collect();
    assert_eq!(compared, TURNED);
}

fn compile_one(environment: &plimsoll_spec::load::LoadedEnvironment) -> plimsoll_compile::Compiled {
    let app = environment.app.as_ref().expect("an application");
    plimsoll_compile::compile(app, app.cluster.version.peek().parse().expect("a version"))
}

/// A handle without names of things.
fn kind(handle: &str) -> String {
    let mut steps: Vec<&str> = handle.split('.').collect();
    if !matches!(steps[0], "images" | "platform") {
        steps[1] = "*";
    }
    if steps.get(2) == Some(&"paths") {
        steps.truncate(3);
    }
    steps.join(".")
}
