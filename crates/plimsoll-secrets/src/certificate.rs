//! The certificate of a Sealed Secrets controller: the key that values are sealed with.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

/// A certificate with an RSA key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The public key, DER (SPKI).
    pub(crate) key: Vec<u8>,
    /// The last second at which it holds, since 1970.
    pub ends: i64,
    /// `sha256:` and the digest of the whole certificate, which tells it from others.
    pub fingerprint: String,
}

/// Why a text is no certificate that values can be sealed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// No certificate stands in it.
    #[error("it holds no certificate: it begins with `-----BEGIN CERTIFICATE-----`")]
    None,
    /// A certificate stands in it and cannot be read.
    #[error("its certificate cannot be read")]
    Broken,
    /// The key is of another kind.
    #[error("its key is not RSA, which Sealed Secrets seals with")]
    NotRsa,
    /// It belongs to a key that somebody guesses.
    #[error("its RSA key has {0} bits, and 2048 are the least that protect")]
    Short(usize),
}

const LEAST_BITS: usize = 2048;

impl Certificate {
    /// The first certificate of a PEM text, as the controller's own client takes it.
    pub fn read(text: &str) -> Result<Self, CertificateError> {
        let der = Pem::iter_from_buffer(text.as_bytes())
            .filter_map(Result::ok)
            .find(|block| block.label == "CERTIFICATE")
            .ok_or(CertificateError::None)?
            .contents;
        let (_, read) = X509Certificate::from_der(&der).map_err(|_| CertificateError::Broken)?;
        let key = read.public_key();
        match key.parsed() {
            Ok(PublicKey::RSA(rsa)) if rsa.key_size() < LEAST_BITS => {
                return Err(CertificateError::Short(rsa.key_size()));
            }
            Ok(PublicKey::RSA(_)) => {}
            _ => return Err(CertificateError::NotRsa),
        }
        Ok(Self {
            key: key.raw.to_vec(),
            ends: read.validity().not_after.timestamp(),
            fingerprint: fingerprint(&der),
        })
    }
}

fn fingerprint(der: &[u8]) -> String {
    let mut text = "sha256:".to_owned();
    for byte in digest(&SHA256, der).as_ref() {
        write!(text, "{byte:02x}").expect("writing to a string");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_told_apart() {
        assert_eq!(Certificate::read("hello"), Err(CertificateError::None));
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(Certificate::read(broken), Err(CertificateError::Broken));
    }

    #[test]
    fn a_key_on_a_curve_is_refused() {
        let key = rcgen::KeyPair::generate().expect("a key");
        let params = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
        let certificate = params.self_signed(&key).expect("signed").pem();
        assert_eq!(
            Certificate::read(&certificate),
            Err(CertificateError::NotRsa)
        );
    }
}
