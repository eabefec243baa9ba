//! A word that this version reads and does nothing with. Said at its line, so that nobody relies on
//! it.

use crate::Subject;
use plimsoll_source::{Finding, Findings, Node, Origin, Sourced};
use plimsoll_spec::App;
use plimsoll_spec::app::OrNone;
use plimsoll_spec::app::guard::Guard;
use plimsoll_spec::app::observe::Notify;
use plimsoll_spec::app::platform::GatewayUse;
use plimsoll_spec::app::route::RoutePath;
use plimsoll_spec::types::RouteTarget;
pub use plimsoll_spec::rules::NOT_YET as RULE;

/// Words without any effect, each with all below it; `*` stands for any name.
pub static WORDS: &[&str] = &[
    "cluster.control",
    "cluster.headroom",
    "cluster.prices",
    "images.digests",
    "jobs.*.placement.spread",
    "jobs.*.uses.*.calls",
    "jobs.*.uses.*.retries",
    "jobs.*.uses.*.timeout",
    "load.*",
    "migrations.*.placement.spread",
    "namespace.from",
    "namespaces.*.from",
    "platform.secrets.provider",
    "secrets.*.rotate",
    "services.*.measured",
    "services.*.metrics.exports",
    "services.*.uses.*.calls",
    "services.*.uses.*.retries",
    "services.*.uses.*.timeout",
];

/// Reports each such word that somebody wrote.
pub fn check(subject: &Subject, findings: &mut Findings) {
    let mut seen = Vec::new();
    // What a job has from its service does something there.
    let mut of_services = Vec::new();
    at(subject.tree, &["services", "*", "placement", "spread"], &mut |origin| {
        of_services.extend(origin.place());
    });
    let mut report = |key: &str, origin: Option<&Origin>| {
        let Some(place) = origin.and_then(Origin::place) else { return };
        if key.ends_with(".placement.spread") && of_services.contains(&place) {
            return;
        }
        // What `defaults` or a service that others are like say is said once.
        if seen.contains(&(place, key.to_owned())) {
            return;
        }
        seen.push((place, key.to_owned()));
        let message = format!("not-yet: {key} is read and has no effect in this version");
        findings.report(Finding::new(&RULE, message).mark(place, "nothing is made of this"));
    };
    for word in WORDS {
        let steps: Vec<&str> = word.split('.').collect();
        at(subject.tree, &steps, &mut |origin| report(word, Some(origin)));
    }
    let app = subject.app;
    routes(app, &mut report);
    for receiver in app.observe.notify.values() {
        if let Notify::Receiver(raw) = receiver {
            report("observe.notify", Some(raw.origin()));
        }
    }
    bodies(app, findings);
}

/// The paths that a largest request misses, where the gateway can be told of one at all: what streams is
/// read whole nowhere but where its gateway counts on the way.
fn bodies(app: &App, findings: &mut Findings) {
    let can = |guard: Guard| guard.is_known(&app.platform);
    if *app.platform.gateway.use_.peek() == GatewayUse::None || !can(Guard::Body) || can(Guard::StreamBody) {
        return;
    }
    let paths = app.routes.values().flat_map(|route| route.paths.values());
    for path in paths.filter(|path| *path.stream.peek()) {
        let Some(body) = path.body.as_ref().and_then(OrNone::some) else { continue };
        let message = format!("not-yet: routes.*.body has no effect at `{}` in this version", path.path.peek());
        let finding = Finding::new(&RULE, message).mark_origin(body.origin(), "not at this path");
        findings.report(finding.mark_origin(path.path.origin(), "streams: it is not read whole"));
    }
}

/// Visits what stands at a path.
fn at(node: &Node, steps: &[&str], visit: &mut dyn FnMut(&Origin)) {
    match steps {
        [] if !node.is_null() => visit(node.origin()),
        [] => {}
        ["*", rest @ ..] => {
            for entry in node.entries() {
                at(&entry.value, rest, visit);
            }
        }
        [key, rest @ ..] => {
            if let Some(below) = node.get(key) {
                at(below, rest, visit);
            }
        }
    }
}

