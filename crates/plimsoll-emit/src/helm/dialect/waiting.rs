//! A Job whose store stands in the same chart starts together with it: a container before it waits
//! until the store answers, so that its tries are not used up meanwhile.

use super::super::bind::{closed_seq, joined};
use super::super::family::kind_of;
use super::super::logic;
use super::same;
use super::tree::{at, entry, items, map, parts, text, with};
use crate::System;
use plimsoll_source::{Node, Origin, Str};
use plimsoll_spec::app::store::{Engine, Store};
use plimsoll_world::{Expr, Form, MapPart, ObjectForm, Role, SeqPart, Unit};

/// The body of a Job with containers that wait for stores of the chart; `None` where it waits for
/// none.
pub(super) fn of(system: &System, objects: &[ObjectForm], job: &ObjectForm) -> Option<Form> {
    let in_a_release = matches!(job.role, Role::Migration | Role::Before);
    if !in_a_release || *kind_of(job) != *"Job" {
        return None;
    }
    let waits: Vec<SeqPart> = job
        .after
        .iter()
        .filter_map(|unit| match unit {
            Unit::Store(name) => container(system, objects, job, name),
            _ => None,
        })
        .collect();
    if waits.is_empty() {
        return None;
    }
    Some(before_others(&job.body, waits))
}

/// The body with containers before those that its pod has.
fn before_others(body: &Form, mut waits: Vec<SeqPart>) -> Form {
    const KEY: &str = "initContainers";
    let path = ["spec", "template", "spec"];
    let pod = at(body, &path).unwrap_or_else(|| map(Vec::new()));
    let mut all = Vec::new();
    for part in parts(&pod) {
        match part {
            MapPart::Entry { key, value, .. } if key == KEY => waits.extend(items(&value)),
            other => all.push(other),
        }
    }
    let is_own = |part: &MapPart| matches!(part, MapPart::Entry { key, .. } if key == "containers");
    let place = all.iter().position(is_own).unwrap_or(all.len());
    let waits = closed_seq(&Origin::rule("helm", []), waits);
    all.insert(place, entry(KEY, waits));
    with(body, &path, map(all))
}

fn container(
    system: &System,
    objects: &[ObjectForm],
    job: &ObjectForm,
    name: &Str,
) -> Option<SeqPart> {
    let own = |object: &&ObjectForm| object.unit == Unit::Store(name.clone());
    let own = || objects.iter().filter(own);
    let (pods, image) = own().find_map(|object| Some((object, image(object)?)))?;
    let store = system
        .environments
        .iter()
        .find_map(|env| env.app.stores.get(name))?;
    let script = format!("until {}; do sleep 2; done", question(store)?);
    let command = ["sh", "-c"].map(text).into_iter().chain([text(&script)]);
    let items = command.map(|value| SeqPart::Item { when: None, value });
    let mut all = vec![
        entry("name", text(&format!("wait-for-{name}"))),
        entry("image", image),
        entry(
            "command",
            closed_seq(&Origin::rule("helm", []), items.collect()),
        ),
        entry("env", environment(job, pods, name)),
    ];
    let first = at(&job.body, &["spec", "template", "spec", "containers"]);
    let first = first.map(|list| items_of(&list)).unwrap_or_default();
    for key in ["resources", "securityContext"] {
        let same = first
            .iter()
            .find(|part| matches!(part, MapPart::Entry { key: own, .. } if own == key));
        all.extend(same.cloned());
    }
    let when = logic::known(&pods.when, &job.when);
    let when = (!super::super::chart::is_always(&when)).then_some(when);
    let value = map(all);
    Some(SeqPart::Item { when, value })
}

/// The entries of the first container.
fn items_of(list: &Form) -> Vec<MapPart> {
    match items(list).first() {
        Some(SeqPart::Item { value, .. }) => parts(value),
        _ => Vec::new(),
    }
}

/// The image of a store's pods: the client that asks is in it.
fn image(object: &ObjectForm) -> Option<Form> {
    match &*kind_of(object) {
        "StatefulSet" => {
            let list = at(&object.body, &["spec", "template", "spec", "containers"])?;
            items_of(&list).into_iter().find_map(|part| match part {
                MapPart::Entry { key, value, .. } if key == "image" => Some(value),
                _ => None,
            })
        }
        "Cluster" => at(&object.body, &["spec", "imageName"]),
        _ => None,
    }
}

/// Where it asks.
fn environment(job: &ObjectForm, pods: &ObjectForm, name: &Str) -> Form {
    let namespace = |object: &ObjectForm| at(&object.body, &["metadata", "namespace"]);
    let word = |word: &str| Expr::Lit(Node::Text(Origin::rule("helm", []), word.into()));
    let elsewhere = match (namespace(job), namespace(pods)) {
        (Some(one), Some(other)) if !same(&one, &other) => Some(other),
        _ => None,
    };
    let host = match elsewhere {
        None => Form::Plain(Node::Text(Origin::rule("helm", []), name.clone())),
        Some(Form::Expr(namespace)) => Form::Expr(joined([word(name), word("."), namespace])),
        Some(other) => {
            let namespace = other
                .plain()
                .and_then(Node::text)
                .cloned()
                .unwrap_or_default();
            text(&format!("{name}.{namespace}"))
        }
    };
    let variable = map(vec![entry("name", text("HOST")), entry("value", host)]);
    let item = SeqPart::Item {
        when: None,
        value: variable,
    };
    closed_seq(&Origin::rule("helm", []), vec![item])
}

/// What succeeds once the store answers; `None` where its image has nothing to ask with.
fn question(store: &Store) -> Option<String> {
    let port = store.ports.main()?.1.at.peek();
    Some(match store.engine.peek() {
        Engine::Postgres | Engine::TimescaleDb => {
            format!("pg_isready --quiet --host \"$HOST\" --port {port}")
        }
        Engine::MySql => format!("mysqladmin ping --silent --host \"$HOST\" --port {port}"),
        Engine::MariaDb => format!("mariadb-admin ping --silent --host \"$HOST\" --port {port}"),
        Engine::Redis => format!("redis-cli -h \"$HOST\" -p {port} ping"),
        Engine::Valkey => format!("valkey-cli -h \"$HOST\" -p {port} ping"),
        _ => return None,
    })
}
