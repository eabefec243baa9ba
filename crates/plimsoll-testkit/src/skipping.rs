//! Tests that cannot run here say so, and are counted; with `PLIMSOLL_DEMAND_TOOLS=1` they fail.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

static SKIPPED: AtomicUsize = AtomicUsize::new(0);

/// Whether a missing tool is a failure.
pub fn tools_are_demanded() -> bool {
    std::env::var_os("PLIMSOLL_DEMAND_TOOLS").is_some_and(|value| value == "1")
}

/// Counts a test that is about to return without having tested anything, and says why.
///
/// The line goes past the test harness, which would swallow it; with `PLIMSOLL_SKIP_LOG` it is also
/// added to that file, so that a run over many test programs can be summed up.
///
/// # Panics
/// If the log cannot be written, or if tools are demanded.
pub fn skip(reason: &str) {
    assert!(
        !tools_are_demanded(),
        "skipping is not allowed here: {reason}"
    );
    let count = SKIPPED.fetch_add(1, Ordering::Relaxed) + 1;
    let line = format!("skipped: {reason} ({count} in this program)\n");
    // A closed stderr is no reason to fail a test.
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Some(log) = std::env::var_os("PLIMSOLL_SKIP_LOG") {
        let mut options = std::fs::OpenOptions::new();
        let mut file = options
            .create(true)
            .append(true)
            .open(log)
            .expect("PLIMSOLL_SKIP_LOG");
        file.write_all(line.as_bytes()).expect("PLIMSOLL_SKIP_LOG");
    }
}

/// Number of tests skipped so far in this program.
pub fn skipped() -> usize {
    SKIPPED.load(Ordering::Relaxed)
}

/// Counts a skip because `what` is not installed; `command` of xtask would install it.
pub(crate) fn missing<T>(what: &str, command: &str) -> Option<T> {
    let reason = format!("{what} missing, `cargo xtask {command}` installs it");
    assert!(!tools_are_demanded(), "{reason}");
    skip(&reason);
    None
}
