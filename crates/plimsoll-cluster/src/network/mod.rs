//! Proof that traffic arrives: one simulated request or connection walks API objects alone.
//!
//! Nothing here changes the cluster. A [`Walk`] lists each object that let the traffic pass and, if
//! it did not arrive, the object where it stopped and why. Source of the policy semantics:
//! Kubernetes 1.37 `networking/v1`, Gateway API 1.6, Cilium 1.20.

mod backend;
mod cidr;
mod cilium;
mod connection;
mod data_plane;
mod declared;
pub(crate) mod gateway;
mod ingresses;
mod mesh;
mod nginx;
mod party;
mod policy;
mod probe;
mod read;
mod request;
mod rule;
mod selector;
mod service;
#[cfg(test)]
mod tests;
mod walk;

pub use cidr::Cidr;

pub use connection::{Target, connection, dns};
pub use data_plane::{DataPlane, NAMESPACE_LABEL, data_plane};
pub(crate) use declared::narrower as host_overlap;
pub(crate) use ingresses::class_of as ingress_class;
pub use party::{Identity, Party, Protocol};
pub use policy::{Flow, Verdict, egress, ingress};
pub use probe::{probes, scrape};
pub use request::{Declared, Request, route, routes};
pub use selector::matches as selector_matches;
pub use service::PortRef;
pub use walk::{Answer, ObjectRef, Step, Stop, Walk};
