//! What happens during a release, as it happens.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::release::ObjectKey;

/// Something happened to an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// Time since the start: the cluster's, which a rehearsal lets pass at will.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub at: Duration,
    /// To which object.
    pub object: ObjectKey,
    /// Its wave in this release, from one; none outside of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wave: Option<usize>,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What can happen to an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "what", content = "text", rename_all = "camelCase")]
pub enum What {
    /// It was made.
    Created,
    /// It was made otherwise than it was.
    Changed,
    /// It does what it is for.
    Ready,
    /// It is on its way; the text says what is missing now.
    Waiting(String),
    /// It will not come up; the text says why.
    Failed(String),
    /// It ran in an earlier release and does not run again.
    Remembered,
    /// The release failed over it, and the release before comes back.
    RollingBack,
    /// It is being deleted.
    Deleting,
    /// It is gone.
    Gone,
    /// It holds data, or what holds data needs it: it stays.
    Kept,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Created => f.write_str("created"),
            Self::Changed => f.write_str("changed"),
            Self::Ready => f.write_str("ready"),
            Self::Waiting(missing) => write!(f, "waiting: {missing}"),
            Self::Failed(cause) => write!(f, "failed: {cause}"),
            Self::Remembered => f.write_str("ran before"),
            Self::RollingBack => f.write_str("held the release up: going back to the one before"),
            Self::Deleting => f.write_str("deleting"),
            Self::Gone => f.write_str("gone"),
            Self::Kept => f.write_str("kept"),
        }
    }
}

/// `+00:12 Deployment/api ready`.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.at.as_secs();
        let (minutes, rest) = (seconds / 60, seconds % 60);
        write!(f, "+{minutes:02}:{rest:02} {} {}", self.object, self.what)
    }
}

/// Takes events as they come.
pub trait Listener: Send {
    /// Called once per event, in order.
    fn hear(&mut self, event: &Event);
}

impl<F: FnMut(&Event) + Send> Listener for F {
    fn hear(&mut self, event: &Event) {
        self(event);
    }
}

pub(crate) fn seconds<S: serde::Serializer>(at: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(round(*at))
}

/// Seconds with three digits.
#[expect(
    clippy::cast_precision_loss,
    reason = "a release takes less than 2^52 milliseconds"
)]
pub(crate) fn round(at: Duration) -> f64 {
    at.as_millis() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_short_line() {
        let event = Event {
            at: Duration::from_millis(72_400),
            object: ObjectKey::new("apps/v1", "Deployment", Some("shop"), "api"),
            wave: Some(4),
            what: What::Ready,
        };
        assert_eq!(event.to_string(), "+01:12 Deployment/api ready");
    }
}
