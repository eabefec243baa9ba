//! Secret values: made, sealed, carried without ever being shown.
//!
//! [`SecretValue`] has no `Display`, `Debug` or `Serialize`: the only way out is
//! [`SecretValue::expose`], which is called where a request body is built and nowhere else.

pub mod certificate;
pub mod entropy;
pub mod make;
pub mod pair;
pub mod pem;
pub mod seal;
pub mod value;

pub use certificate::{Certificate, CertificateError};
pub use entropy::{Entropy, Randomness, Seeded, System};
pub use make::{Make, one};
pub use pair::{Half, Pair, PairKind, pair};
pub use seal::seal;
pub use value::SecretValue;

/// The SHA-1 of a value: the one form of a password that every gateway compares. It is no protection
/// for a short one; what we make has 32 letters and digits.
pub fn sha1(value: &SecretValue) -> Vec<u8> {
    use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
    digest(&SHA1_FOR_LEGACY_USE_ONLY, value.expose())
        .as_ref()
        .to_vec()
}

/// Why a value could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MakeError {
    /// The cryptographic library refused.
    #[error("the cryptographic library could not make a {what}")]
    Refused {
        /// What was to be made.
        what: &'static str,
    },
    /// A certificate could not be written.
    #[error("writing a certificate")]
    Certificate {
        /// The cause.
        #[from]
        source: rcgen::Error,
    },
}
