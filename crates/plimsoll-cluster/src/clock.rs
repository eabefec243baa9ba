//! Virtual time: a settable instant, and the two ways in which Kubernetes writes it.

use jiff::{SignedDuration, Timestamp};

/// The instant at which every fresh cluster begins: 2026-01-01T00:00:00Z.
pub const EPOCH: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// Writes an instant as a Kubernetes `Time`: whole seconds.
pub fn time(at: Timestamp) -> String {
    jiff::fmt::strtime::format("%Y-%m-%dT%H:%M:%SZ", at).unwrap_or_default()
}

/// Writes an instant as a Kubernetes `MicroTime`.
pub fn micro_time(at: Timestamp) -> String {
    jiff::fmt::strtime::format("%Y-%m-%dT%H:%M:%S.%6fZ", at).unwrap_or_default()
}

/// Reads either form.
pub fn parse(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// `at` plus a length, staying at the edge of what can be written.
pub fn after(at: Timestamp, length: std::time::Duration) -> Timestamp {
    SignedDuration::try_from(length)
        .ok()
        .and_then(|length| at.checked_add(length).ok())
        .unwrap_or(Timestamp::MAX)
}
