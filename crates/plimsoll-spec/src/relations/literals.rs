//! Values whose type is wider than what makes sense of them.

use indexmap::IndexMap;
use plimsoll_source::{Finding, Findings, Origin, Sourced, Str};

use crate::app::store::Copy;
use crate::app::{App, ConfigFile, Image, OrNone, Strategy};
use crate::rules::shapes;
use crate::shape::canonical::mend;
use crate::types::Percent;
use crate::types::zone::{is_zone, near_zone};

/// Checks numbers, times, names of time zones, digests, modes of files and names of hosts.
pub fn check(app: &App, findings: &mut Findings) {
    for file in files(app) {
        mode(&file.mode, findings);
    }
    for image in images(app) {
        digest(image, findings);
    }
    for (zone, origin) in zones(app) {
        timezone(zone, origin, findings);
    }
    for route in app.routes.values() {
        for name in route.hosts.peek() {
            host(name, findings);
        }
    }
    for strategy in app.services.values().map(|service| &service.strategy) {
        rollout(strategy, findings);
    }
    amounts(app, findings);
    deadlines(app, findings);
    version(&app.cluster.version, findings);
}

/// Whether a reference was left in a text, which is told already.
pub fn is_open(text: &str) -> bool {
    text.contains("${")
}

fn refused(what: impl Into<String>, origin: &Origin, label: &str) -> Finding {
    Finding::new(&shapes::WRONG_VALUE, what).mark_origin(origin, label)
}

fn files(app: &App) -> impl Iterator<Item = &ConfigFile> {
    let services = app.services.values().map(|service| &service.config);
    let jobs = app.jobs.values().map(|job| &job.config);
    let migrations = app.migrations.values().map(|migration| &migration.config);
    let stores = app.stores.values().map(|store| &store.config);
    let all = services.chain(jobs).chain(migrations).chain(stores);
    all.flat_map(IndexMap::values)
}

fn mode(mode: &Sourced<Str>, findings: &mut Findings) {
    let text = mode.peek();
    let octal = text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    if is_open(text) || (octal && matches!(text.len(), 3 | 4)) {
        return;
    }
    let what = format!("`mode` is three or four octal digits, and `{text}` is not");
    let finding = refused(what, mode.origin(), "no mode of a file");
    findings.report(finding.help("write it as `chmod` does: 0644, 0755"));
}

fn images(app: &App) -> Vec<&Image> {
    let mut all = Vec::new();
    for service in app.services.values() {
        all.push(&service.image);
        let companions = service.init.values().chain(service.sidecars.values());
        all.extend(companions.map(|companion| &companion.image));
    }
    for store in app.stores.values() {
        all.push(&store.image);
        let companions = store.init.values().chain(store.sidecars.values());
        all.extend(companions.map(|companion| &companion.image));
    }
    all.extend(app.jobs.values().map(|job| &job.image));
    all.extend(app.migrations.values().map(|migration| &migration.image));
    all
}

/// Registries take SHA-256 alone.
fn digest(image: &Image, findings: &mut Findings) {
    let digest = image.digest.fixed();
    let Some(text) = digest.peek().as_ref().filter(|text| !is_open(text)) else {
        return;
    };
    let hex = text.strip_prefix("sha256:");
    let is_hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    if hex.is_some_and(|hex| hex.len() == 64 && hex.bytes().all(is_hex)) {
        return;
    }
    let what = format!("`digest` is `sha256:` and 64 hexadecimal digits, and `{text}` is not");
    let finding = refused(what, digest.origin(), "no digest");
    findings.report(finding.help("copy it whole from the registry, or write a tag"));
}

/// Time zones of schedules.
fn zones(app: &App) -> Vec<(&Str, &Origin)> {
    let mut all: Vec<&Sourced<Str>> = Vec::new();
    for store in app.stores.values() {
        if let OrNone::Some(backup) = &store.backup {
            let copies = [
                &backup.full,
                &backup.incremental,
                &backup.offsite,
                &backup.archive,
            ];
            all.extend(
                copies
                    .into_iter()
                    .flatten()
                    .map(|copy: &Copy| &copy.timezone),
            );
            all.extend(backup.drill.iter().map(|drill| &drill.timezone));
        }
    }
    for claim in app.claims.values() {
        if let OrNone::Some(backup) = &claim.backup {
            let copies = [&backup.full, &backup.offsite, &backup.archive];
            all.extend(
                copies
                    .into_iter()
                    .flatten()
                    .map(|copy: &Copy| &copy.timezone),
            );
            all.extend(backup.drill.iter().map(|drill| &drill.timezone));
        }
    }
    all.extend(app.jobs.values().map(|job| &job.when.timezone));
    all.into_iter()
        .map(|zone| (zone.peek(), zone.origin()))
        .collect()
}

