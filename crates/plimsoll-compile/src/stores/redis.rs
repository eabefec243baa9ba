//! Redis and Valkey. Several instances: the first pod writes and the others follow it.
//!
//! Sources: `redis.conf` of Redis 8 and `valkey.conf` of Valkey 9, which share these words.

use super::credentials::{self, Credentials};
use super::exporter::{Exporter, Said};
use super::postgres_settings::memory;
use super::recipe::{EngineVariable, Recipe, Scratch, Variable};
use super::text::Text;
use super::{redis_cluster, redis_sentinel, several, statefulset};
use crate::cx::Cx;
use plimsoll_source::{Node, Sourced, Str};
use plimsoll_spec::app::store::{Engine, Mode, User};
use plimsoll_spec::app::{Health, OrNone, Probe, Store};
use plimsoll_spec::types::{Check, PortRef};
use plimsoll_world::{Cond, Expr, Form, Scope};

/// Where the files of the engine are.
pub const FOLDER: &str = "/etc/plimsoll";
/// The user without name.
pub const DEFAULT: &str = "default";

/// The programs of an engine: server and client.
pub fn programs(store: &Store) -> (&'static str, &'static str) {
    match store.engine.peek() {
        Engine::Valkey => ("valkey-server", "valkey-cli"),
        _ => ("redis-server", "redis-cli"),
    }
}

/// What Redis and Valkey add to their pods.
pub fn recipe(cx: &Cx, store: &Store, keys: &mut Credentials) -> Recipe {
    let s = &Scope::new("stores/redis").because(store.engine.origin());
    let mut recipe = Recipe {
        primary: true,
        peers: true,
        command: vec![
            Form::Plain(s.text("/bin/sh")),
            Form::Plain(s.text(format!("{FOLDER}/start.sh"))),
        ],
        ..Recipe::default()
    };
    for user in credentials::users(store) {
        let key = keys.user(cx, store, user.name.peek());
        recipe.credential(&key, &key);
        if user.name.peek() == DEFAULT {
            // The client reads it from here, so that no password is an argument.
            recipe.credential("REDISCLI_AUTH", &key);
        }
    }
    for (name, field) in [("POD_NAME", "metadata.name"), ("POD_IP", "status.podIP")] {
        recipe.env.push(EngineVariable {
            name: name.into(),
            when: Cond::always("stores/redis"),
            value: Variable::Field(field),
        });
    }
    let first = store.name.map(|name| Str::from(format!("{name}-0")));
    recipe.set_when(several(store), "FIRST", Expr::from(&first));
    let pods = statefulset::pods_name(store);
    recipe.set_when(several(store), "PODS", Expr::from(&pods));
    recipe.file(format!("{FOLDER}/server.conf"), settings(store));
    recipe.file(format!("{FOLDER}/start.sh"), start(cx, store, keys));
    recipe.scratch.push(Scratch {
        name: "runtime",
        path: "/run/plimsoll",
        memory: Some(Sourced::rule("stores/redis", Str::from("4Mi"))),
    });
    if is_cluster(store) {
        redis_cluster::add(cx, store, &mut recipe, keys);
    }
    if is_watched(store) {
        recipe.set("STORE", Expr::from(&store.name));
        recipe.health = Some(health(store));
        recipe.scratch.push(Scratch {
            name: "sentinel",
            path: "/run/sentinel",
            memory: Some(Sourced::rule("stores/redis", Str::from("4Mi"))),
        });
        redis_sentinel::add(cx, store, &mut recipe, keys);
    }
    recipe
}

/// Whether each instance has a part of the data.
pub fn is_cluster(store: &Store) -> bool {
    *store.mode.peek() == Mode::Cluster
}

/// Whether sentinels choose who writes.
fn is_watched(store: &Store) -> bool {
    *store.mode.peek() == Mode::Sentinel
}

/// Who other instances, sentinels and exporters log in as.
pub fn login(store: &Store) -> Option<&User> {
    let users = store.users.some()?;
    users.get(DEFAULT).or_else(|| users.values().next())
}

/// The same probes, asked where the server itself listens.
fn health(store: &Store) -> Health {
    let port = redis_sentinel::server_port(store);
    let ask = |probe: &OrNone<Probe>| match probe {
        OrNone::Some(probe) => {
            let mut probe = probe.clone();
            probe.check = probe.check.map(|check| match check {
                Check::Command(words) => {
                    let more = [Str::from("-p"), Str::from(port.to_string())]
                        .map(|word| Sourced::rule("stores/redis", word));
                    let first = words.iter().take(1).cloned();
                    let rest = words.iter().skip(1).cloned();
                    Check::Command(first.chain(more).chain(rest).collect())
                }
                Check::Tcp { .. } => Check::Tcp {
                    port: PortRef::Number(port),
                },
                other => other.clone(),
            });
            OrNone::Some(probe)
        }
        OrNone::None(because) => OrNone::None(because.clone()),
    };
    Health {
        start: ask(&store.health.start),
        ready: ask(&store.health.ready),
        live: ask(&store.health.live),
    }
}

