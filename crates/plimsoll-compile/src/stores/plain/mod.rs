//! Engines of which facts are known: their image does most, and each gets what its row cannot say.

mod kafka;
mod memcached;
mod mongodb;
mod mysql;
mod nats;
mod opensearch;
mod rabbitmq;
mod s3;

use super::credentials::{self, Credentials};
use super::exporter::{Exporter, Said};
use super::postgres_settings::memory;
use super::recipe::{EngineVariable, Recipe, Scratch, Variable};
use super::text::Text;
use super::{several, statefulset};
use crate::cx::Cx;
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::Store;
use plimsoll_spec::app::store::Engine;
use plimsoll_world::{Cond, Expr, Form, Scope};

/// Where the files of engines are.
const FOLDER: &str = "/etc/plimsoll";

/// What such an engine adds to its pods.
pub fn recipe(cx: &Cx, store: &Store, keys: &mut Credentials) -> Recipe {
    let mut recipe = Recipe {
        peers: true,
        ..Recipe::default()
    };
    for user in credentials::users(store) {
        let key = keys.user(cx, store, user.name.peek());
        recipe.credential(&key, &key);
    }
    match store.engine.peek() {
        Engine::MySql | Engine::MariaDb => mysql::add(cx, store, keys, &mut recipe),
        Engine::MongoDb => mongodb::add(cx, store, keys, &mut recipe),
        Engine::RabbitMq => rabbitmq::add(cx, store, keys, &mut recipe),
        Engine::Kafka => kafka::add(cx, store, keys, &mut recipe),
        Engine::Nats => nats::add(cx, store, keys, &mut recipe),
        Engine::OpenSearch => opensearch::add(cx, store, keys, &mut recipe),
        Engine::Memcached => memcached::add(store, &mut recipe),
        Engine::S3 => s3::add(cx, store, keys, &mut recipe),
        _ => {}
    }
    recipe
}

/// What its exporter is told, where it needs more than its row says.
pub fn exporter(cx: &Cx, store: &Store, keys: &mut Credentials) -> Option<Exporter> {
    let (_, port) = store.engine.peek().facts()?.exporter?;
    let at = |scheme: &str, port: u16| -> Expr {
        let text = format!("{scheme}127.0.0.1:{port}");
        Expr::from(&Sourced::new(
            Str::from(text),
            store.engine.origin().clone(),
        ))
    };
    let main = main_port(store);
    let (mut env, mut args) = (Vec::new(), Vec::new());
    match store.engine.peek() {
        Engine::MySql | Engine::MariaDb => {
            let key = keys.inner(cx, store, mysql::MONITOR);
            env.push(("MYSQLD_EXPORTER_PASSWORD", Said::Key(key)));
            args.push(at("--mysqld.address=", main));
            let user = format!("--mysqld.username={}", mysql::MONITOR);
            args.push(Expr::text(store.engine.origin(), user));
        }
        Engine::MongoDb => {
            env.push(("MONGODB_URI", Said::Text(at("mongodb://", main))));
            let key = keys.inner(cx, store, mongodb::ADMIN);
            let user = Expr::text(store.engine.origin(), mongodb::ADMIN);
            env.push(("MONGODB_USER", Said::Text(user)));
            env.push(("MONGODB_PASSWORD", Said::Key(key)));
        }
        Engine::Kafka => kafka::exporter(cx, store, keys, &mut env, &mut args),
        Engine::Nats => {
            for word in ["-varz", "-connz", "-jsz=all"] {
                args.push(Expr::text(store.engine.origin(), word));
            }
            args.push(at("http://", port_named(store, "monitor").unwrap_or(8222)));
        }
        Engine::Memcached => args.push(at("--memcached.address=", main)),
        _ => return None,
    }
    Some(Exporter { port, env, args })
}

/// Whether it is known what an exporter of a store is told.
pub fn has_exporter(store: &Store) -> bool {
    matches!(
        store.engine.peek(),
        Engine::MySql
            | Engine::MariaDb
            | Engine::MongoDb
            | Engine::Kafka
            | Engine::Nats
            | Engine::Memcached
    )
}

/// The main port of the container.
fn main_port(store: &Store) -> u16 {
    store.ports.main().map_or(0, |(_, port)| *port.port.peek())
}

fn port_named(store: &Store, name: &str) -> Option<u16> {
    store.ports.all.get(name).map(|port| *port.port.peek())
}

/// Names of the pod and of its headless Service, and how many instances there are.
fn pod_names(store: &Store, recipe: &mut Recipe) {
    recipe.env.push(EngineVariable {
        name: "POD_NAME".into(),
        when: Cond::always("stores/plain"),
        value: Variable::Field("metadata.name"),
    });
    let pods = statefulset::pods_name(store);
    let domain = pods.zip(&store.namespace, |pods, ns| {
        Str::from(format!("{pods}.{ns}.svc.cluster.local"))
    });
    recipe.set("STORE", Expr::from(&store.name));
    recipe.set("DOMAIN", Expr::from(&domain));
    recipe.set("INSTANCES", Expr::concat([Expr::from(&store.instances)]));
}

/// Half of the memory for the heap of a Java program, the rest for the files that it maps: its own
/// default would not fit.
fn heap(store: &Store) -> Expr {
    let heap = memory(store).map(|memory| {
        let half = (memory / 2).max(64);
        Str::from(format!("-Xms{half}m -Xmx{half}m"))
    });
    Expr::from(&heap)
}

/// Starts by a script that writes what holds passwords into memory first.
fn starts_by(recipe: &mut Recipe, script: Text) {
    let s = &Scope::new("stores/plain");
    recipe.command = vec![
        Form::Plain(s.text("/bin/sh")),
        Form::Plain(s.text(format!("{FOLDER}/start.sh"))),
    ];
    recipe.file(format!("{FOLDER}/start.sh"), script.build());
    recipe.scratch.push(Scratch {
        name: "runtime",
        path: "/run/plimsoll",
        memory: Some(Sourced::rule("stores/plain", Str::from("4Mi"))),
    });
}

/// Runs a script in the container each time it has started.
fn set_up_by(recipe: &mut Recipe, script: Text) {
    let s = &Scope::new("stores/plain");
    let path = format!("{FOLDER}/setup.sh");
    recipe.post_start = Some(plimsoll_world::form!(s; ["/bin/sh", s.text(path.clone())]));
    recipe.file(path, script.build());
}

/// Several instances share a secret of their own.
fn shared_secret(cx: &Cx, store: &Store, keys: &mut Credentials, recipe: &mut Recipe) {
    let key = keys.inner(cx, store, "cluster");
    recipe.credential_when(several(store), "CLUSTER_SECRET", &key);
}