fn timezone(name: &Str, origin: &Origin, findings: &mut Findings) {
    if is_zone(name) || is_open(name) {
        return;
    }
    let finding = Finding::new(
        &shapes::WRONG_VALUE,
        format!("there is no time zone `{name}`"),
    );
    findings.report(match near_zone(name) {
        Some(near) => mend(finding, origin, "unknown", near),
        None => finding
            .mark_origin(origin, "unknown")
            .help("write a name such as `Europe/Berlin`, or `UTC`"),
    });
}

/// A host of a route: a name in lower case, `*` for its first part.
fn host(name: &Sourced<Str>, findings: &mut Findings) {
    let text = name.peek().as_str();
    if is_host(text) || is_open(text) {
        return;
    }
    let what = format!("a host is a name such as `shop.example.org`, and `{text}` is not");
    let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
    let bare = bare.split(['/', ':']).next().unwrap_or(bare).to_lowercase();
    let finding = Finding::new(&shapes::WRONG_VALUE, what);
    findings.report(if bare != text && is_host(&bare) {
        mend(finding, name.origin(), "no name of a host", &bare)
    } else {
        finding.mark_origin(name.origin(), "no name of a host")
    });
}

fn is_host(text: &str) -> bool {
    let rest = text.strip_prefix("*.").unwrap_or(text);
    let part = |part: &str| {
        let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=63).contains(&part.len())
            && part.bytes().all(inside)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let is_address = rest
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.len() <= 253 && !is_address && rest.split('.').all(part)
}

/// A rollout must have room for one pod more or one pod less.
fn rollout(strategy: &Strategy, findings: &mut Findings) {
    use crate::app::scale::Amount;
    let Strategy::Rolling(rolling) = strategy else {
        return;
    };
    let none = |amount: &Amount| match amount {
        Amount::Count(count) => *count == 0,
        Amount::Percent(percent) => *percent == Percent::whole(0),
    };
    if !none(rolling.surge.peek()) || !none(rolling.away.peek()) {
        return;
    }
    let what = "a rollout with neither a pod more nor a pod less never begins";
    let finding = refused(what, rolling.surge.origin(), "none more");
    let finding = finding.mark_origin(rolling.away.origin(), "none less");
    findings.report(finding.help("write `surge: 1`, or `away: 1`"));
}

/// Amounts of which none is too few, or all not enough.
fn amounts(app: &App, findings: &mut Findings) {
    for secret in app.secrets.values() {
        if *secret.length.peek() == 0 {
            let finding = refused(
                "a secret of no bytes is no secret",
                secret.length.origin(),
                "empty",
            );
            findings.report(finding.help("leave `length` out: it is 32"));
        }
    }
    for store in app.stores.values() {
        let instances = store.instances.fixed();
        if *instances.peek() == 0 {
            let finding = refused(
                "a store has at least one instance",
                instances.origin(),
                "none",
            );
            findings.report(finding.help("write `enabled: false` to turn it off"));
        }
        if *store.shards.peek() == 0 {
            let what = "a cluster has at least one shard";
            findings.report(refused(what, store.shards.origin(), "none"));
        }
    }
    for objective in app.observe.objectives.values() {
        let Some(availability) = &objective.availability else {
            continue;
        };
        if *availability.peek() > Percent::whole(100) {
            let what = format!(
                "`availability` is a part of all requests, and {} is more",
                availability.peek()
            );
            findings.report(refused(what, availability.origin(), "more than all"));
        }
    }
}

fn deadlines(app: &App, findings: &mut Findings) {
    let jobs = app.jobs.values().map(|job| &job.deadline);
    let migrations = app.migrations.values().map(|migration| &migration.deadline);
    let deadlines = jobs.chain(migrations).chain([&app.deliver.deadline]);
    for deadline in deadlines {
        if deadline.peek().millis() == 0 {
            let what = "a deadline of no time lets nothing be done";
            findings.report(refused(what, deadline.origin(), "over at once"));
        }
    }
}

/// `1.36`, as schemas and API servers name it.
fn version(version: &Sourced<Str>, findings: &mut Findings) {
    let text = version.peek();
    if is_open(text) {
        return;
    }
    let rest = text.strip_prefix('v').unwrap_or(text).strip_prefix("1.");
    let minor = rest.and_then(|rest| rest.split(['.', '+', '-']).next());
    if minor.is_some_and(|minor| minor.parse::<u8>().is_ok()) {
        return;
    }
    let what = format!("`version` is one of Kubernetes, and `{text}` is not");
    let finding = refused(what, version.origin(), "no version");
    findings.report(finding.help("write it as `1.36`"));
}