/// The settings, from the size of an instance, with those of the file over them.
fn settings(store: &Store) -> Node {
    let mut text = Text::new("stores/redis");
    let own = |key: &str| store.settings.contains_key(key);
    if let Some((_, port)) = store.ports.main() {
        let own = is_watched(store).then(|| redis_sentinel::server_port(store));
        text.of(&port.port, |port| format!("port {}", own.unwrap_or(*port)));
    }
    text.pair("dir", " ", &store.data);
    text.line("bind * -::*").line("protected-mode no");
    if !own("maxmemory") {
        // The rest is for copies while data is saved, and for the connections.
        text.of(&memory(store), |memory| {
            format!("maxmemory {}mb", (memory * 3 / 4).max(1))
        });
    }
    if let Some(connections) = &store.connections
        && !own("maxclients")
    {
        text.pair("maxclients", " ", connections);
    }
    let because = match &store.storage {
        OrNone::Some(storage) => &storage.origin,
        OrNone::None(because) => because,
    };
    text.because(because);
    if store.storage.some().is_some() {
        if !own("appendonly") {
            text.line("appendonly yes");
        }
    } else if !own("save") {
        text.line("save \"\"");
    }
    if is_cluster(store) {
        redis_cluster::settings(store, &mut text);
    }
    for (key, value) in &store.settings {
        text.of(value, |value| format!("{key} {value}"));
    }
    text.build()
}

/// Writes what holds passwords into memory, then becomes the server.
fn start(cx: &Cx, store: &Store, keys: &mut Credentials) -> Node {
    let (server, _) = programs(store);
    let mut text = Text::new("stores/redis");
    text.line("set -eu")
        .line("umask 077")
        .line("conf=/run/plimsoll/server.conf")
        .line(format!("cp {FOLDER}/server.conf \"$conf\""))
        .line("{");
    users(cx, store, keys, &mut text);
    text.line("} >> \"$conf\"");
    text.because(store.mode.origin());
    if is_cluster(store) {
        redis_cluster::start(store, &mut text);
    } else if is_watched(store) {
        redis_sentinel::start(store, &mut text);
    } else {
        follow(store, &mut text);
    }
    text.line(format!("exec {server} \"$conf\""));
    text.build()
}

/// Every instance but the first follows it.
fn follow(store: &Store, text: &mut Text) {
    text.line("if [ \"${FIRST:-$POD_NAME}\" != \"$POD_NAME\" ]; then")
        .line(format!(
            "  echo \"replicaof $FIRST.$PODS {}\" >> \"$conf\"",
            port(store)
        ))
        .line("fi");
}

/// The main port.
pub fn port(store: &Store) -> u16 {
    store
        .ports
        .main()
        .map_or(6379, |(_, port)| *port.port.peek())
}

fn users(cx: &Cx, store: &Store, keys: &mut Credentials, text: &mut Text) {
    match &store.users {
        OrNone::None(because) => {
            text.because(because)
                .line("  echo 'user default on nopass ~* &* +@all'");
        }
        OrNone::Some(users) => {
            if !users.contains_key(DEFAULT) {
                text.line("  echo 'user default off'");
            }
            for user in users.values() {
                let key = keys.user(cx, store, user.name.peek());
                text.of(&user.name, |name| {
                    format!("  echo \"user {name} on >${key} ~* &* +@all\"")
                });
            }
            if let Some(user) = login(store) {
                let key = keys.user(cx, store, user.name.peek());
                text.of(&user.name, |name| format!("  echo \"masteruser {name}\""));
                text.line(format!("  echo \"masterauth ${key}\""));
            }
        }
    }
}

/// What the exporter is told. Source: `redis_exporter` 1.79.
pub fn exporter(cx: &Cx, store: &Store, keys: &mut Credentials) -> Exporter {
    let address = Sourced::new(
        Str::from(format!(
            "redis://127.0.0.1:{}",
            if is_watched(store) {
                redis_sentinel::server_port(store)
            } else {
                port(store)
            }
        )),
        store.engine.origin().clone(),
    );
    let mut env = vec![("REDIS_ADDR", Said::Text(Expr::from(&address)))];
    if let Some(user) = login(store) {
        let key = keys.user(cx, store, user.name.peek());
        if user.name.peek() != DEFAULT {
            env.push(("REDIS_USER", Said::Text(Expr::from(&user.name))));
        }
        env.push(("REDIS_PASSWORD", Said::Key(key)));
    }
    Exporter {
        port: 9121,
        env,
        args: Vec::new(),
    }
}
