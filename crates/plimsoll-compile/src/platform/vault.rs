//! How External Secrets reaches a vault of the platform: the store that all of our secrets name.
//!
//! Source: External Secrets 2.9, `external-secrets.io/v1`. `OpenBao` speaks the words of Vault. Only our
//! own namespaces may ask the store.

use crate::cx::{Cx, Objects};
use crate::names;
use crate::secrets::source::is_external;
use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec::app::platform::VaultUse;
use plimsoll_world::{Cond, Form, Lit, ObjectForm, Role, Scope, Unit, form};

/// The store, one of the cluster or one in each namespace.
pub fn objects(cx: &Cx, out: &mut Objects) {
    let vault = &cx.app.platform.vault;
    if *vault.use_.peek() == VaultUse::None {
        return;
    }
    let store = &cx.app.platform.secrets.store;
    let s = &Scope::new("platform/vault").because(&vault.component.origin);
    let ours = &cx.lived_in;
    // Of another kind it is another object.
    let name = store.name.clone().because(store.kind.origin());
    let metadata = |namespace: Option<&Sourced<Str>>| {
        form!(s; {
            name: &name,
            namespace: namespace,
            labels: names::labels(cx, cx.name(), "secret"),
        })
    };
    let asked = Origin::all([vault.use_.origin().clone(), store.kind.origin().clone()]);
    let when = || is_external(cx).and(Cond::known(true, &asked));
    let of_cluster = store.kind.peek() == "ClusterSecretStore";
    let places: Vec<Option<&Sourced<Str>>> = if of_cluster {
        vec![None]
    } else {
        ours.iter().map(|(name, _)| Some(name)).collect()
    };
    for place in places {
        let names = ours.iter().map(|(name, _)| name);
        let body = form!(s; {
            apiVersion: "external-secrets.io/v1",
            kind: &store.kind,
            metadata: metadata(place),
            spec: {
                provider: { vault: provider(cx) },
                conditions: of_cluster.then(|| form!(s; [{ namespaces: [for name in names => name] }])),
            },
        });
        out.push(ObjectForm::new(Unit::Shared, when(), body).role(Role::SecretSource));
    }
}

fn provider(cx: &Cx) -> Form {
    let vault = &cx.app.platform.vault;
    let s = &Scope::new("platform/vault").because(vault.use_.origin());
    let name = match vault.use_.peek() {
        VaultUse::Vault => "vault",
        VaultUse::OpenBao | VaultUse::None => "openbao",
    };
    let home = vault.component.namespace.clone();
    let home = home.unwrap_or_else(|| Sourced::rule("platform/vault", Str::from(name)));
    form!(s; {
        server: home.map(|home| Str::from(format!("http://{name}.{home}:8200"))),
        path: "secret",
        version: "v2",
        auth: { kubernetes: {
            mountPath: "kubernetes",
            role: cx.name(),
            serviceAccountRef: { name: Lit("external-secrets"), namespace: Lit("external-secrets") },
        } },
    })
}
