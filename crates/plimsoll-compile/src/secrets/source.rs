//! The objects that bring Secrets, by where values come from. None of them holds a value.

use crate::address::Piece;
use crate::cx::{Cx, Objects};
use crate::names;
use crate::program::Program;
use crate::secrets::plan::{self, Login, Plan, PlannedKey, PlannedSecret};
use plimsoll_source::{Entry, Handle, Knob, Node, Origin, Sourced, Str};
use plimsoll_spec::app::Service;
use plimsoll_spec::app::platform::{GatewayUse, SecretSourceUse, VaultUse};
use plimsoll_world::{Cond, Expr, Form, MapBuilder, ObjectForm, Param, Role, Scope, Var, form};
use std::sync::Arc;

/// Where values come from, as a condition on the word that a chart may turn.
pub(super) fn is(cx: &Cx, wanted: SecretSourceUse) -> Cond {
    let knob = &cx.app.platform.secrets.use_;
    let text = Knob::new(knob.handle().clone(), knob.fixed().map(|use_| word(*use_)));
    Cond::Is(Expr::from(&text), word(wanted).into())
}

/// Whether External Secrets brings them.
pub fn is_external(cx: &Cx) -> Cond {
    is(cx, SecretSourceUse::External)
}

fn word(use_: SecretSourceUse) -> &'static str {
    match use_ {
        SecretSourceUse::Generated => "generated",
        SecretSourceUse::Existing => "existing",
        SecretSourceUse::External => "external",
        SecretSourceUse::Sealed => "sealed",
        SecretSourceUse::Csi => "csi",
        SecretSourceUse::Static => "static",
    }
}

/// Whether a controller fills Secrets, so that they change behind the pods' backs.
pub fn is_filled_by_a_controller(cx: &Cx) -> Cond {
    is(cx, SecretSourceUse::External).or(is(cx, SecretSourceUse::Sealed))
}

/// Whether values stand in a chart's values, and are given there.
pub fn is_static(cx: &Cx, values: &Arc<Param>) -> Cond {
    is(cx, SecretSourceUse::Static).and(Cond::Truthy(Expr::Val(values.clone())))
}

/// The word that gives the values of a service's secrets in a chart. No file ever holds one.
pub fn values_of(service: &str) -> Arc<Param> {
    let handle = Handle(format!("services.{service}.secrets.values").into());
    let value = Node::map(Origin::rule("secrets/source", []), []);
    Arc::new(Param { handle, value })
}

/// The word that names the keys of a service's secrets at the provider.
fn keys_of(service: &str, secret: &PlannedSecret) -> Arc<Param> {
    let entries = secret.keys.values().map(|key| Entry {
        key: key.key.clone(),
        at: key.origin.clone(),
        value: Node::Text(key.provider.origin().clone(), key.provider.peek().clone()),
    });
    let handle = Handle(format!("services.{service}.secrets.keys").into());
    let value = Node::map(secret.asked.clone(), entries.collect::<Vec<_>>());
    Arc::new(Param { handle, value })
}

/// One object for each planned Secret; for services also what a chart's values may ask for.
pub fn objects(cx: &Cx, plan: &Plan, out: &mut Objects) {
    for service in cx.app.services.values() {
        let program = Program::service(service);
        let secret = of_service(&program, service);
        out.push(static_secret(cx, &secret));
        if !plan.contains_key(&(secret.namespace.peek().clone(), secret.name.peek().clone())) {
            let keys = keys_of(service.name.peek(), &secret);
            let asked = program.on().and(Cond::Truthy(Expr::Val(keys)));
            let when = asked.and(is(cx, SecretSourceUse::External));
            let form = ObjectForm::new(secret.unit.clone(), when, external_secret(cx, &secret));
            out.push(form.role(Role::SecretSource));
        }
    }
    for secret in plan.values() {
        let external = secret.when.clone().and(is(cx, SecretSourceUse::External));
        let external = match turned(cx, secret) {
            Some(service) => {
                let keys = keys_of(&service, secret);
                external.and(Cond::Truthy(Expr::Val(keys)))
            }
            None => external,
        };
        let form = ObjectForm::new(secret.unit.clone(), external, external_secret(cx, secret));
        out.push(form.role(Role::SecretSource));
    }
}

