//! What can go wrong outside: the cluster does not answer, or answers what nobody can go on with.
//!
//! A release that does not come up is no error but an [`Outcome`](crate::Outcome) with a
//! [`Failure`](crate::Failure).

use crate::cause::Cause;
use crate::graph::GraphError;
use crate::obstacle::Obstacle;
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
    /// The cluster said no.
    #[error("{what}: the cluster answers {code}: {message}")]
    Answered {
        /// What was attempted.
        what: String,
        /// The HTTP code.
        code: u16,
        /// What it said.
        message: String,
    },
    /// The login is no longer valid.
    #[error(
        "{what}: the login is not valid or has expired; log in again, then run the same command"
    )]
    LoggedOut {
        /// What was attempted.
        what: String,
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
    /// The main namespace is not there and cannot be made.
    #[error("namespace {namespace} cannot be made: {cause}")]
    NoNamespace {
        /// Its name.
        namespace: String,
        /// What the cluster says.
        cause: String,
    },
    /// Things that have to change before anything is written.
    #[error("{} in the way; nothing was written", count(.0.len()))]
    Obstacles(Vec<Obstacle>),
    /// The cluster is no longer what the approved plan found.
    #[error("the cluster moved since the plan was made; nothing was written: {}", .0.join("; "))]
    Moved(Vec<String>),
    /// There is no such release to go back to.
    #[error("no release {number} that came up is remembered; there are: {}", listed(.known))]
    NoSuchRelease {
        /// The number that was asked for.
        number: u64,
        /// Those that are remembered.
        known: Vec<u64>,
    },
    /// No part of the application has this name.
    #[error("nothing that was shipped is called {name}; there are: {}", known.join(", "))]
    NoSuchUnit {
        /// The name.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// It runs nothing that could be restarted.
    #[error("{0} runs no pods that could be restarted")]
    NothingToRestart(String),
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

fn count(obstacles: usize) -> String {
    match obstacles {
        1 => "one thing stands".to_owned(),
        many => format!("{many} things stand"),
    }
}

fn listed(numbers: &[u64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    if numbers.is_empty() {
        "none".to_owned()
    } else {
        numbers.join(", ")
    }
}

impl ShipError {
    /// The page about it.
    pub fn page(&self) -> Cause {
        match self {
            Self::Graph(_) => Cause::NoOrder,
            Self::Request { .. } => Cause::ClusterSilent,
            Self::Answered { .. } => Cause::ClusterAnswers,
            Self::LoggedOut { .. } => Cause::LoggedOut,
            Self::NotServed(_) => Cause::KindNotServed,
            Self::Empty => Cause::EmptyRelease,
            Self::Leased { .. } | Self::LeaseLost => Cause::SomeoneElseShips,
            Self::NoNamespace { .. } => Cause::Refused,
            Self::Obstacles(found) => found.first().map_or(Cause::Refused, |one| one.page),
            Self::Moved(_) => Cause::ClusterMoved,
            Self::NoSuchRelease { .. } | Self::NothingBefore => Cause::NoSuchRelease,
            Self::NoSuchUnit { .. } | Self::NothingToRestart(_) => Cause::NoSuchPart,
            Self::HalfPair(_) | Self::Make { .. } => Cause::HalfAPair,
            Self::Memory { .. } => Cause::MemoryDamaged,
        }
    }

    pub(crate) fn request(what: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let what = what.into();
        |source| match source {
            kube::Error::Api(status) if status.code == 401 => Self::LoggedOut { what },
            kube::Error::Api(status) => Self::Answered {
                what,
                code: status.code,
                message: status.message.clone(),
            },
            source => Self::Request {
                what,
                source: Box::new(source),
            },
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
