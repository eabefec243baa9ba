//! Settings of PostgreSQL, from the size of an instance, with those of the file over them.
//!
//! Source: PostgreSQL 18, chapter "Server Configuration"; a quarter of the memory as shared
//! buffers is the advice of section "Resource Consumption".

use super::postgres::{FOLDER, REPLICATOR, certificate_settings};
use super::statefulset;
use super::text::Text;
use crate::address::serves_tls;
use crate::cx::Cx;
use plimsoll_source::{Node, Origin, Sourced, Str};
use plimsoll_spec::app::Store;
use plimsoll_spec::app::store::Engine;
use std::collections::BTreeSet;

/// Extensions that only work if the server loads them when it starts.
const PRELOADED: [&str; 4] = [
    "timescaledb",
    "pg_stat_statements",
    "auto_explain",
    "pg_cron",
];

/// The settings file.
pub fn text(cx: &Cx, store: &Store) -> Node {
    let mut text = Text::new("stores/postgres-settings");
    let mut settings = Settings {
        store,
        text: &mut text,
    };
    settings.fixed("listen_addresses", "'*'");
    if let Some((_, port)) = store.ports.main() {
        settings.made("port", &port.port.map(u16::to_string));
    }
    settings.fixed("hba_file", &format!("'{FOLDER}/pg_hba.conf'"));
    settings.fixed("password_encryption", "'scram-sha-256'");
    settings.fixed("log_timezone", "'UTC'");
    settings.fixed("timezone", "'UTC'");
    settings.fixed("dynamic_shared_memory_type", "posix");
    settings.size();
    settings.replication();
    if serves_tls(cx, store) {
        settings.text.because(store.tls.origin());
        settings.fixed("ssl", "on");
        for (key, value) in certificate_settings() {
            settings.fixed(key, &format!("'{value}'"));
        }
    }
    settings.preloaded();
    for (key, value) in &store.settings {
        text.of(value, |value| format!("{key} = {}", quoted(value)));
    }
    text.build()
}

/// Memory of one instance in mebibytes: what it may use at most.
pub fn memory(store: &Store) -> Sourced<u64> {
    let memory = &store.size.memory;
    memory.map(|range| range.limit.as_ref().unwrap_or(&range.request).mebibytes())
}

/// What an instance may share between its processes: a quarter of its memory, at least 64Mi.
pub fn shared_memory(store: &Store) -> Sourced<Str> {
    // As the server would write it: whole gibibytes as such.
    let quantity = |mebibytes: u64| match mebibytes % 1024 {
        0 => format!("{}Gi", mebibytes / 1024),
        _ => format!("{mebibytes}Mi"),
    };
    memory(store).map(|memory| Str::from(quantity((memory / 4).max(64))))
}

/// How many may connect: what the file says, else one for ten mebibytes, 50 to 500.
pub fn connections(store: &Store) -> Sourced<u64> {
    match &store.connections {
        Some(connections) => connections.map(|connections| u64::from(*connections)),
        None => memory(store).map(|memory| (memory / 10).clamp(50, 500)),
    }
}

/// Text in quotes, numbers and words as they are.
fn quoted(value: &str) -> String {
    let plain = value
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if plain && !value.is_empty() {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', "''"))
}

struct Settings<'a> {
    store: &'a Store,
    text: &'a mut Text,
}

impl Settings<'_> {
    /// What the file says itself is written once, by the file.
    fn said(&mut self, key: &str) -> bool {
        let said = self.store.settings.get(key);
        if let Some(said) = said {
            self.text.because(said.origin());
        }
        said.is_some()
    }

    fn fixed(&mut self, key: &str, value: &str) {
        if !self.said(key) {
            self.text.line(format!("{key} = {value}"));
        }
    }

    fn made(&mut self, key: &str, value: &Sourced<String>) {
        if !self.said(key) {
            self.text.pair(key, " = ", value);
        }
    }

    fn size(&mut self) {
        let memory = memory(self.store);
        let connections = connections(self.store);
        let megabytes = |number: u64| format!("{number}MB");
        self.made("max_connections", &connections.map(u64::to_string));
        self.made(
            "shared_buffers",
            &memory.map(|m| megabytes((m / 4).max(16))),
        );
        self.made(
            "effective_cache_size",
            &memory.map(|m| megabytes((m * 3 / 4).max(32))),
        );
        self.made(
            "maintenance_work_mem",
            &memory.map(|m| megabytes((m / 16).clamp(16, 2048))),
        );
        let work = memory.zip(&connections, |m, c| {
            megabytes((m / 4 / c.max(&1)).clamp(1, 64))
        });
        self.made("work_mem", &work);
        self.fixed("random_page_cost", "1.1");
        self.fixed("checkpoint_completion_target", "0.9");
    }

    /// Only an instance that follows reads where it follows.
    fn replication(&mut self) {
        let pods = statefulset::pods_name(self.store);
        let port = self.store.ports.main().map(|(_, port)| port.port.clone());
        let host = self
            .store
            .name
            .zip(&pods, |name, pods| format!("{name}-0.{pods}"));
        let info = |host: &str, port: Option<&u16>| {
            let port = port.map_or_else(String::new, |port| format!(" port={port}"));
            format!("'host={host}{port} user={REPLICATOR}'")
        };
        let info = match &port {
            Some(port) => host.zip(port, |host, port| info(host, Some(port))),
            None => host.map(|host| info(host, None)),
        };
        self.made("primary_conninfo", &info);
        self.fixed("wal_keep_size", "1GB");
        self.fixed("max_wal_senders", "10");
        self.fixed("hot_standby", "on");
    }

    /// What extensions of databases need the server to load.
    fn preloaded(&mut self) {
        let (mut names, mut from) = (BTreeSet::new(), Vec::new());
        for extension in self
            .store
            .databases
            .values()
            .flat_map(|database| &database.extensions)
        {
            if PRELOADED.contains(&extension.peek().as_str()) {
                names.insert(extension.peek().to_string());
                from.push(extension.origin().clone());
            }
        }
        if *self.store.engine.peek() == Engine::TimescaleDb {
            names.insert("timescaledb".to_owned());
        }
        if names.is_empty() {
            return;
        }
        let names: Vec<String> = names.into_iter().collect();
        let origin = Origin::rule("stores/postgres-settings", from);
        let list = Sourced::new(format!("'{}'", names.join(",")), origin);
        self.made("shared_preload_libraries", &list);
    }
}
