//! Velero 1.18.1: schedules are enabled, locations are available. No copy is ever made here.

use super::writing::{Writer, status_of, too_young};
use crate::controllers::{Controller, Key, Outcome, read};
use crate::state::State;
use crate::store::LogEntry;
use serde_json::json;

const WRITER: Writer = Writer("velero");
/// Time until the bucket was asked.
const SECONDS: i64 = 1;

/// Takes objects of one kind for good.
#[derive(Debug)]
pub(super) struct Velero {
    kind: &'static str,
    phase: &'static str,
}

impl Velero {
    pub(super) fn schedules() -> Self {
        Self {
            kind: "velero.io/Schedule",
            phase: "Enabled",
        }
    }

    pub(super) fn locations() -> Self {
        Self {
            kind: "velero.io/BackupStorageLocation",
            phase: "Available",
        }
    }
}

impl Controller for Velero {
    fn name(&self) -> &'static str {
        "velero"
    }

    fn interested(&mut self, entry: &LogEntry, _: &State) -> Vec<Key> {
        if *entry.kind == *self.kind {
            vec![Key::new(&entry.namespace, &entry.name)]
        } else {
            Vec::new()
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(object) = state.get(self.kind, &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        if read::text(&object, "/status/phase") == self.phase {
            return Outcome::Done;
        }
        if let Some(wait) = too_young(state, &object, SECONDS) {
            return wait;
        }
        let mut status = status_of(&object);
        status["phase"] = json!(self.phase);
        WRITER.status(state, &object, status);
        Outcome::Done
    }
}