/// The Secret of a service that asks for nothing yet.
fn of_service(program: &Program, service: &Service) -> PlannedSecret {
    PlannedSecret {
        unit: program.unit.clone(),
        namespace: program.namespace.clone(),
        name: service.secret_name.fixed().clone(),
        knob: Some(service.secret_name.clone()),
        kind: "Opaque",
        when: program.on(),
        keys: indexmap::IndexMap::new(),
        origin: program.origin.clone(),
        asked: program.origin.clone(),
    }
}

/// A Secret with the values that a chart is given.
fn static_secret(cx: &Cx, secret: &PlannedSecret) -> ObjectForm {
    let s = &Scope::new("secrets/source").because(&secret.origin);
    let values = match &secret.unit {
        plimsoll_world::Unit::Service(name) => values_of(name),
        other => unreachable!("only services have static values: {other}"),
    };
    let when = secret.when.clone().and(is_static(cx, &values));
    let body = form!(s; {
        apiVersion: "v1",
        kind: "Secret",
        metadata: {
            name: name(secret),
            namespace: &secret.namespace,
            labels: names::labels(cx, &secret.name, "secret"),
        },
        type: "Opaque",
        stringData: form!(s; { ..Expr::Val(values) }),
    });
    ObjectForm::new(secret.unit.clone(), when, body).role(Role::SecretSource)
}

/// The service whose words turn the keys of a Secret; those of others are fixed.
fn turned(cx: &Cx, secret: &PlannedSecret) -> Option<Str> {
    let service = plan::service_of(secret.knob.as_ref()?)?;
    let simple = secret.keys.values().all(|key| {
        !key.provider.peek().contains('#')
            && key.variable
            && key.files.is_empty()
            && key.logins.is_empty()
            && key.fixed.is_none()
    });
    let of_service = Program::service(cx.app.services.get(&service)?);
    let own = plan::keys(cx, &of_service);
    let same =
        own.len() == secret.keys.len() && own.keys().all(|key| secret.keys.contains_key(key));
    (simple && same).then_some(service)
}

/// The name of a Secret, which a chart may turn.
pub(super) fn name(secret: &PlannedSecret) -> Expr {
    match &secret.knob {
        Some(knob) => Expr::from(knob),
        None => Expr::from(&secret.name),
    }
}

/// Source: External Secrets 2.9, `external-secrets.io/v1`.
fn external_secret(cx: &Cx, secret: &PlannedSecret) -> Form {
    let s = &Scope::new("secrets/source").because(&secret.origin);
    let source = &cx.app.platform.secrets;
    let store = store_param(cx);
    form!(s; {
        apiVersion: "external-secrets.io/v1",
        kind: "ExternalSecret",
        metadata: {
            name: name(secret),
            namespace: &secret.namespace,
            labels: names::labels(cx, name(secret), "secret"),
        },
        spec: {
            refreshInterval: source.refresh.map(plimsoll_spec::types::Duration::go),
            secretStoreRef: store,
            target: {
                name: name(secret),
                creationPolicy: "Owner",
                deletionPolicy: "Retain",
                template: plimsoll_world::Fragment(template(cx, s, secret)),
            },
            data: data(cx, s, secret),
        },
    })
}

/// What the provider does not bring: the type, and values that are no secrets.
fn template(cx: &Cx, s: &Scope, secret: &PlannedSecret) -> Form {
    let typed = Cond::known(secret.kind != "Opaque", &secret.origin);
    let mut fixed = MapBuilder::new(s);
    for key in secret.keys.values() {
        if let Some(value) = &key.fixed {
            fixed.put(s, key.key.clone(), value);
        }
        if is_line(cx, key) {
            fixed.put(s, key.key.clone(), lines(s, &key.logins));
        }
        if !key.composed.is_empty() {
            fixed.put(s, key.key.clone(), file(s, &key.composed));
        }
    }
    let some = secret.keys.values().any(|key| is_made_there(cx, key));
    form!(s; {
        when (typed) type: plimsoll_world::Lit(secret.kind),
        when (Cond::known(some, &secret.origin)) mergePolicy: "Merge",
        data: plimsoll_world::Fragment(fixed.build()),
    })
}

