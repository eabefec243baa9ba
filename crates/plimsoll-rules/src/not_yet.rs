//! A word that this version reads and does nothing with. Said at its line, so that nobody relies on
//! it; each of them belongs to an output or a capability that is still to come.

use crate::Subject;
use plimsoll_source::{Finding, Findings, Level, Origin, Rule};
use plimsoll_spec::App;
use plimsoll_spec::app::observe::Notify;
use plimsoll_spec::app::platform::{GatewayApi, GatewayUse};
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
    let ingress = *gateway.api.peek() == GatewayApi::Ingress
        && *gateway.use_.peek() == GatewayUse::IngressNginx;
    for route in app.routes.values() {
        if let OrNone::Some(auth) = &route.auth {
            report("routes.*.auth", Some(&auth.origin));
        }
        if ingress {
            continue;
        }
        report("routes.*.rate", route.rate.as_ref().map(|rate| rate.rate.origin()));
        report("routes.*.allow", route.allow.first().map(plimsoll_source::Sourced::origin));
        if let Some(OrNone::Some(body)) = &route.body {
            report("routes.*.body", Some(body.origin()));
        }
    }
    let tls = &gateway.tls;
    report("platform.gateway.tls", Some(tls.origin()));
}

fn services(app: &App, report: &mut dyn FnMut(&str, Option<&Origin>)) {
    for service in app.services.values() {
        report("services.*.build", service.build.as_ref().map(|build| build.context.origin()));
        report(
            "services.*.measured.handles",
            service.measured.handles.as_ref().map(plimsoll_source::Sourced::origin),
        );
        service.uses.values().for_each(|uses| edge(uses, report));
    }
}

fn edge(uses: &Use, report: &mut dyn FnMut(&str, Option<&Origin>)) {
    use plimsoll_source::Sourced;
    report("uses.*.calls", Some(uses.calls.origin()));
    report("uses.*.timeout", uses.timeout.as_ref().map(Sourced::origin));
    report("uses.*.retries", uses.retries.as_ref().map(Sourced::origin));
    report("uses.*.revision", uses.revision.as_ref().map(Sourced::origin));
}

fn delivery(app: &App, report: &mut dyn FnMut(&str, Option<&Origin>)) {
    use plimsoll_source::Sourced;
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
    report("platform.vault", Some(platform.vault.use_.origin()));
    report("platform.logs", Some(platform.logs.use_.origin()));
    report("platform.nodes", Some(platform.nodes.use_.origin()));
    report("platform.vpa", Some(platform.vpa.use_.origin()));
    report("platform.gitops", Some(platform.gitops.use_.origin()));
    report("platform.backup", Some(platform.backup.use_.origin()));
    report("platform.dns", Some(platform.dns.use_.origin()));
    report("platform.policies", Some(platform.policies.use_.origin()));
    report("platform.metrics.retention", Some(platform.metrics.retention.origin()));
    report("policy.licences", Some(app.policy.licences.origin()));
}
