//! What an engine adds to the pods that every store has.

use super::{clickhouse, credentials::Credentials, plain, postgres, redis};
use crate::cx::Cx;
use crate::network::flow::PodPort;
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::store::Engine;
use plimsoll_spec::app::{Health, Store};
use plimsoll_world::{Cond, Expr, Form, ObjectForm, Scope};

/// A file of an engine, in the ConfigMap of the store.
pub struct EngineFile {
    /// Where the container sees it.
    pub path: Str,
    /// Its text.
    pub text: Expr,
}

/// An environment variable of an engine.
pub struct EngineVariable {
    /// Its name.
    pub name: Str,
    /// What lets it exist.
    pub when: Cond,
    /// `value`, or `valueFrom` of a secret.
    pub value: Variable,
}

/// Where the value of a variable comes from.
pub enum Variable {
    /// It is known.
    Text(Expr),
    /// A key of the store's own Secret.
    Credential(Str),
    /// A field of the pod.
    Field(&'static str),
}

/// Scratch that an engine needs besides `writable`.
pub struct Scratch {
    /// Name of the volume.
    pub name: &'static str,
    /// Where the container sees it.
    pub path: &'static str,
    /// Whether it is memory; then its size.
    pub memory: Option<Sourced<Str>>,
}

/// A port of the pod that only the instances themselves use.
pub struct InnerPort {
    /// Its name.
    pub name: &'static str,
    /// Where the container listens.
    pub port: u16,
}

/// What an engine adds to the pods that every store has.
#[derive(Default)]
pub struct Recipe {
    /// Instead of the image's entry point.
    pub command: Vec<Form>,
    /// Arguments, before those of the file.
    pub args: Vec<(Cond, Form)>,
    /// Environment, before that of the file.
    pub env: Vec<EngineVariable>,
    /// Files.
    pub files: Vec<EngineFile>,
    /// Scratch.
    pub scratch: Vec<Scratch>,
    /// Run in the container once it has started, before it counts as ready.
    pub post_start: Option<Form>,
    /// Containers before it.
    pub before: Vec<(Cond, Form)>,
    /// Containers beside it.
    pub beside: Vec<Form>,
    /// Containers beside it that listen where clients connect.
    pub fronts: Vec<Form>,
    /// Ports between the instances.
    pub inner: Vec<InnerPort>,
    /// Ports between the instances that containers beside declare.
    pub sidecar_ports: Vec<u16>,
    /// Instead of the store's own probes.
    pub health: Option<Health>,
    /// Whether writes go to the first pod alone.
    pub primary: bool,
    /// Whether instances talk to each other.
    pub peers: bool,
    /// Further objects.
    pub objects: Vec<ObjectForm>,
    /// Further pods of the store that talk to its instances, by their name in the labels.
    pub helpers: Vec<Sourced<Str>>,
}

impl Recipe {
    /// Adds a variable with a known value.
    pub fn set(&mut self, name: &str, value: impl Into<Expr>) {
        let when = Cond::always("stores/recipe");
        self.set_when(when, name, value);
    }

    /// Adds a variable with a known value under a condition.
    pub fn set_when(&mut self, when: Cond, name: &str, value: impl Into<Expr>) {
        self.env.push(EngineVariable {
            name: name.into(),
            when,
            value: Variable::Text(value.into()),
        });
    }

    /// Adds a variable with a key of the store's Secret.
    pub fn credential(&mut self, name: &str, key: &Str) {
        self.credential_when(Cond::always("stores/recipe"), name, key);
    }

    /// Adds a variable with a key of the store's Secret under a condition.
    pub fn credential_when(&mut self, when: Cond, name: &str, key: &Str) {
        self.env.push(EngineVariable {
            name: name.into(),
            when,
            value: Variable::Credential(key.clone()),
        });
    }

    /// Adds a file.
    pub fn file(&mut self, path: impl Into<Str>, text: impl Into<Expr>) {
        self.files.push(EngineFile {
            path: path.into(),
            text: text.into(),
        });
    }

    /// Adds an argument that is always there.
    pub fn arg(&mut self, s: &Scope, text: impl Into<Str>) {
        let word = Form::Plain(s.text(text));
        self.args.push((Cond::always("stores/recipe"), word));
    }

    /// The inner ports as policies name them.
    pub fn inner_ports(&self) -> Vec<PodPort> {
        let inner = self.inner.iter().map(|port| port.port);
        let all = inner.chain(self.sidecar_ports.iter().copied());
        all.map(PodPort::tcp).collect()
    }
}

/// The recipe of a store's engine.
pub fn of(cx: &Cx, store: &Store, keys: &mut Credentials) -> Recipe {
    match store.engine.peek() {
        Engine::Postgres | Engine::TimescaleDb => postgres::recipe(cx, store, keys),
        Engine::Redis | Engine::Valkey => redis::recipe(cx, store, keys),
        Engine::ClickHouse => clickhouse::recipe(cx, store, keys),
        _ => plain::recipe(cx, store, keys),
    }
}
