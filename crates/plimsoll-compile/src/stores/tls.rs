//! Certificates of stores: an authority of each store's own, and one certificate for all names of
//! its Services, made and renewed by cert-manager (`cert-manager.io/v1`).

use super::on;
use super::rules::TLS_WITHOUT_CERTIFICATES;
use crate::address::serves_tls;
use crate::cx::{Cx, Objects};
use crate::names;
use plimsoll_source::{Finding, Sourced, Str};
use plimsoll_spec::app::Store;
use plimsoll_spec::app::store::Tls;
use plimsoll_world::{Form, ObjectForm, Scope, Unit, form};

/// Where a store's pods see their certificate.
pub const FOLDER: &str = "/etc/plimsoll/tls";

/// The authority and the certificate of a store, where it serves TLS.
pub fn objects(cx: &Cx, store: &Store, out: &mut Objects) {
    if *store.tls.peek() == Tls::Off {
        return;
    }
    if !serves_tls(cx, store) {
        report(cx, store);
        return;
    }
    let s = &Scope::new("stores/tls").because(store.tls.origin());
    let name = |suffix: &str| store.name.map(|name| Str::from(format!("{name}-{suffix}")));
    let forms = [
        issuer(cx, store, &name("selfsigned"), form!(s; { selfSigned: {} })),
        certificate(
            cx,
            store,
            &name("ca"),
            form!(s; {
                isCA: true,
                commonName: name("ca"),
                duration: "87600h",
                issuerRef: reference(s, &name("selfsigned")),
            }),
        ),
        issuer(
            cx,
            store,
            &name("ca"),
            form!(s; { ca: { secretName: name("ca") } }),
        ),
        certificate(
            cx,
            store,
            &name("tls"),
            form!(s; {
                commonName: &store.name,
                dnsNames: dns_names(s, store),
                usages: ["digital signature", "key encipherment", "server auth", "client auth"],
                issuerRef: reference(s, &name("ca")),
            }),
        ),
    ];
    for body in forms {
        let unit = Unit::Store(store.name.peek().clone());
        out.push(ObjectForm::new(unit, on(store), body));
    }
}

fn report(cx: &Cx, store: &Store) {
    if !store.engine.peek().speaks_tls() {
        return report_engine(cx, store);
    }
    let chosen = cx.app.platform.certificates.use_.origin();
    let message = format!(
        "`{}` cannot serve TLS: nobody makes certificates",
        store.name.peek()
    );
    let finding = Finding::new(&TLS_WITHOUT_CERTIFICATES, message)
        .mark_origin(store.tls.origin(), "TLS is wanted here")
        .mark_origin(chosen, "nobody makes certificates")
        .mark_origin(&store.origin, "of this store")
        .help("set `platform.certificates: cert-manager`, or `tls: false`");
    cx.report(finding);
}

fn report_engine(cx: &Cx, store: &Store) {
    let name = store.name.peek();
    let message = format!("`{name}` is served without TLS: its engine is not told yet");
    let finding = Finding::new(&TLS_WITHOUT_CERTIFICATES, message)
        .mark_origin(store.tls.origin(), "TLS is wanted here")
        .mark_origin(store.engine.origin(), "of this engine")
        .help("write `tls: false`, and encrypt by `platform.mesh`, or use a managed store by `run: external`");
    cx.report(finding);
}

fn issuer(cx: &Cx, store: &Store, name: &Sourced<Str>, spec: Form) -> Form {
    let s = &Scope::new("stores/tls").because(store.tls.origin());
    form!(s; {
        apiVersion: "cert-manager.io/v1",
        kind: "Issuer",
        metadata: {
            name: name,
            namespace: &store.namespace,
            labels: names::labels(cx, &store.name, "store"),
        },
        spec: spec,
    })
}

fn certificate(cx: &Cx, store: &Store, name: &Sourced<Str>, spec: Form) -> Form {
    let s = &Scope::new("stores/tls").because(store.tls.origin());
    form!(s; {
        apiVersion: "cert-manager.io/v1",
        kind: "Certificate",
        metadata: {
            name: name,
            namespace: &store.namespace,
            labels: names::labels(cx, &store.name, "store"),
        },
        spec: {
            secretName: name,
            privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
            ..spec,
        },
    })
}

fn reference(s: &Scope, issuer: &Sourced<Str>) -> Form {
    form!(s; { name: issuer, kind: "Issuer", group: "cert-manager.io" })
}

/// Every name that a client may use: of the Services, short and long, and of each pod.
fn dns_names(s: &Scope, store: &Store) -> Form {
    let services = ["", "-ro", "-pooler"].map(|suffix| format!("NAME{suffix}"));
    let pods = "*.NAME-pods".to_owned();
    let mut list = plimsoll_world::SeqBuilder::new(s);
    for service in services.into_iter().chain([pods]) {
        for long in ["", ".NS", ".NS.svc", ".NS.svc.cluster.local"] {
            let name = store.name.map(|name| service.replace("NAME", name));
            if long.is_empty() {
                list.push(s, name.map(|name| Str::from(name.as_str())));
            } else {
                list.push(
                    s,
                    name.zip(&store.namespace, |name, ns| {
                        Str::from(format!("{name}{}", long.replace("NS", ns)))
                    }),
                );
            }
        }
    }
    list.push(s, s.text("localhost"));
    list.build()
}

/// The volume with the certificate, and where a container sees it. The key is readable for the
/// group alone: engines refuse one that all may read.
pub fn volume(cx: &Cx, store: &Store) -> Option<(Form, Form)> {
    if !serves_tls(cx, store) {
        return None;
    }
    let s = &Scope::new("stores/tls").because(store.tls.origin());
    Some((
        form!(s; {
            name: "tls",
            secret: {
                secretName: store.name.map(|name| Str::from(format!("{name}-tls"))),
                defaultMode: 0o440,
            },
        }),
        form!(s; { name: "tls", mountPath: s.text(FOLDER), readOnly: true }),
    ))
}
