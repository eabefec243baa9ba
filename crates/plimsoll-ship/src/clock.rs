//! Time as shipping sees it: the runtime's, which a rehearsal lets pass at will.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// Tells how long something takes, and what to write where the API wants a time of day.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    epoch: Timestamp,
    started: Instant,
}

impl Clock {
    /// Starts now; `epoch` is the time of day at this moment, of the cluster that is shipped to.
    pub fn starting_at(epoch: Timestamp) -> Self {
        Self {
            epoch,
            started: Instant::now(),
        }
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The time of day.
    pub fn now(&self) -> Timestamp {
        self.epoch + self.elapsed()
    }
}
