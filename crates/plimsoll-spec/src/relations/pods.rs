//! Ports, probes, disks, edges and scale of services.

use indexmap::IndexMap;
use plimsoll_source::{Finding, Findings, Origin, Sourced, Sources, Step, Str};
use std::borrow::Cow;
use std::collections::BTreeMap;

use super::names::exists;
use crate::app::health::Stop;
use crate::app::platform::AutoscalerUse;
use crate::app::pod::Volume;
use crate::app::port::Protocol;
use crate::app::service::Kind;
use crate::app::{App, OrNone, Port, Ports, Probe, Service, Store, Strategy, Use};
use crate::rules::relations;
use crate::types::{Check, PortRef, Target};

/// Checks services.
pub fn check(app: &App, sources: &Sources, findings: &mut Findings) {
    for service in app.services.values() {
        ports(service, findings);
        addresses(service, findings);
        probes(service, findings);
        stop(&service.stop, findings);
        to_zero(app, service, findings);
        disks(app, service, findings);
        scale(service, sources, findings);
        edges(app, &service.uses, findings);
        asked(service, findings);
    }
    for job in app.jobs.values() {
        edges(app, &job.uses, findings);
        claims(app, &job.volumes, findings);
    }
    for migration in app.migrations.values() {
        edges(app, &migration.uses, findings);
        claims(app, &migration.volumes, findings);
    }
    for store in app.stores.values() {
        edges(app, &store.uses, findings);
        claims(app, &store.volumes, findings);
    }
}

/// Names and numbers are unique in a pod.
fn ports(service: &Service, findings: &mut Findings) {
    let sidecars = service
        .sidecars
        .values()
        .flat_map(|sidecar| &sidecar.ports.all);
    let (mut numbers, mut names) = (BTreeMap::new(), BTreeMap::new());
    for (name, port) in service.ports.all.iter().chain(sidecars) {
        let key = (*port.port.peek(), port.protocol.peek().word());
        let number: Option<Origin> = numbers.insert(key, port.port.origin().clone());
        let named: Option<Origin> = names.insert(name, port.port.origin().clone());
        if let Some(other) = number {
            let what = format!("two ports of `{}` are {}", service.name.peek(), key.0);
            let finding = Finding::new(&relations::SAME_PORT, what);
            let finding = finding.mark_origin(port.port.origin(), "again");
            findings.report(finding.mark_origin(&other, "first"));
        } else if let Some(other) = named {
            let what = format!("two ports of `{}` are named `{name}`", service.name.peek());
            let finding = Finding::new(&relations::SAME_PORT, what);
            let finding = finding.mark_origin(port.port.origin(), "again");
            findings.report(finding.mark_origin(&other, "first"));
        }
    }
}

/// Numbers are unique in a Service.
fn addresses(service: &Service, findings: &mut Findings) {
    let mut numbers: BTreeMap<_, &Port> = BTreeMap::new();
    let offered = service.offered();
    for port in offered.all.values() {
        let key = (*port.at.peek(), port.protocol.peek().word());
        // Two that listen at one number as well are told of the pod.
        if let Some(other) = numbers.insert(key, port)
            && other.port.peek() != port.port.peek()
        {
            let what = format!(
                "two ports of the Service `{}` are {}",
                service.name.peek(),
                key.0
            );
            let finding = Finding::new(&relations::SAME_PORT, what)
                .mark_origin(port.at.origin(), "again")
                .mark_origin(other.at.origin(), "first");
            findings.report(finding.help("give one of them another `at`"));
        }
    }
}

/// The sleep before the signal is a part of the time to stop.
fn stop(stop: &Stop, findings: &mut Findings) {
    let (drain, grace) = (stop.drain.peek(), stop.grace.peek());
    if drain.millis() == 0 || drain.millis() < grace.millis() {
        return;
    }
    let what = format!("a pod that sleeps for {drain} is killed after {grace}");
    let finding = Finding::new(&relations::KILLED_EARLY, what)
        .mark_origin(stop.grace.origin(), "killed by then")
        .mark_origin(stop.drain.origin(), "still asleep");
    findings.report(finding.help("write a longer `grace`, or a shorter `drain`"));
}

/// No pods at all are woken by what is outside of them.
fn to_zero(app: &App, service: &Service, findings: &mut Findings) {
    let (scale, replicas) = (&service.scale, &service.scale.replicas);
    if *replicas.min.peek() > 0 || !replicas.auto.peek() || *service.kind.peek() == Kind::DaemonSet
    {
        return;
    }
    let autoscaler = &app.platform.autoscaler.use_;
    let metrics = service.metrics.as_ref();
    let counts = metrics.is_some_and(|metrics| metrics.series.requests.is_some());
    let asks = !scale.queries.is_empty() || (counts && scale.requests.peek().is_some());
    if asks && *autoscaler.peek() == AutoscalerUse::Keda {
        return;
    }
    let what = format!(
        "nothing wakes `{}` once it has no pods",
        service.name.peek()
    );
    let finding = Finding::new(&relations::SCALE_TO_ZERO, what);
    let finding = finding.mark_origin(&replicas.origin, "down to none");
    findings.report(finding.help("begin at 1, or write `queries` that KEDA asks"));
}

