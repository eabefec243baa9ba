//! What the exporters of engines say: `postgres_exporter` 0.19, `redis_exporter` 1.79,
//! `mysqld_exporter` 0.18, `kafka_exporter` 1.9, and the one in `CloudNativePG` 1.30.

use super::query::fill;
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::Store;
use plimsoll_spec::app::store::{Engine, Run};
use plimsoll_spec::types::{Duration, Leaf, Limit};

/// Whether a store has an exporter that we know, and that is on.
pub fn says_how_it_is(store: &Store) -> bool {
    store.exporter.some().is_some()
        && (*store.run.peek() == Run::Operator || crate::stores::exporter::is_known(store))
}

/// Connections as a part of the most.
pub fn connections(store: &Store, of: &Sourced<Str>) -> Option<Sourced<Str>> {
    if !says_how_it_is(store) {
        return None;
    }
    let text = match (store.run.peek(), store.engine.peek()) {
        (Run::Operator, _) => {
            "sum by (pod) (cnpg_backends_total{$of})\n\
             / max by (pod) (cnpg_pg_settings_setting{$of,name=\"max_connections\"})"
        }
        (_, Engine::Postgres | Engine::TimescaleDb) => {
            "sum by (pod) (pg_stat_activity_count{$of})\n\
             / max by (pod) (pg_settings_max_connections{$of})"
        }
        (_, Engine::Redis | Engine::Valkey) => {
            "max by (pod) (redis_connected_clients{$of})\n\
             / max by (pod) (redis_config_maxclients{$of})"
        }
        (_, Engine::MySql | Engine::MariaDb) => {
            "max by (pod) (mysql_global_status_threads_connected{$of})\n\
             / max by (pod) (mysql_global_variables_max_connections{$of})"
        }
        _ => return None,
    };
    Some(fill(text, &[("of", of)]))
}

/// How far others are behind: replicas in seconds, consumers of a broker in messages. `None` where
/// the limit is of the other kind.
pub fn lag(store: &Store, of: &Sourced<Str>, limit: &Limit) -> Option<Sourced<Str>> {
    if !says_how_it_is(store) {
        return None;
    }
    let in_seconds = Duration::parse(&limit.limit).is_ok();
    let text = match (store.run.peek(), store.engine.peek(), in_seconds) {
        (Run::Operator, _, true) => "max by (pod) (cnpg_pg_replication_lag{$of})",
        (_, Engine::Postgres | Engine::TimescaleDb, true) => {
            "max by (pod) (pg_replication_lag_seconds{$of})"
        }
        (_, Engine::Redis | Engine::Valkey, true) => {
            "max by (pod) (redis_connected_slave_lag_seconds{$of})"
        }
        (_, Engine::Kafka, false) => "sum by (consumergroup, topic) (kafka_consumergroup_lag{$of})",
        _ => return None,
    };
    Some(fill(text, &[("of", of)]))
}
