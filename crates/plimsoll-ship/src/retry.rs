//! Asks again where that can help: the server is busy, restarts, or the connection broke.
//!
//! Only for requests that may be sent twice: reading, server-side apply, deletion of one uid.

use std::time::Duration;

use tokio::time::sleep;

use crate::error::code;

const PAUSES_MS: [u64; 5] = [100, 400, 1_000, 2_000, 4_000];

/// Sends a request until it is answered for good, at most six times.
pub async fn retrying<T, F>(mut send: impl FnMut() -> F) -> Result<T, kube::Error>
where
    F: Future<Output = Result<T, kube::Error>>,
{
    for pause in PAUSES_MS {
        match send().await {
            Err(error) if is_passing(&error) => {
                sleep(Duration::from_millis(pause).max(asked_pause(&error))).await;
            }
            answer => return answer,
        }
    }
    send().await
}

/// Whether the same request may be answered in another way a little later.
fn is_passing(error: &kube::Error) -> bool {
    match error {
        kube::Error::Api(status) => matches!(status.code, 429 | 500 | 502 | 503 | 504),
        kube::Error::Service(_) | kube::Error::HyperError(_) | kube::Error::ReadEvents(_) => true,
        _ => false,
    }
}

fn asked_pause(error: &kube::Error) -> Duration {
    match error {
        kube::Error::Api(status) => {
            let details = status.details.as_ref();
            Duration::from_secs(details.map_or(0, |details| details.retry_after_seconds.into()))
        }
        _ => Duration::ZERO,
    }
}

/// An answer of "there is none" as none.
pub fn optional<T>(answer: Result<T, kube::Error>) -> Result<Option<T>, kube::Error> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if code(&error) == 404 => Ok(None),
        Err(error) => Err(error),
    }
}