/// Whether a key is made of others by the template.
fn is_made_there(cx: &Cx, key: &PlannedKey) -> bool {
    key.fixed.is_some() || !key.composed.is_empty() || is_line(cx, key)
}

/// Whether a key holds lines that the template can make. Envoy reads hashes of another kind: there the
/// provider has the line itself, as the property `htpasswd`.
fn is_line(cx: &Cx, key: &PlannedKey) -> bool {
    !key.logins.is_empty() && cx.gateway() != GatewayUse::Envoy
}

/// A file, as the template makes it of values: braces of its own are no template.
fn file(s: &Scope, pieces: &[Piece]) -> Sourced<Str> {
    let mut origins = vec![s.origin().clone()];
    let mut part = |piece: &Piece| match piece {
        Piece::Text(text) => {
            origins.push(text.origin().clone());
            text.peek().replace("{{", "{{ \"{{\" }}")
        }
        Piece::Secret(secret) => {
            origins.push(secret.origin.clone());
            format!("{{{{ index . \"{}\" }}}}", secret.key)
        }
    };
    let text: String = pieces.iter().map(&mut part).collect();
    let origin = plimsoll_source::Origin::rule("secrets/source", origins);
    Sourced::new(Str::from(text), origin)
}

/// The lines of logins, as the template makes them.
fn lines(s: &Scope, logins: &[Login]) -> Sourced<Str> {
    let mut origins = vec![s.origin().clone()];
    let mut line = |login: &Login| match login {
        Login::Named(user) => {
            origins.push(user.origin().clone());
            format!("{{{{ htpasswd \"{}\" .password }}}}", user.peek())
        }
        Login::Part(part) => format!("{{{{ htpasswd .{part} .password }}}}"),
    };
    let lines: Vec<String> = logins.iter().map(&mut line).collect();
    let origin = plimsoll_source::Origin::rule("secrets/source", origins);
    Sourced::new(Str::from(lines.join("\n")), origin)
}

/// Which store, as one word `{ name, kind }`.
fn store_param(cx: &Cx) -> Expr {
    let store = &cx.app.platform.secrets.store;
    let entry = |key: &str, value: &Sourced<Str>| Entry {
        key: key.into(),
        at: value.origin().clone(),
        value: Node::Text(value.origin().clone(), value.peek().clone()),
    };
    let value = Node::map(
        store.name.origin().clone(),
        [entry("name", &store.name), entry("kind", &store.kind)],
    );
    if *cx.app.platform.vault.use_.peek() != VaultUse::None {
        // A store of ours has the name that the file says; no chart can lead elsewhere.
        return Expr::Lit(value);
    }
    Expr::Val(Arc::new(Param {
        handle: store.handle.clone(),
        value,
    }))
}

/// Keys of a service's Secret can be added to in a chart; those of others are fixed.
fn data(cx: &Cx, s: &Scope, secret: &PlannedSecret) -> Form {
    let mut list = plimsoll_world::SeqBuilder::new(&s.because(&secret.asked));
    if let Some(service) = turned(cx, secret) {
        list.each(
            Expr::Val(keys_of(&service, secret)),
            form!(s; {
                secretKey: Expr::Var(Var::Key),
                remoteRef: { key: Expr::Var(Var::Item) },
            }),
        );
        return list.build();
    }
    for key in secret.keys.values().filter(|key| !is_made_there(cx, key)) {
        let (path, property) = &key.place;
        let line = || Some(Sourced::new(Str::from("htpasswd"), key.origin.clone()));
        let property = if key.logins.is_empty() {
            property.clone()
        } else {
            line()
        };
        let mut remote = MapBuilder::new(s);
        remote.put(s, "key", path);
        remote.put(s, "property", property);
        list.push(
            s,
            form!(s; {
                secretKey: Node::Text(key.origin.clone(), key.key.clone()),
                remoteRef: remote.build(),
            }),
        );
    }
    list.build()
}
