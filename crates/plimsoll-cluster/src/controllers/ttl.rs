//! Removes finished Jobs after `ttlSecondsAfterFinished`. Follows `pkg/controller/ttlafterfinished`, 1.37.

use jiff::SignedDuration;

use super::{Controller, Key, Outcome, job, read};
use crate::object;
use crate::state::{DeleteOptions, Propagation, State};
use crate::store::LogEntry;

const KIND: &str = "batch/Job";

/// The controller of finished Jobs' ends.
#[derive(Debug)]
pub struct Expiry;

impl Controller for Expiry {
    fn name(&self) -> &'static str {
        "ttl-after-finished-controller"
    }

    fn interested(&mut self, entry: &LogEntry, _: &State) -> Vec<Key> {
        let lives = &*entry.kind == KIND && entry.new.is_some();
        if lives {
            vec![Key::new(&entry.namespace, &entry.name)]
        } else {
            Vec::new()
        }
    }

    fn reconcile(&mut self, state: &mut State, key: &Key) -> Outcome {
        let Some(found) = state.get(KIND, &key.namespace, &key.name) else {
            return Outcome::Done;
        };
        let seconds = read::int(&found, "/spec/ttlSecondsAfterFinished");
        let (Some(seconds), Some(finished)) = (seconds, job::finished_at(&found)) else {
            return Outcome::Done;
        };
        let end = finished
            .checked_add(SignedDuration::from_secs(seconds))
            .unwrap_or(finished);
        if end > state.now() {
            return Outcome::at(state, end);
        }
        let options = DeleteOptions {
            propagation: Some(Propagation::Foreground),
            uid: Some(object::uid(&found).to_owned()),
            ..DeleteOptions::default()
        };
        // Refused only if the Job went meanwhile.
        drop(state.delete(KIND, &key.namespace, &key.name, &options));
        Outcome::Done
    }
}