fn routes(app: &App, report: &mut dyn FnMut(&str, Option<&Origin>)) {
    let gateway = &app.platform.gateway;
    if *gateway.use_.peek() == GatewayUse::None {
        return;
    }
    let can = |guard: Guard| guard.is_known(&app.platform);
    let mut seen: Vec<(&str, &Origin)> = Vec::new();
    for path in app.routes.values().flat_map(|route| route.paths.values()) {
        seen.extend(unknown(path, &can));
    }
    for (at, (key, origin)) in seen.iter().enumerate() {
        // What a route says for all of its paths is said once.
        if !seen[..at].iter().any(|(_, other)| other.place() == origin.place()) {
            report(key, Some(origin));
        }
    }
    if !can(Guard::Tls) {
        report("platform.gateway.tls", Some(gateway.tls.origin()));
    }
}

/// What stands before a path and the gateway cannot be told.
fn unknown<'a>(
    path: &'a RoutePath,
    can: &dyn Fn(Guard) -> bool,
) -> Vec<(&'static str, &'a Origin)> {
    let auth = path.auth.some();
    let basic = auth.filter(|auth| auth.basic.is_some() && !can(Guard::Basic));
    let oidc = auth.filter(|auth| auth.oidc.is_some() && !can(Guard::Oidc));
    let rate = path.rate.as_ref();
    let burst = rate.and_then(|rate| rate.burst.as_ref());
    let header = rate.filter(|rate| rate.per.peek().header().is_some() && !can(Guard::Header));
    let body = path.body.as_ref().and_then(OrNone::some);
    let streams = *path.stream.peek();
    let way = |origin: Option<&'a Origin>| origin.filter(|_| !can(Guard::Way));
    let elsewhere = matches!(path.to.peek(), RouteTarget::Redirect(_)).then(|| path.to.origin());
    let all = [
        ("routes.*.auth", basic.or(oidc).map(|auth| &auth.origin)),
        ("routes.*.rate", rate.filter(|_| !can(Guard::Rate)).map(|rate| rate.rate.origin())),
        ("routes.*.rate.per", header.map(|rate| rate.per.origin())),
        ("routes.*.rate.burst", burst.filter(|_| !can(Guard::Burst)).map(Sourced::origin)),
        ("routes.*.allow", path.allow.first().filter(|_| !can(Guard::Allow)).map(Sourced::origin)),
        ("routes.*.body", body.filter(|_| !can(Guard::Body)).map(Sourced::origin)),
        ("routes.*.timeout", time(path, can)),
        ("routes.*.stream", way(streams.then(|| path.stream.origin()))),
        ("routes.*.paths.*.rewrite", way(path.rewrite.as_ref().map(Sourced::origin))),
        ("routes.*.paths.*.cors", way(path.cors.as_ref().and_then(|cors| cors.origins.first()).map(Sourced::origin))),
        ("routes.*.paths.*.to", way(elsewhere)),
        ("routes.*.paths.*.methods", path.methods.first().filter(|_| !can(Guard::Methods)).map(Sourced::origin)),
    ];
    all.into_iter().filter_map(|(key, origin)| Some((key, origin?))).collect()
}

/// A time that somebody wrote, other than what holds anyway, and that the gateway cannot be told.
fn time<'a>(path: &'a RoutePath, can: &dyn Fn(Guard) -> bool) -> Option<&'a Origin> {
    let (known, usual) = if *path.stream.peek() {
        (can(Guard::Idle), 60 * 60)
    } else {
        (can(Guard::Way), 30)
    };
    let origin = match &path.timeout {
        OrNone::Some(time) if time.peek().secs() == usual => return None,
        OrNone::Some(time) => time.origin(),
        OrNone::None(origin) => origin,
    };
    Some(origin).filter(|_| !known)
}
