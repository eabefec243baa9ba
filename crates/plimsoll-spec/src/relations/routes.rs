//! Routes: ports, hosts and paths, logins and certificates.

use plimsoll_source::{Finding, Findings, Level, Origin, Sourced, Str};
use std::collections::BTreeMap;

use super::names;
use super::pods::unknown_port;
use crate::app::platform::{CertificatesUse, GatewayUse};
use crate::app::port::Speaks;
use crate::app::route::{Auth, RoutePath, TlsKind};
use crate::app::{App, Route};
use crate::rules::relations;
use crate::types::{RouteTarget, Target};

/// Checks routes.
pub fn check(app: &App, findings: &mut Findings) {
    let mut seen: BTreeMap<(Str, Str), Origin> = BTreeMap::new();
    for route in app.routes.values() {
        if let TlsKind::Named(name) = route.tls.kind.peek() {
            let name = Sourced::new(name.clone(), route.tls.kind.origin().clone());
            names::secret(app, &name, findings);
        }
        route
            .auth
            .some()
            .into_iter()
            .for_each(|auth| login(app, auth, findings));
        certificate(app, route, findings);
        for path in route.paths.values() {
            port(app, path, findings);
            twice(route, path, &mut seen, findings);
        }
    }
}

/// A login is of one kind, with a secret that is defined.
fn login(app: &App, auth: &Auth, findings: &mut Findings) {
    if auth.basic.is_some() == auth.oidc.is_some() {
        let what = "a login has exactly one of `basic` and `oidc`";
        let finding = Finding::new(&relations::CHOICE, what);
        findings.report(finding.mark_origin(&auth.origin, "this login"));
    }
    auth.basic
        .iter()
        .for_each(|name| names::secret(app, name, findings));
    let oidc = auth.oidc.iter();
    oidc.for_each(|oidc| names::secret(app, &oidc.secret, findings));
}

/// Somebody makes the certificate; on the embedded cluster there is always somebody.
fn certificate(app: &App, route: &Route, findings: &mut Findings) {
    let certificates = &app.platform.certificates.use_;
    let wanted = *route.tls.kind.peek() == TlsKind::Auto
        && *route.enabled.peek()
        && !route.hosts.peek().is_empty()
        && *app.platform.gateway.use_.peek() != GatewayUse::None;
    if !wanted || *certificates.peek() != CertificatesUse::None {
        return;
    }
    let what = format!(
        "nobody makes the certificate of the route `{}`",
        route.name.peek()
    );
    let mut finding = Finding::new(&relations::NO_CERTIFICATE, what)
        .mark_origin(&route.origin, "`tls` is `auto`")
        .mark_origin(certificates.origin(), "none are made")
        .help("write `tls: none`, name a secret with `kind: tls`, or set `platform.certificates`");
    if app.cluster.context.is_some() {
        finding.level = Level::Error;
    }
    findings.report(finding);
}

/// The port of the Service that a path leads to.
fn port(app: &App, path: &RoutePath, findings: &mut Findings) {
    let RouteTarget::Backend {
        target: Target::Service(service),
        port,
    } = path.to.peek()
    else {
        return;
    };
    let Some(service) = app.services.get(service) else {
        return;
    };
    let offered = service.offered();
    let found = match port {
        None => offered.main(),
        Some(wanted) => offered
            .all
            .iter()
            .find(|(name, port)| *name == wanted || port.at.peek().to_string() == wanted.as_str()),
    };
    match (found, port) {
        (Some((_, port)), _) if *port.speaks.peek() == Speaks::Tcp => {
            let what = format!(
                "`{}` speaks tcp there, and routes are for http and grpc",
                service.name.peek()
            );
            let finding = Finding::new(&relations::BAD_ROUTE, what)
                .mark_origin(path.to.origin(), "leads to tcp")
                .mark_origin(port.speaks.origin(), "speaks tcp");
            findings.report(finding);
        }
        (Some(_), _) => {}
        (None, Some(wanted)) => {
            unknown_port(wanted, service.name.peek(), path.to.origin(), findings);
        }
        (None, None) => {
            let what = format!("`{}` has no ports", service.name.peek());
            let finding = Finding::new(&relations::BAD_ROUTE, what);
            let help = format!("add `ports: 8080` to `services.{}`", service.name.peek());
            findings.report(
                finding
                    .mark_origin(path.to.origin(), "nobody listens")
                    .help(help),
            );
        }
    }
}

/// One path of one host stands once.
fn twice(
    route: &Route,
    path: &RoutePath,
    seen: &mut BTreeMap<(Str, Str), Origin>,
    findings: &mut Findings,
) {
    if !route.enabled.peek() {
        return;
    }
    for host in route.hosts.peek() {
        let key = (host.peek().clone(), path.path.peek().clone());
        let Some(other) = seen.insert(key, path.path.origin().clone()) else {
            continue;
        };
        let what = format!("`{}` of {} stands twice", path.path.peek(), host.peek());
        let finding = Finding::new(&relations::BAD_ROUTE, what)
            .mark_origin(path.path.origin(), "again")
            .mark_origin(&other, "first");
        findings.report(finding);
    }
}
