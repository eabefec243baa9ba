//! Licences of what an application stands on: a report, and a finding for each that is not open.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use plimsoll_source::{Finding, Findings, Level, Origin};
use plimsoll_spec::App;
use plimsoll_spec::app::policy::Licences;
use plimsoll_spec::app::store::{Engine, Run, Store};

use super::catalogue::{self, Freedom, Licence};
use super::select::Chosen;
use crate::rules::{LICENCE_NOT_OPEN, LICENCE_OF_NETWORK_USE};

/// Something with a licence.
struct Licensed {
    name: String,
    version: String,
    licence: &'static Licence,
    origin: Origin,
    instead: Option<&'static str>,
}

/// Everything with a licence: components that we install, and stores that we run.
fn all(app: &App, chosen: &[Chosen<'_>]) -> Vec<Licensed> {
    let components = chosen.iter().map(|chosen| Licensed {
        name: chosen.component.name.to_owned(),
        version: chosen.version.clone(),
        licence: chosen.component.licence,
        origin: chosen.origin.clone(),
        instead: (chosen.component.name == "vault").then_some("vault: openbao"),
    });
    let stores = app.stores.values().filter_map(|store| {
        let is_ours = *store.enabled.peek() && *store.run.peek() != Run::External;
        let licence = engine(store).filter(|_| is_ours)?;
        Some(Licensed {
            name: format!("store {}", store.name.peek()),
            version: format!("{} {}", word(*store.engine.peek()), store.version.peek()),
            licence,
            origin: store.engine.origin().clone(),
            instead: match store.engine.peek() {
                Engine::Redis => Some("engine: valkey"),
                Engine::TimescaleDb => Some("engine: postgres"),
                _ => None,
            },
        })
    });
    components.chain(stores).collect()
}

/// The licence of an engine, in the version that runs.
fn engine(store: &Store) -> Option<&'static Licence> {
    let version = store.version.peek();
    Some(match store.engine.peek() {
        Engine::Postgres => &catalogue::POSTGRESQL,
        Engine::TimescaleDb => &catalogue::TSL,
        Engine::Redis if version.starts_with('8') => &catalogue::REDIS,
        Engine::Redis if version.as_str() == "7" || version.starts_with("7.4") => &catalogue::RSAL,
        Engine::Redis | Engine::Valkey | Engine::Memcached => &catalogue::BSD,
        Engine::MySql | Engine::MariaDb => &catalogue::GPL,
        Engine::MongoDb => &catalogue::SSPL,
        Engine::RabbitMq => &catalogue::MPL,
        Engine::ClickHouse | Engine::Kafka | Engine::Nats | Engine::OpenSearch | Engine::S3 => {
            &catalogue::APACHE
        }
        Engine::Custom => return None,
    })
}

fn word(engine: Engine) -> String {
    format!("{engine:?}").to_lowercase()
}

/// Names every licence that is not open, and those that ask something of who offers a service.
pub(super) fn check(app: &App, chosen: &[Chosen<'_>], findings: &mut Findings) {
    let wanted = &app.policy.licences;
    for licensed in all(app, chosen) {
        let Licensed { name, licence, .. } = &licensed;
        let finding = match licence.freedom {
            Freedom::Open => continue,
            Freedom::Network => {
                let what = format!("{name} is under {}", licence.name);
                Finding::new(&LICENCE_OF_NETWORK_USE, what)
            }
            Freedom::Closed => {
                let what = format!("{name} is under {}, which is not open", licence.name);
                let mut finding = Finding::new(&LICENCE_NOT_OPEN, what);
                if *wanted.peek() == Licences::Any {
                    finding.level = Level::Info;
                }
                finding
            }
        };
        let mut finding = finding.mark_origin(&licensed.origin, "called for here");
        if *wanted.peek() == Licences::Open && licence.freedom == Freedom::Closed {
            finding = finding.mark_origin(wanted.origin(), "only open ones are wanted");
        }
        if let Some(instead) = licensed.instead {
            finding = finding.help(format!("`{instead}` is open and does the same"));
        }
        findings.report(finding);
    }
}

/// The report: one line for each thing and version.
pub(super) fn report(apps: &[(&App, Vec<Chosen<'_>>)]) -> Vec<u8> {
    let mut lines = BTreeMap::new();
    for (app, chosen) in apps {
        for licensed in all(app, chosen) {
            let kind = match licensed.licence.freedom {
                Freedom::Open => "open",
                Freedom::Network => "open; changes must be published by who offers a service",
                Freedom::Closed => "**not open**",
            };
            let line = format!(
                "| {} | {} | {} | {kind} |",
                licensed.name, licensed.version, licensed.licence.name
            );
            lines.insert((licensed.name, licensed.version), line);
        }
    }
    let mut text = String::from(
        "# Licences\n\nWhat the platform and the stores stand on. `policy: { licences: open }` makes every licence \
         that is not open an error.\n\n| what | version | licence | |\n| --- | --- | --- | --- |\n",
    );
    for line in lines.values() {
        let _ = writeln!(text, "{line}");
    }
    text.into_bytes()
}
