//! A word that this version reads and does nothing with. Said at its line, so that nobody relies on
//! it; each of them belongs to an output or a capability that is still to come.

use crate::Subject;
use plimsoll_source::{Finding, Findings, Level, Origin, Rule, Sourced};
use plimsoll_spec::App;
use plimsoll_spec::app::observe::Notify;
use plimsoll_spec::app::guard::Guard;
use plimsoll_spec::app::platform::{GatewayUse, SecretSourceUse};
use plimsoll_spec::app::route::RoutePath;
use plimsoll_spec::app::{OrNone, Use};

/// The bad pattern.
pub static RULE: Rule = Rule {
    code: "PL0503",
    name: "without-effect",
    level: Level::Info,
    consequence: "nothing is made of the word: what it asks for is not there",
    docs: "The word is part of the language and is checked, but this version makes nothing of it \
           yet: charts, overlays, delivery, analysis and a few words of routes. `check` \
           names each that somebody wrote.",
};

/// Reports each such word that somebody wrote.
pub fn check(subject: &Subject, findings: &mut Findings) {
    let mut report = |key: &str, origin: Option<&Origin>| {
        let Some(origin) = origin.filter(|origin| origin.place().is_some()) else { return };
        let message = format!("not-yet: {key} is read and has no effect in this version");
        findings.report(Finding::new(&RULE, message).mark_origin(origin, "nothing is made of this"));
    };
    let app = subject.app;
    routes(app, &mut report);
    services(app, &mut report);
    delivery(app, &mut report);
    platform(app, &mut report);
    for load in app.load.values() {
        report("load", Some(load.rate.origin()));
    }
    for receiver in app.observe.notify.values() {
        if let Notify::Receiver(raw) = receiver {
            report("observe.notify", Some(raw.origin()));
        }
    }
    report("images.digests", Some(app.images.digests.origin()));
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
    let body = path.body.as_ref().and_then(OrNone::some);
    let streams = *path.stream.peek();
    let all = [
        ("routes.*.auth", basic.or(oidc).map(|auth| &auth.origin)),
        ("routes.*.rate", rate.filter(|_| !can(Guard::Rate)).map(|rate| rate.rate.origin())),
        ("routes.*.rate.burst", burst.filter(|_| !can(Guard::Burst)).map(Sourced::origin)),
        ("routes.*.allow", path.allow.first().filter(|_| !can(Guard::Allow)).map(Sourced::origin)),
        ("routes.*.body", body.filter(|_| streams || !can(Guard::Body)).map(Sourced::origin)),
    ];
    all.into_iter().filter_map(|(key, origin)| Some((key, origin?))).collect()
}

fn services(app: &App, report: &mut dyn FnMut(&str, Option<&Origin>)) {
    for service in app.services.values() {
        report("services.*.build", service.build.as_ref().map(|build| build.context.origin()));
        report(
            "services.*.measured.handles",
            service.measured.handles.as_ref().map(Sourced::origin),
        );
        service.uses.values().for_each(|uses| edge(uses, report));
    }
}

fn edge(uses: &Use, report: &mut dyn FnMut(&str, Option<&Origin>)) {
    report("uses.*.calls", Some(uses.calls.origin()));
    report("uses.*.timeout", uses.timeout.as_ref().map(Sourced::origin));
    report("uses.*.retries", uses.retries.as_ref().map(Sourced::origin));
    report("uses.*.revision", uses.revision.as_ref().map(Sourced::origin));
}

fn delivery(app: &App, report: &mut dyn FnMut(&str, Option<&Origin>)) {
    let deliver = &app.deliver;
    report("deliver.repo", deliver.repo.as_ref().map(Sourced::origin));
    report("deliver.branch", Some(deliver.branch.origin()));
    report("deliver.folder", Some(deliver.folder.origin()));
    report("deliver.sync", Some(deliver.sync.origin()));
    report("deliver.applications", Some(deliver.applications.origin()));
    report("deliver.promote", deliver.promote.first().map(Sourced::origin));
    report("deliver.chart", Some(deliver.chart.per.origin()));
    report("deliver.kustomize", Some(deliver.kustomize.folder.origin()));
}

fn platform(app: &App, report: &mut dyn FnMut(&str, Option<&Origin>)) {
    let platform = &app.platform;
    report("platform.install", Some(platform.install.origin()));
    if *platform.secrets.use_.peek() != SecretSourceUse::External {
        report("platform.vault", Some(platform.vault.use_.origin()));
    }
    report("platform.logs", Some(platform.logs.use_.origin()));
    report("platform.nodes", Some(platform.nodes.use_.origin()));
    report("platform.gitops", Some(platform.gitops.use_.origin()));
    report("platform.dns", Some(platform.dns.use_.origin()));
    report("platform.policies", Some(platform.policies.use_.origin()));
    report("platform.metrics.retention", Some(platform.metrics.retention.origin()));
    report("policy.licences", Some(app.policy.licences.origin()));
}
