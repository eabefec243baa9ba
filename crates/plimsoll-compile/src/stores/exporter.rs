//! Exporters: a small container beside an engine that says in Prometheus' words how it is.

use super::credentials::{self, Credentials};
use super::recipe::Recipe;
use super::rules::EXPORTER_UNKNOWN;
use super::{plain, postgres, redis};
use crate::cx::{self, Cx};
use crate::workload::container::{foreign_image, security};
use crate::workload::resources;
use plimsoll_source::{Finding, Sourced, Str};
use plimsoll_spec::app::Store;
use plimsoll_spec::app::pod::Writable;
use plimsoll_spec::app::store::Engine;
use plimsoll_world::{Cond, Expr, Form, Fragment, Scope, SeqBuilder, form};

/// A variable of an exporter: its text, or the key of a credential.
pub enum Said {
    /// A text.
    Text(Expr),
    /// A key of the store's Secret.
    Key(Str),
}

/// What an exporter of an engine is told.
pub struct Exporter {
    /// Where it listens.
    pub port: u16,
    /// Its variables.
    pub env: Vec<(&'static str, Said)>,
    /// Its arguments.
    pub args: Vec<Expr>,
}

/// Whether it is known what an exporter of a store is told.
pub fn is_known(store: &Store) -> bool {
    match store.engine.peek() {
        Engine::Postgres | Engine::TimescaleDb | Engine::Redis | Engine::Valkey => true,
        _ => plain::has_exporter(store),
    }
}

/// Adds the exporter of a store to its pods; gives the port of its metrics.
pub fn add(cx: &Cx, store: &Store, recipe: &mut Recipe, keys: &mut Credentials) -> Option<u16> {
    store.exporter.some()?;
    let told = match store.engine.peek() {
        Engine::Postgres | Engine::TimescaleDb => postgres::exporter(cx, store, keys),
        Engine::Redis | Engine::Valkey => redis::exporter(cx, store, keys),
        _ => {
            let Some(told) = plain::exporter(cx, store, keys) else {
                report(cx, store);
                return None;
            };
            told
        }
    };
    let port = told.port;
    recipe.beside.extend(container(cx, store, told));
    Some(port)
}

fn report(cx: &Cx, store: &Store) {
    let Some(exporter) = store.exporter.some() else {
        return;
    };
    let message = format!("nothing is known of exporters for `{}`", store.name.peek());
    cx.report(
        Finding::new(&EXPORTER_UNKNOWN, message)
            .mark_origin(&exporter.origin, "this exporter")
            .mark_origin(store.engine.origin(), "of this engine")
            .help("write `exporter: false`, and the exporter as one of `sidecars`"),
    );
}

fn container(cx: &Cx, store: &Store, told: Exporter) -> Option<Form> {
    let exporter = store.exporter.some()?;
    let s = &Scope::new("stores/exporter").because(&exporter.origin);
    let (native, because) = cx::since(cx, 29);
    let port = Sourced::new(told.port, s.origin().clone());
    let mut env = SeqBuilder::new(s);
    for (name, said) in told.env {
        match said {
            Said::Text(text) => env.push(s, form!(s; { name: s.text(name), value: text })),
            Said::Key(key) => env.push(s, credentials::variable(s, store, name, &key)),
        }
    }
    Some(form!(s; {
        name: "exporter",
        image: foreign_image(&exporter.image),
        imagePullPolicy: Form::Expr(Expr::from(&exporter.image.policy)),
        when (Cond::known(native, &because)) restartPolicy: "Always",
        args: Fragment(form!(s; [for arg in told.args => arg])),
        env: Fragment(env.build()),
        ports: [{ name: "metrics", containerPort: &port, protocol: "TCP" }],
        resources: resources::small(),
        securityContext: security(&store.security, &Writable::Paths(Vec::new())),
        readinessProbe: { tcpSocket: { port: "metrics" }, periodSeconds: 10, timeoutSeconds: 2 },
    }))
}
