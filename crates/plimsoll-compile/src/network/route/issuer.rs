//! Who signs the certificates of routes: an issuer that exists, or one of ours at Let's Encrypt.
//!
//! Source: cert-manager 1.21, `cert-manager.io/v1`; an account there needs no address.

use super::{gateway, ingress};
use crate::cx::{Cx, Objects};
use crate::names;
use plimsoll_source::{Node, Origin, Sourced, Str};
use plimsoll_spec::app::Route;
use plimsoll_spec::app::platform::{CertificatesUse, Challenge, GatewayApi};
use plimsoll_spec::app::route::TlsKind;
use plimsoll_world::{Cond, Form, Lit, ObjectForm, Role, Scope, Unit, form};

/// Name of an issuer of ours.
const OURS: &str = "letsencrypt";

/// What cert-manager reads on a Gateway or an Ingress.
pub(super) fn annotation(cx: &Cx) -> Option<(&'static str, Node)> {
    let certificates = &cx.app.platform.certificates;
    if *certificates.use_.peek() != CertificatesUse::CertManager {
        return None;
    }
    let node = |name: &Sourced<Str>| Node::Text(name.origin().clone(), name.peek().clone());
    Some(match &certificates.issuer {
        Some(name) => ("cert-manager.io/cluster-issuer", node(name)),
        None => ("cert-manager.io/issuer", node(&ours(cx))),
    })
}

/// An issuer of ours wherever certificates are asked for.
pub(super) fn objects(cx: &Cx, out: &mut Objects) {
    let certificates = &cx.app.platform.certificates;
    if *certificates.use_.peek() != CertificatesUse::CertManager || certificates.issuer.is_some() {
        return;
    }
    for namespace in namespaces(cx) {
        let asked = asking(cx, &namespace).fold(
            Cond::known(false, &Origin::rule("network/route/issuer", [])),
            |any, route| any.or(on(cx, route)),
        );
        out.push(
            ObjectForm::new(Unit::Shared, asked, issuer(cx, &namespace)).role(Role::SecretSource),
        );
    }
}

/// Where certificates of routes are asked for, each namespace once.
pub fn namespaces(cx: &Cx) -> Vec<Sourced<Str>> {
    let mut all: Vec<Sourced<Str>> = Vec::new();
    for route in cx.app.routes.values().filter(|route| is_auto(route)) {
        let home = home(cx, route);
        if !all.iter().any(|known| known.peek() == home.peek()) {
            all.push(home);
        }
    }
    all
}

fn asking<'a>(cx: &'a Cx, namespace: &'a Sourced<Str>) -> impl Iterator<Item = &'a Route> {
    let routes = cx.app.routes.values().filter(|route| is_auto(route));
    routes.filter(move |route| home(cx, route).peek() == namespace.peek())
}

fn is_auto(route: &Route) -> bool {
    *route.tls.kind.peek() == TlsKind::Auto
}

fn on(cx: &Cx, route: &Route) -> Cond {
    let here = match cx.app.platform.gateway.api.peek() {
        GatewayApi::Gateway => gateway::on(cx, route),
        GatewayApi::Ingress => ingress::on(route),
    };
    here.and(Cond::decided(&route.tls.kind, |kind| {
        *kind == TlsKind::Auto
    }))
}

/// Where the certificate of a route lives: with the Gateway, or with the Ingress.
fn home(cx: &Cx, route: &Route) -> Sourced<Str> {
    match cx.app.platform.gateway.api.peek() {
        GatewayApi::Gateway => cx.main_namespace().clone(),
        GatewayApi::Ingress => ingress::home(cx, route),
    }
}

fn ours(cx: &Cx) -> Sourced<Str> {
    let decided = cx.app.platform.certificates.use_.origin();
    Sourced::rule("network/route/issuer", Str::from(OURS)).because(decided)
}

fn issuer(cx: &Cx, namespace: &Sourced<Str>) -> Form {
    let certificates = &cx.app.platform.certificates;
    let s = &Scope::new("network/route/issuer").because(certificates.use_.origin());
    let name = ours(cx);
    form!(s; {
        apiVersion: "cert-manager.io/v1",
        kind: "Issuer",
        metadata: {
            name: &name,
            namespace: namespace,
            labels: names::labels(cx, &name, "certificate"),
        },
        spec: { acme: {
            server: "https://acme-v02.api.letsencrypt.org/directory",
            email: certificates.email.as_ref(),
            privateKeySecretRef: { name: Lit("letsencrypt-account") },
            solvers: [{ http01: solver(cx) }],
        } },
    })
}

/// How the page is shown that proves a host to be ours. By a DNS record is the platform's own matter:
/// it needs rights at the provider, so that an issuer for it is named (a finding says so).
fn solver(cx: &Cx) -> Form {
    let platform = &cx.app.platform;
    let s = &Scope::new("network/route/issuer").because(platform.gateway.api.origin());
    let class = gateway::class(cx);
    match platform.gateway.api.peek() {
        GatewayApi::Gateway => form!(s; { gatewayHTTPRoute: { parentRefs: [{
            group: "gateway.networking.k8s.io",
            kind: "Gateway",
            name: cx.name(),
            namespace: cx.main_namespace(),
        }] } }),
        GatewayApi::Ingress => form!(s; { ingress: { ingressClassName: class } }),
    }
}

/// Whether a page has to be shown in a namespace.
pub fn shows_pages(cx: &Cx, namespace: &str) -> bool {
    let certificates = &cx.app.platform.certificates;
    *certificates.use_.peek() == CertificatesUse::CertManager
        && *certificates.challenge.peek() == Challenge::Http01
        && namespaces(cx).iter().any(|known| known.peek() == namespace)
}
