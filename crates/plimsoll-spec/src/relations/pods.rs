//! Ports, probes, disks, edges and scale of services.

use indexmap::IndexMap;
use plimsoll_source::{Finding, Findings, Origin, Sourced, Sources, Step, Str};
use std::borrow::Cow;
use std::collections::BTreeMap;

use super::names::exists;
use crate::app::pod::Volume;
use crate::app::service::Kind;
use crate::app::{App, OrNone, Port, Ports, Probe, Service, Store, Strategy, Use};
use crate::rules::relations;
use crate::types::{Check, PortRef, Target};

/// Checks services.
pub fn check(app: &App, sources: &Sources, findings: &mut Findings) {
    for service in app.services.values() {
        ports(service, findings);
        probes(service, findings);
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
        Check::Command(_) => return,
    };
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
