//! The passwords that a store brings: one for each of its users, and those that its own parts use
//! among themselves. All stand in the Secret `NAME-credentials` beside the store.

use super::on;
use crate::address::{self, SecretValue};
use crate::cx::Cx;
use crate::names;
use crate::secrets::plan::{self, Plan, PlannedKey, PlannedSecret};
use indexmap::IndexMap;
use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec::app::Store;
use plimsoll_spec::app::store::User;
use plimsoll_world::{Expr, Form, Scope, Unit, form};

/// The keys of a store's Secret, as its engine asks for them.
#[derive(Default)]
pub struct Credentials {
    keys: IndexMap<Str, PlannedKey>,
}

impl Credentials {
    /// The keys of all users.
    pub fn of(cx: &Cx, store: &Store) -> Self {
        let mut all = Self::default();
        for user in users(store) {
            let value = address::user_password(store, user.name.peek(), user.name.origin());
            all.add(cx, value);
        }
        all
    }

    fn add(&mut self, cx: &Cx, value: SecretValue) -> Str {
        let key = value.key.clone();
        let planned = plan::planned(cx, value);
        self.keys.entry(key.clone()).or_insert(planned);
        key
    }

    /// The key of a user of the file, or of one that the store itself needs.
    pub fn user(&mut self, cx: &Cx, store: &Store, user: &str) -> Str {
        if store
            .users
            .some()
            .is_some_and(|users| users.contains_key(user))
        {
            return self.add(cx, address::user_password(store, user, &store.origin));
        }
        self.inner(cx, store, user)
    }

    /// The key of what only the store's own parts know: `DB_REPLICATION_PASSWORD`.
    pub fn inner(&mut self, cx: &Cx, store: &Store, what: &str) -> Str {
        let prefix = names::variable(store.name.peek());
        let key = Str::from(format!("{prefix}_{}_PASSWORD", names::variable(what)));
        let value = SecretValue {
            key: key.clone(),
            value: key,
            part: None,
            origin: store.origin.clone(),
        };
        self.add(cx, value)
    }

    /// Adds the Secret to the plan.
    pub fn plan(self, store: &Store, plan: &mut Plan) {
        if self.keys.is_empty() {
            return;
        }
        let name = secret_name(store);
        let id = (store.namespace.peek().clone(), name.peek().clone());
        let secret = PlannedSecret {
            unit: Unit::Store(store.name.peek().clone()),
            namespace: store.namespace.clone(),
            name,
            knob: None,
            kind: "Opaque",
            when: on(store),
            keys: self.keys,
            origin: store.origin.clone(),
            asked: asked_by(store),
        };
        plan.insert(id, secret);
    }
}

/// What decides which keys the Secret of a store has: its users, and whose databases need one.
fn asked_by(store: &Store) -> Origin {
    let users = users(store).flat_map(|user| {
        let named = user.password.as_ref().map(|name| name.origin().clone());
        [Some(user.name.origin().clone()), named]
            .into_iter()
            .flatten()
    });
    let owners = store.databases.values().map(|it| it.owner.origin().clone());
    let all = users.chain(owners).chain([store.origin.clone()]);
    Origin::rule("stores/credentials", []).because(&Origin::all(all))
}

/// The users of a store.
pub fn users(store: &Store) -> impl Iterator<Item = &User> {
    store
        .users
        .some()
        .into_iter()
        .flat_map(|users| users.values())
}

/// `NAME-credentials`.
pub fn secret_name(store: &Store) -> Sourced<Str> {
    store
        .name
        .map(|name| Str::from(format!("{name}-credentials")))
}

/// A variable with a key of the store's Secret.
pub fn variable(s: &Scope, store: &Store, name: &str, key: &Str) -> Form {
    form!(s; {
        name: s.text(name),
        valueFrom: { secretKeyRef: {
            name: Expr::from(&secret_name(store)),
            key: s.text(key.clone()),
        } },
    })
}
