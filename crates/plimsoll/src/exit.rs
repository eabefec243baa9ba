//! Exit codes, and the one place that turns errors into words.

use plimsoll_ship::ShipError;
use std::fmt;
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Fine,
    /// The user's files have mistakes, or the release is broken.
    Findings,
    /// The command line was wrong.
    Usage,
    /// The disk, the network or the cluster failed.
    Outside,
    /// Something would change: of commands that look and write nothing.
    Differs,
    /// We failed.
    Bug,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Fine => 0,
            Exit::Findings => 1,
            Exit::Usage => 2,
            Exit::Outside => 3,
            Exit::Differs => 4,
            Exit::Bug => 70,
        })
    }
}

/// Why a command could not do its work: what was attempted, and whose fault it was.
#[derive(Debug)]
pub struct Failure {
    /// The code to end with.
    pub exit: Exit,
    error: anyhow::Error,
}

impl Failure {
    /// The command line asked for something that is not there.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self {
            exit: Exit::Usage,
            error: anyhow::Error::msg(message.to_string()),
        }
    }

    /// The file is not so that it can be done.
    pub fn findings(message: impl fmt::Display) -> Self {
        Self {
            exit: Exit::Findings,
            ..Self::usage(message)
        }
    }

    /// The chain of causes, each said once.
    pub fn render(&self) -> String {
        let mut lines = vec![format!("error: {}", self.error)];
        lines.extend(
            self.error
                .chain()
                .skip(1)
                .map(|cause| format!("  because: {cause}")),
        );
        let page = self.error.downcast_ref::<ShipError>().map(ShipError::page);
        lines.extend(page.map(|page| format!("  `plimsoll explain {page}` says more")));
        lines.join("\n")
    }
}

/// Everything that fails with `?` is an outside error.
impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            exit: Exit::Outside,
            error: error.into(),
        }
    }
}

/// What a command gives back.
pub type Outcome = Result<Exit, Failure>;
