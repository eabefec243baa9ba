//! What must not be read by everybody.

use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec_derive::Spec;

use crate::types::Duration;

/// A secret. Its value is never in this file.
#[derive(Clone, Debug, Spec)]
pub struct Secret {
    /// Its name.
    #[spec(name)]
    pub name: Sourced<Str>,
    /// How a new value is made; `given`: a person brings it.
    #[spec(default = "given")]
    pub kind: Sourced<SecretKind>,
    /// Bytes before encoding; of `password` letters and digits.
    #[spec(default = "32")]
    pub length: Sourced<u32>,
    /// Name at the provider, `path#property`.
    #[spec(shown = "`${app}/${env}/NAME`")]
    pub key: Sourced<Str>,
    /// Several keys in one secret; with a kind each is made.
    pub keys: Vec<Sourced<Str>>,
    /// Age at which check complains.
    pub rotate: Option<Sourced<Duration>>,
    /// A value once in use is never replaced.
    #[spec(default = "false")]
    pub protect: Sourced<bool>,
    /// Where it was written.
    #[spec(origin)]
    pub origin: Origin,
}

/// How a new value of a secret is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Spec)]
pub enum SecretKind {
    /// Letters and digits.
    Password,
    /// Random bytes in hex.
    Hex,
    /// Random bytes in base64.
    Base64,
    /// A key that signs with HMAC.
    JwtHs256,
    /// A pair that signs with RSA.
    JwtRs256,
    /// A pair that signs with P-256.
    JwtEs256,
    /// A certificate and its key.
    Tls,
    /// A pair for web push.
    Vapid,
    /// Login at a registry of images; brought.
    Registry,
    /// A random UUID.
    Uuid,
    /// A person brings it.
    Given,
}

impl SecretKind {
    /// Whether it has a private and a public half.
    pub fn is_pair(self) -> bool {
        matches!(
            self,
            Self::JwtRs256 | Self::JwtEs256 | Self::Tls | Self::Vapid
        )
    }

    /// Whether a person brings the value.
    pub fn is_brought(self) -> bool {
        matches!(self, Self::Given | Self::Registry)
    }
}
