//! What a probe asks.

use super::leaf::{Leaf, Problem};
use super::name::PortName;
use plimsoll_source::{Sourced, Str};

/// A port of the thing itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortRef {
    /// The main one.
    Main,
    /// One of `ports`.
    Named(Str),
    /// The container's, in `ports` or not.
    Number(u16),
}

impl Leaf for PortRef {
    const WHAT: &'static str = "a port";
    const WRITTEN: &'static str = "name or number";

    fn parse(text: &str) -> Result<Self, Problem> {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return u16::parse(text).map(Self::Number);
        }
        PortName::parse(text).map(|name| Self::Named(name.text().clone()))
    }
}

/// What a probe asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// A GET that answers with a 2xx or 3xx.
    Http {
        /// Whom.
        port: PortRef,
        /// For what.
        path: Str,
    },
    /// A connection.
    Tcp {
        /// To whom.
        port: PortRef,
    },
    /// The gRPC health protocol.
    Grpc {
        /// Whom.
        port: PortRef,
        /// For which service; nothing: the server.
        service: Option<Str>,
    },
    /// A command in the container that exits with 0.
    Command(Vec<Sourced<Str>>),
}

impl Check {
    /// Name of the type in messages.
    pub const WHAT: &'static str = "a probe";
    /// How it is written.
    pub const WRITTEN: &'static str =
        "`/path`, `PORT:/path`, `tcp[:PORT]`, `grpc[:PORT[/SERVICE]]`, `[command, …]`";

    /// Reads the text of a probe that is no command.
    ///
    /// # Errors
    /// The first thing that is wrong, with its bytes.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if text.starts_with('/') {
            return Ok(Self::Http {
                port: PortRef::Main,
                path: text.into(),
            });
        }
        let (head, rest) = text.split_once(':').unwrap_or((text, ""));
        let missing = text.ends_with(':');
        match head {
            _ if missing => Err(Problem::new(text.len()..text.len(), "something is missing")),
            "tcp" => Ok(Self::Tcp {
                port: port_or_main(rest, 4)?,
            }),
            "grpc" => {
                let (port, service) = rest.split_once('/').unwrap_or((rest, ""));
                Ok(Self::Grpc {
                    port: port_or_main(port, 5)?,
                    service: Some(service).filter(|s| !s.is_empty()).map(Str::from),
                })
            }
            _ if rest.starts_with('/') => Ok(Self::Http {
                port: PortRef::parse(head)?,
                path: rest.into(),
            }),
            _ => {
                let what = format!("`{text}` is no probe; write {}", Self::WRITTEN);
                let problem = Problem::whole(text, what);
                Err(if rest.is_empty() && !text.is_empty() {
                    problem.mend(format!("/{text}"))
                } else {
                    problem
                })
            }
        }
    }
}

fn port_or_main(text: &str, shift: usize) -> Result<PortRef, Problem> {
    if text.is_empty() {
        return Ok(PortRef::Main);
    }
    PortRef::parse(text).map_err(|problem| {
        let at = problem.at.start + shift..problem.at.end + shift;
        Problem::new(at, problem.what)
    })
}
