//! Secrets that belong to no program: certificates that are brought, pull secrets, logins of routes.

use crate::address::SecretValue;
use crate::cx::Cx;
use crate::names::dashed;
use crate::secrets::plan::{Plan, PlannedSecret, planned};
use indexmap::IndexMap;
use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec::app::OrNone;
use plimsoll_spec::app::route::TlsKind;
use plimsoll_world::{Cond, Expr, Unit};

/// Adds them to the plan.
pub fn plan(cx: &Cx, plan: &mut Plan) {
    pull(cx, plan);
    for route in cx.app.routes.values() {
        let unit = Unit::Route(route.name.peek().clone());
        let when = Cond::on(&route.enabled);
        if let TlsKind::Named(name) = route.tls.kind.peek() {
            let keys = [("tls.crt", Some("public")), ("tls.key", Some("private"))];
            let origin = route.tls.kind.origin();
            add(
                cx,
                plan,
                &unit,
                cx.main_namespace(),
                "kubernetes.io/tls",
                name,
                &keys,
                &when,
                origin,
            );
        }
        if let OrNone::Some(auth) = &route.auth
            && let Some(basic) = &auth.basic
        {
            let several = cx
                .app
                .secrets
                .get(basic.peek())
                .is_some_and(|known| !known.keys.is_empty());
            let keys: &[(&str, Option<&str>)] = if several {
                &[
                    ("username", Some("username")),
                    ("password", Some("password")),
                ]
            } else {
                &[("password", None)]
            };
            add(
                cx,
                plan,
                &unit,
                cx.main_namespace(),
                "Opaque",
                basic.peek(),
                keys,
                &when,
                basic.origin(),
            );
        }
    }
}

/// The pull secret stands in every namespace that pods of ours live in, unless a chart names
/// another one, which is there already.
fn pull(cx: &Cx, plan: &mut Plan) {
    let Some(name) = cx
        .app
        .images
        .pull
        .as_ref()
        .and_then(|pull| pull.name.as_ref())
    else {
        return;
    };
    let knob = crate::workload::container::pull_secret(cx);
    for (namespace, _) in &cx.lived_in {
        let object = Str::from(dashed(name.peek()));
        let when = match &knob {
            Some(knob) => Cond::Is(Expr::from(knob), object),
            None => Cond::known(true, name.origin()),
        };
        let keys = [(".dockerconfigjson", None)];
        let kind = "kubernetes.io/dockerconfigjson";
        add(
            cx,
            plan,
            &Unit::Shared,
            namespace,
            kind,
            name.peek(),
            &keys,
            &when,
            name.origin(),
        );
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "one call for each kind of Secret, all parts differ"
)]
fn add(
    cx: &Cx,
    plan: &mut Plan,
    unit: &Unit,
    namespace: &Sourced<Str>,
    kind: &'static str,
    value: &str,
    keys: &[(&str, Option<&str>)],
    when: &Cond,
    origin: &Origin,
) {
    let object = Sourced::new(Str::from(dashed(value)), origin.clone());
    let id = (namespace.peek().clone(), object.peek().clone());
    let mut all = IndexMap::new();
    for (key, part) in keys {
        let secret = SecretValue {
            key: (*key).into(),
            value: value.into(),
            part: part.map(Str::from),
            origin: origin.clone(),
        };
        all.insert(Str::from(*key), planned(cx, secret, None));
    }
    plan.entry(id).or_insert(PlannedSecret {
        unit: unit.clone(),
        namespace: namespace.clone(),
        name: object,
        knob: None,
        kind,
        when: when.clone(),
        keys: all,
        origin: origin.clone(),
        asked: origin.clone(),
    });
}
