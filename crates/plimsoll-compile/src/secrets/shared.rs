//! Secrets that belong to no program: certificates that are brought, pull secrets, logins of routes.

use crate::address::SecretValue;
use crate::cx::Cx;
use crate::names::dashed;
use crate::secrets::plan::{Login, Plan, PlannedSecret, planned};
use indexmap::IndexMap;
use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec::app::Route;
use plimsoll_spec::app::guard::Guard;
use plimsoll_spec::app::platform::GatewayUse;
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
    }
    for route in cx.app.routes.values() {
        logins(cx, route, plan);
    }
}

/// The logins before a route, beside the route: where its gateway reads them.
fn logins(cx: &Cx, route: &Route, plan: &mut Plan) {
    let own = route.auth.some();
    let of_paths = route.paths.values().filter_map(|path| path.auth.some());
    for auth in own.into_iter().chain(of_paths) {
        if let Some(basic) = &auth.basic {
            login(cx, route, basic, plan);
        }
        if let Some(oidc) = &auth.oidc {
            let keys = [("client-secret", None)];
            let (unit, when) = (unit(route), Cond::on(&route.enabled));
            let home = crate::network::route::home_of(cx, route);
            let name = oidc.secret.peek();
            add(
                cx,
                plan,
                &unit,
                &home,
                "Opaque",
                name,
                &keys,
                &when,
                oidc.secret.origin(),
            );
        }
    }
}

fn unit(route: &Route) -> Unit {
    Unit::Route(route.name.peek().clone())
}

/// Name and password as people read them, and the line that the gateway compares.
fn login(cx: &Cx, route: &Route, basic: &Sourced<Str>, plan: &mut Plan) {
    let known = cx.app.secrets.get(basic.peek());
    let several = known.is_some_and(|known| !known.keys.is_empty());
    let keys: &[(&str, Option<&str>)] = if several {
        &[
            ("username", Some("username")),
            ("password", Some("password")),
        ]
    } else {
        &[("password", None)]
    };
    let home = crate::network::route::home_of(cx, route);
    let when = Cond::on(&route.enabled);
    add(
        cx,
        plan,
        &unit(route),
        &home,
        "Opaque",
        basic.peek(),
        keys,
        &when,
        basic.origin(),
    );
    let Some(key) = line_key(cx) else {
        return;
    };
    let id = (home.peek().clone(), Str::from(dashed(basic.peek())));
    let Some(secret) = plan.get_mut(&id) else {
        return;
    };
    let part = several.then(|| Str::from("password"));
    let value = SecretValue {
        key: key.into(),
        value: basic.peek().clone(),
        part,
        origin: basic
            .origin()
            .because(cx.app.platform.gateway.use_.origin()),
    };
    let line = planned(cx, value);
    let login = if several {
        Login::Part("username".into())
    } else {
        Login::Named(route.name.clone())
    };
    let line = secret.keys.entry(key.into()).or_insert(line);
    if !line.logins.contains(&login) {
        line.logins.push(login);
    }
}

/// The key under which a gateway looks for the lines of logins.
fn line_key(cx: &Cx) -> Option<&'static str> {
    Guard::Basic
        .is_known(&cx.app.platform)
        .then(|| match cx.gateway() {
            GatewayUse::Envoy => Some(".htpasswd"),
            GatewayUse::Traefik => Some("users"),
            GatewayUse::IngressNginx => Some("auth"),
            _ => None,
        })?
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
        all.insert(Str::from(*key), planned(cx, secret));
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
