//! What can go wrong outside: the cluster does not answer, or answers what nobody can go on with.
//!
//! A release that does not come up is no error but an [`Outcome`](crate::Outcome) with a
//! [`Failure`](crate::Failure).

use crate::graph::GraphError;
use crate::release::ObjectKey;

/// Why shipping stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShipError {
    /// The objects have no order.
    #[error("the release has no order")]
    Graph(#[from] GraphError),
    /// A request failed, after it was tried again where that could help.
    #[error("{what}")]
    Request {
        /// What was attempted.
        what: String,
        /// The answer, or why there was none.
        source: Box<kube::Error>,
    },
    /// The cluster does not know kinds that the release needs.
    #[error("the cluster does not serve {}", .0.join(", "))]
    NotServed(Vec<String>),
    /// A release without objects; pruning everything is what `down` is for.
    #[error("the release is empty, and an empty release never prunes")]
    Empty,
    /// Someone else ships the same application.
    #[error("{holder} ships this application right now")]
    Leased {
        /// Who.
        holder: String,
    },
    /// Another shipper took over while this one ran.
    #[error("another shipper took over; this one stopped")]
    LeaseLost,
    /// The main namespace neither exists nor is part of the release.
    #[error("namespace {0} does not exist, and the release does not make it")]
    NoNamespace(String),
    /// Secrets that a person has to bring.
    #[error("these secrets must be there first: {}", .0.join(", "))]
    SecretsMissing(Vec<String>),
    /// Half of a pair is there, the other is not.
    #[error("{0} holds one half of a pair; the other half is gone, and a new one would not fit")]
    HalfPair(String),
    /// A value could not be made.
    #[error("making {what}")]
    Make {
        /// The logical name of the value.
        what: String,
        /// The cause.
        source: plimsoll_secrets::MakeError,
    },
    /// There is no release to go back to.
    #[error("no earlier release that came up is known")]
    NothingBefore,
    /// What was stored by an earlier run cannot be read.
    #[error("what is remembered in {secret} cannot be read: {why}")]
    Memory {
        /// The Secret.
        secret: Box<ObjectKey>,
        /// What is wrong with it.
        why: String,
    },
}

impl ShipError {
    pub(crate) fn request(what: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let what = what.into();
        |source| Self::Request {
            what,
            source: Box::new(source),
        }
    }
}

/// The HTTP code of an answer, 0 where there was none.
pub(crate) fn code(error: &kube::Error) -> u16 {
    match error {
        kube::Error::Api(status) => status.code,
        _ => 0,
    }
}
