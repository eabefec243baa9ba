//! Ports of a container and its Service.

use indexmap::IndexMap;
use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec_derive::Spec;
use std::borrow::Cow;

use super::pod::Companion;

/// A port.
#[derive(Clone, Debug, Spec)]
#[spec(short = "port")]
pub struct Port {
    /// Where the container listens.
    pub port: Sourced<u16>,
    /// Port of the Service.
    #[spec(shown = "the same")]
    pub at: Sourced<u16>,
    /// What is spoken; written as `appProtocol`.
    #[spec(
        shown = "the port's name if it is one of these; else http for the main one, tcp for others"
    )]
    pub speaks: Sourced<Speaks>,
    /// Protocol below.
    #[spec(default = "tcp")]
    pub protocol: Sourced<Protocol>,
}

/// What is spoken on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum Speaks {
    /// HTTP.
    Http,
    /// gRPC, which is HTTP/2 without TLS.
    Grpc,
    /// Anything else.
    Tcp,
}

/// Protocol of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

/// Ports by name; the first is the main one. Without ports: a worker, no Service.
#[derive(Clone, Debug)]
pub struct Ports {
    /// All of them.
    pub all: IndexMap<Str, Port>,
    /// Where they, or `none`, were written.
    pub origin: Origin,
}

impl Ports {
    /// The main one, with its name.
    pub fn main(&self) -> Option<(&Str, &Port)> {
        self.all.first()
    }

    /// These and those of sidecars, which join the same Service; none where there is no Service.
    pub fn joined(&self, sidecars: &IndexMap<Str, Companion>) -> Cow<'_, Self> {
        let mut others = sidecars.values().flat_map(|sidecar| &sidecar.ports.all);
        let Some(first) = others.next().filter(|_| !self.all.is_empty()) else {
            return Cow::Borrowed(self);
        };
        let mut ports = self.clone();
        for (name, port) in std::iter::once(first).chain(others) {
            ports.all.insert(name.clone(), port.clone());
        }
        Cow::Owned(ports)
    }
}
