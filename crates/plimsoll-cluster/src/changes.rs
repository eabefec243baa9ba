//! Tells whoever waits that the cluster changed, in the order of waiting.
//!
//! `tokio::sync::watch` spreads its waiters by a random number, so that two runs would tell the same
//! story in another order.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Notify;

/// The end that tells.
#[derive(Debug, Default)]
pub(crate) struct Changes(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    version: AtomicU64,
    waiting: Notify,
}

impl Changes {
    /// Tells the newest resource version.
    pub fn tell(&self, version: u64) {
        self.0.version.store(version, Ordering::Release);
        self.0.waiting.notify_waiters();
    }

    /// An end that waits; it has seen everything up to now.
    pub fn subscribe(&self) -> Changed {
        let inner = self.0.clone();
        Changed {
            seen: inner.version.load(Ordering::Acquire),
            inner,
        }
    }
}

/// The end that waits.
#[derive(Debug)]
pub struct Changed {
    inner: Arc<Inner>,
    seen: u64,
}

impl Changed {
    /// Everything up to now is known.
    pub fn mark_seen(&mut self) {
        self.seen = self.inner.version.load(Ordering::Acquire);
    }

    /// Waits until something changed that is not known, and knows it then.
    pub async fn changed(&mut self) {
        loop {
            let mut waiting = std::pin::pin!(self.inner.waiting.notified());
            // In line before looking, so that no change falls between the two.
            waiting.as_mut().enable();
            let version = self.inner.version.load(Ordering::Acquire);
            if version != self.seen {
                self.seen = version;
                return;
            }
            waiting.await;
        }
    }
}
