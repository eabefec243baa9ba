//! What a container asks for and may use.

use plimsoll_source::{Handle, Knob, Sourced};
use plimsoll_spec_derive::Spec;

use crate::types::{Bytes, Cpu, SizeRange};

/// Size of a container: request..limit.
#[derive(Clone, Debug, Spec)]
pub struct Size {
    /// Cpu. One value: the request, without limit.
    #[spec(default = "100m")]
    pub cpu: Knob<SizeRange<Cpu>>,
    /// Memory. One value: request and limit.
    #[spec(default = "256Mi")]
    pub memory: Knob<SizeRange<Bytes>>,
    /// Disk for logs and scratch. One value: request and limit.
    #[spec(default = "1Gi")]
    pub disk: Sourced<SizeRange<Bytes>>,
    /// The whole, as one handle.
    #[spec(handle)]
    pub handle: Handle,
}

/// Size of a store's container; the engine is tuned from it.
#[derive(Clone, Debug, Spec)]
pub struct StoreSize {
    /// Cpu. One value: the request, without limit.
    #[spec(default = "250m")]
    pub cpu: Sourced<SizeRange<Cpu>>,
    /// Memory. One value: request and limit.
    #[spec(default = "1Gi")]
    pub memory: Sourced<SizeRange<Bytes>>,
}
