//! What is outside and talked to.

use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec_derive::Spec;

use super::Ports;
use crate::types::{Bucket, Cidr};

/// Something outside that is talked to.
#[derive(Clone, Debug, Spec)]
pub struct External {
    /// Its name.
    #[spec(name)]
    pub name: Sourced<Str>,
    /// Its host. Narrows the way out where `cluster.cni` can.
    pub host: Option<Sourced<Str>>,
    /// Its ports.
    #[spec(shown = "443")]
    pub ports: Ports,
    /// Its addresses; without: public ones only.
    pub cidr: Vec<Sourced<Cidr>>,
    /// Object storage, `s3://NAME`.
    pub bucket: Option<Sourced<Bucket>>,
    /// Region of the bucket.
    pub region: Option<Sourced<Str>>,
    /// Endpoint of the bucket.
    #[spec(shown = "the provider's")]
    pub endpoint: Option<Sourced<Str>>,
    /// Its credentials: env of the same names in all who use it; `as: none`: not.
    pub secret: Option<Sourced<Str>>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}
