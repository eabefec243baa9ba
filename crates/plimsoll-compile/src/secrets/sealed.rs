//! Objects that hold sealed values, and what is still to be sealed.

use crate::cx::Cx;
use crate::names;
use crate::secrets::plan::{self, Plan, PlannedSecret};
use crate::secrets::source::{is, name};
use plimsoll_source::{Entry, Finding, Handle, Level, Node, Origin, Rule, Str};
use plimsoll_spec::app::platform::SecretSourceUse;
use plimsoll_spec::app::sealed::{self, SealedValues};
use plimsoll_world::{Cond, Expr, Form, MapBuilder, ObjectForm, Param, Role, Scope, Unit, form};
use std::sync::Arc;

/// A key that pods want and nobody sealed.
pub static NOT_SEALED: Rule = Rule {
    code: "PL0430",
    name: "not-sealed",
    level: Level::Error,
    consequence: "pods would wait for a Secret that lacks it",
    docs: "`platform.secrets` is `sealed`: every value stands sealed in `sealed/ENVIRONMENT.yaml`. \
           `plimsoll secrets seal -e ENVIRONMENT` makes what can be made, asks for what a person brings, \
           seals it with `platform.secrets.certificate` and writes the file. What is sealed already stays.",
};

/// Values that were sealed in another scope.
pub static OTHER_SCOPE: Rule = Rule {
    code: "PL0431",
    name: "sealed-in-another-scope",
    level: Level::Error,
    consequence: "the controller would not open them",
    docs: "A value is sealed for one Secret, one namespace or one cluster, and opens nowhere else. \
           `platform.secrets.scope` is not the scope of these values: change it back, or seal them again \
           (`plimsoll secrets seal`), for which each has to be made or brought again.",
};

/// One object for each planned Secret that has sealed values, where values are sealed.
///
/// Source: Sealed Secrets 0.36, `bitnami.com/v1alpha1`.
pub fn objects(cx: &Cx, plan: &Plan, out: &mut Vec<ObjectForm>) {
    if *cx.app.platform.secrets.use_.peek() != SecretSourceUse::Sealed {
        return;
    }
    for ((namespace, name), secret) in plan {
        let id = (namespace.clone(), name.clone());
        let sealed = cx.app.platform.secrets.sealed.secrets.get(&id);
        if plimsoll_world::holds(&secret.when) {
            missing(cx, secret, sealed);
        }
        if let Some(sealed) = sealed {
            out.push(object(cx, secret, sealed));
        }
    }
}

fn object(cx: &Cx, secret: &PlannedSecret, sealed: &SealedValues) -> ObjectForm {
    let s = &Scope::new("secrets/sealed").because(&secret.origin);
    let scope = &cx.app.platform.secrets.scope;
    let wide = scope
        .peek()
        .annotation()
        .map(|key| (key, scope.map(|_| Str::from("true"))));
    let annotations = || {
        let mut annotations = MapBuilder::new(s);
        if let Some((key, on)) = &wide {
            annotations.put(s, *key, on);
        }
        plimsoll_world::Fragment(annotations.build())
    };
    let values = values(secret, sealed);
    let typed = Cond::known(secret.kind != "Opaque", &secret.origin);
    let body = form!(s; {
        apiVersion: "bitnami.com/v1alpha1",
        kind: "SealedSecret",
        metadata: {
            name: name(secret),
            namespace: &secret.namespace,
            labels: names::labels(cx, name(secret), "secret"),
            annotations: annotations(),
        },
        spec: {
            encryptedData: Expr::Val(values.clone()),
            template: {
                metadata: {
                    name: name(secret),
                    namespace: &secret.namespace,
                    labels: names::labels(cx, name(secret), "secret"),
                    annotations: annotations(),
                },
                when (typed) type: plimsoll_world::Lit(secret.kind),
                data: plimsoll_world::Fragment(known(s, secret)),
            },
        },
    });
    let when = secret.when.clone().and(is(cx, SecretSourceUse::Sealed));
    let when = when.and(Cond::Truthy(Expr::Val(values)));
    ObjectForm::new(unit(secret), when, body).role(Role::SecretSource)
}

/// Values beside the sealed ones that are no secrets.
fn known(s: &Scope, secret: &PlannedSecret) -> Form {
    let mut known = MapBuilder::new(s);
    for key in secret.keys.values() {
        if let Some(value) = &key.fixed {
            known.put(s, key.key.clone(), value);
        }
    }
    known.build()
}

/// The block of a Secret: where others read that of a service as well, the service.
fn unit(secret: &PlannedSecret) -> Unit {
    let service = secret.knob.as_ref().and_then(plan::service_of);
    service.map_or_else(|| secret.unit.clone(), Unit::Service)
}

/// The word that holds the sealed values of a Secret: of a service its own, of others one by the name of
/// the Secret.
fn values(secret: &PlannedSecret, sealed: &SealedValues) -> Arc<Param> {
    let handle = match unit(secret) {
        Unit::Service(service) => format!("services.{service}.secrets.sealed"),
        _ => format!("platform.secrets.sealed.{}", secret.name.peek()),
    };
    let wanted = |entry: &&Entry| {
        let key = secret.keys.get(&entry.key);
        key.is_some_and(|key| key.fixed.is_none())
    };
    let entries = sealed.values.entries().iter().filter(wanted).cloned();
    let origin = secret.asked.because(sealed.values.origin());
    Arc::new(Param {
        handle: Handle(handle.into()),
        value: Node::map(origin, entries.collect::<Vec<_>>()),
    })
}

/// Reports what of a Secret nobody sealed, or so that it does not open.
fn missing(cx: &Cx, secret: &PlannedSecret, sealed: Option<&SealedValues>) {
    let source = &cx.app.platform.secrets;
    let environment = cx.app.environment.name.peek();
    let object = format!("Secret/{}", secret.name.peek());
    let help = format!("`plimsoll secrets seal -e {environment}`");
    let file = sealed::path(environment);
    let keys = secret.keys.values().filter(|key| key.fixed.is_none());
    let missing: Vec<_> = keys
        .filter(|key| sealed.is_none_or(|sealed| sealed.values.get(&key.key).is_none()))
        .collect();
    if let Some(first) = missing.first() {
        let names: Vec<&str> = missing.iter().map(|key| key.key.as_str()).collect();
        let message = format!(
            "`{file}` holds no sealed {} of the Secret `{}` in `{}`",
            names.join(", "),
            secret.name.peek(),
            secret.namespace.peek()
        );
        let finding = Finding::new(&NOT_SEALED, message)
            .mark_origin(written(&first.origin, &secret.origin), "asks for it")
            .about(object.clone());
        cx.report(finding.help(help.clone()));
    }
    if let Some(sealed) = sealed.filter(|sealed| sealed.scope != *source.scope.peek()) {
        let message = format!(
            "the values of the Secret `{}` are sealed in another scope",
            secret.name.peek()
        );
        let finding = Finding::new(&OTHER_SCOPE, message)
            .mark_origin(source.scope.origin(), "wanted")
            .mark_origin(sealed.document.origin(), "sealed")
            .about(object);
        cx.report(finding.help(help));
    }
}

/// Of two origins the first that somebody wrote.
fn written<'o>(one: &'o Origin, other: &'o Origin) -> &'o Origin {
    if one.place().is_some() { one } else { other }
}
