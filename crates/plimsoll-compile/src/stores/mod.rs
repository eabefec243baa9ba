//! Stores: databases, caches, brokers, as StatefulSets of official images under a restricted
//! context, or as what an operator is told.

use crate::cx::{Cx, Objects};
use crate::secrets::plan::Plan;
use plimsoll_spec::app::store::Run;

/// The objects of every store that is run here, and the Secrets that it brings.
pub fn objects(cx: &Cx, _plan: &mut Plan, _out: &mut Objects) {
    for store in cx.app.stores.values() {
        match store.run.peek() {
            Run::StatefulSet | Run::Operator | Run::External => {}
        }
    }
}