fn probes(service: &Service, findings: &mut Findings) {
    let health = &service.health;
    let all = [
        ("start", &health.start),
        ("ready", &health.ready),
        ("live", &health.live),
    ];
    for (which, probe) in all {
        if let OrNone::Some(probe) = probe {
            probe_port(service, probe, findings);
            within(which, probe, findings);
        }
    }
}

/// A name of a port must be known; a number need not be in `ports`.
fn probe_port(service: &Service, probe: &Probe, findings: &mut Findings) {
    let port = match probe.check.peek() {
        Check::Http { port, .. } | Check::Tcp { port } | Check::Grpc { port, .. } => port,
        Check::Command(words) if words.is_empty() => {
            let finding = Finding::new(&relations::BAD_PROBE, "a probe runs a command of no words");
            let finding = finding.mark_origin(probe.check.origin(), "nothing to run");
            return findings.report(finding.help("write its words, or `none`"));
        }
        Check::Command(_) => return,
    };
    unheard(service, port, probe, findings);
    match port {
        PortRef::Named(name) => {
            let sidecars = service.sidecars.values().flat_map(|s| s.ports.all.keys());
            let names = service.ports.all.keys().chain(sidecars).map(Str::as_str);
            if !names.clone().any(|known| known == name.as_str()) {
                unknown_port(name, service.name.peek(), probe.check.origin(), findings);
            }
        }
        PortRef::Main if service.ports.all.is_empty() => {
            let what = format!("`{}` has no port to ask", service.name.peek());
            let finding = Finding::new(&relations::UNKNOWN_PORT, what);
            let finding = finding.mark_origin(probe.check.origin(), "without a port");
            findings
                .report(finding.help("write the number of the port, `8080:/path`, or a command"));
        }
        PortRef::Number(_) | PortRef::Main => {}
    }
}

/// Probes are of TCP: what listens for anything else never hears them.
fn unheard(service: &Service, port: &PortRef, probe: &Probe, findings: &mut Findings) {
    let offered = service.offered();
    let asked = match port {
        PortRef::Main => offered.main().map(|(_, port)| port),
        PortRef::Named(name) => offered.all.get(name),
        PortRef::Number(number) => {
            let mut ports = offered
                .all
                .values()
                .filter(|port| port.port.peek() == number);
            let first = ports.next();
            first.filter(|_| ports.next().is_none())
        }
    };
    let Some(asked) = asked.filter(|port| *port.protocol.peek() != Protocol::Tcp) else {
        return;
    };
    let what = format!(
        "a probe of `{}` asks by TCP, and nobody hears it",
        service.name.peek()
    );
    let finding = Finding::new(&relations::BAD_PROBE, what)
        .mark_origin(probe.check.origin(), "asks by TCP")
        .mark_origin(asked.protocol.origin(), "listens for this");
    findings.report(finding.help("ask a port that speaks TCP, or by a command"));
}

fn within(which: &str, probe: &Probe, findings: &mut Findings) {
    let Some(within) = &probe.within else {
        return;
    };
    let contradicts = if which != "start" {
        Some("`within` is of `start` alone")
    } else if probe.fails.place().is_some_and(|place| {
        within.place().is_some_and(|within| within != place) && !derived(probe.fails.origin())
    }) {
        Some("`fails` beside `within`: one follows from the other")
    } else {
        None
    };
    if let Some(what) = contradicts {
        let finding = Finding::new(&relations::BAD_PROBE, what);
        findings.report(finding.mark_origin(within.origin(), "contradicts"));
    }
}

/// Whether a rule made a value.
fn derived(origin: &Origin) -> bool {
    matches!(origin.step(), Step::Rule { .. })
}

/// Ports that callers and the scraper ask by name.
fn asked(service: &Service, findings: &mut Findings) {
    let callers = service.callers.values();
    let opened = callers.flat_map(|caller| caller.ports.iter().flatten());
    let scraped = service.metrics.iter().map(|metrics| &metrics.port);
    let sidecars = || service.sidecars.values().flat_map(|s| s.ports.all.keys());
    for port in opened.chain(scraped) {
        if let PortRef::Named(name) = port.peek()
            && !service
                .ports
                .all
                .keys()
                .chain(sidecars())
                .any(|known| known == name)
        {
            unknown_port(name, service.name.peek(), port.origin(), findings);
        }
    }
}

/// Reports the name of a port that is not there.
pub fn unknown_port(name: &str, thing: &str, origin: &Origin, findings: &mut Findings) {
    let what = format!("`{thing}` has no port `{name}`");
    let finding = Finding::new(&relations::UNKNOWN_PORT, what);
    findings.report(finding.mark_origin(origin, "unknown"));
}

