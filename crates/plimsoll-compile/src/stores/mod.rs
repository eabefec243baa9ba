//! Stores: databases, caches, brokers, as StatefulSets of official images under a restricted
//! context, or as what an operator is told.

pub mod backup;
pub mod clickhouse;
pub mod credentials;
pub mod drill;
pub mod exporter;
pub mod helper;
pub mod operator;
pub mod plain;
pub mod policy;
pub mod pooler;
pub mod postgres;
pub mod postgres_settings;
pub mod postgres_setup;
pub mod recipe;
pub mod redis;
pub mod redis_cluster;
pub mod redis_sentinel;
pub mod regional;
pub mod rules;
pub mod statefulset;
pub mod text;
pub mod tls;

#[cfg(test)]
pub(crate) mod tests;

use crate::cx::{Cx, Objects};
use crate::secrets::plan::Plan;
use plimsoll_spec::app::Store;
use plimsoll_spec::app::store::Run;
use plimsoll_world::Cond;

/// The objects of every store that is run here, and the Secrets that it brings.
pub fn objects(cx: &Cx, plan: &mut Plan, out: &mut Objects) {
    for store in cx.app.stores.values() {
        match store.run.peek() {
            Run::StatefulSet => statefulset::objects(cx, store, plan, out),
            Run::Operator => operator::objects(cx, store, plan, out),
            Run::External => {}
        }
    }
}

/// Whether a store is on.
pub fn on(store: &Store) -> Cond {
    Cond::on(&store.enabled)
}

/// Whether a store has more than one instance.
pub fn several(store: &Store) -> Cond {
    Cond::at_least(&store.instances, 2)
}