/// A disk of its own goes to one pod; one of `claims` must be there.
fn disks(app: &App, service: &Service, findings: &mut Findings) {
    let many = *service.scale.replicas.max.peek() > 1;
    let recreated = matches!(service.strategy, Strategy::Recreate(_));
    claims(app, &service.volumes, findings);
    for (path, volume) in &service.volumes {
        let own = volume.size.is_some() && !volume.memory.peek();
        let is_deployment = *service.kind.peek() == Kind::Deployment;
        if own && is_deployment && (many || !recreated) {
            let what = format!(
                "`{}` has a disk of its own at {path}, and may have two pods",
                service.name.peek()
            );
            let finding = Finding::new(&relations::SHARED_DISK, what)
                .mark_origin(&volume.origin, "one disk")
                .mark_origin(&service.scale.replicas.origin, "several pods")
                .help("write `scale: single`, or `kind: statefulset` for one disk each");
            findings.report(finding);
        }
    }
}

/// Every volume is of one form, and its claim is there.
fn claims(app: &App, volumes: &IndexMap<Str, Volume>, findings: &mut Findings) {
    for (path, volume) in volumes {
        volume_form(path, volume, findings);
        if let Some(claim) = &volume.claim {
            let known = app.claims.keys().map(Str::as_str);
            exists("claim", claim, known, findings);
        }
    }
}

fn volume_form(path: &Str, volume: &Volume, findings: &mut Findings) {
    let one = volume.claim.is_some() != volume.size.is_some();
    if !one {
        let what = format!("the volume at {path} has neither one `size` nor one `claim`");
        let finding = Finding::new(&relations::CHOICE, what);
        findings.report(finding.mark_origin(&volume.origin, "exactly one of the two"));
    }
}

/// Says that a number lies over `single`.
fn scale(service: &Service, sources: &Sources, findings: &mut Findings) {
    let replicas = &service.scale.replicas;
    let Step::Layered { winner, over } = replicas.origin.step() else {
        return;
    };
    let single = over.iter().find(|origin| {
        origin
            .place()
            .is_some_and(|span| sources.text(span) == "single")
    });
    if let (Some(single), false) = (single, replicas.single.peek()) {
        let what = format!("`{}` was single, and is not here", service.name.peek());
        let finding = Finding::new(&relations::SINGLE_REPLACED, what)
            .mark_origin(winner, "two pods or more")
            .mark_origin(single, "never two pods");
        findings.report(finding);
    }
}

/// Ports, users and names of URLs of edges.
fn edges(app: &App, uses: &IndexMap<Str, Use>, findings: &mut Findings) {
    let mut urls: BTreeMap<Str, &Sourced<Str>> = BTreeMap::new();
    for edge in uses.values() {
        if let Some(ports) = ports_of(app, &edge.target) {
            edge_ports(edge, &ports, findings);
        }
        if let (Some(user), Target::Store { store, .. }) = (&edge.user, &edge.target)
            && let Some(store) = app.stores.get(store)
        {
            let users = store
                .users
                .some()
                .into_iter()
                .flat_map(|users| users.keys());
            let users: Vec<&str> = users.map(Str::as_str).collect();
            exists("user", user, users.into_iter(), findings);
        }
        let Some(name) = edge.as_.some() else {
            continue;
        };
        if urls.insert(name.peek().clone(), &edge.name).is_some() {
            let what = format!("two URLs are named `{}`", name.peek());
            let finding = Finding::new(&relations::TWO_URLS, what);
            let finding = finding.mark_origin(edge.name.origin(), "this one too");
            let help = format!("write `{{ {}: {{ as: OTHER_URL }} }}`", edge.name.peek());
            findings.report(finding.help(help));
        }
    }
}

fn ports_of<'a>(app: &'a App, target: &Target) -> Option<Cow<'a, Ports>> {
    match target {
        Target::Service(service) => app.services.get(service).map(Service::offered),
        Target::Store { store, .. } => app.stores.get(store).map(Store::offered),
        Target::External(external) => {
            let external = app.externals.get(external)?;
            Some(Cow::Borrowed(&external.ports))
        }
        Target::Slot(_) => None,
    }
}

fn edge_ports(edge: &Use, ports: &Ports, findings: &mut Findings) {
    for port in edge.ports.iter().flatten() {
        let known = match port.peek() {
            PortRef::Main => true,
            PortRef::Named(name) => ports.all.contains_key(name),
            PortRef::Number(number) => ports.all.values().any(|port| port.at.peek() == number),
        };
        if !known {
            let name = match port.peek() {
                PortRef::Named(name) => name.clone(),
                PortRef::Number(number) => number.to_string().into(),
                PortRef::Main => continue,
            };
            unknown_port(&name, edge.name.peek(), port.origin(), findings);
        }
    }
}
