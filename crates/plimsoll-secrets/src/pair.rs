//! Values that come in two halves, made in one go: keys that sign tokens, certificates, VAPID.

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::encoding::{AsBigEndian, AsDer, EcPrivateKeyBin, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::{Entropy, MakeError, SecretValue, make::random, pem};

/// How a pair is made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PairKind {
    /// RSA, 2048 bit: PKCS #8 and SPKI, PEM.
    JwtRs256,
    /// ECDSA on P-256: PKCS #8 and SPKI, PEM.
    JwtEs256,
    /// A key and a certificate that it signed itself, PEM.
    Tls {
        /// Names that the certificate is for.
        hosts: Vec<String>,
    },
    /// Keys of Web Push (RFC 8292): the raw P-256 numbers, base64url.
    Vapid,
}

/// Which half of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Half {
    /// The half that signs or decrypts.
    Private,
    /// The half that others may know: a public key or a certificate.
    Public,
}

/// Both halves.
pub struct Pair {
    /// The half that signs or decrypts.
    pub private: SecretValue,
    /// The half that others may know.
    pub public: SecretValue,
}

impl Pair {
    /// One of the two.
    pub fn half(&self, half: Half) -> &SecretValue {
        match half {
            Half::Private => &self.private,
            Half::Public => &self.public,
        }
    }

    fn of_text(private: String, public: String) -> Self {
        let value = |text: String| SecretValue::new(text.into_bytes());
        Self {
            private: value(private),
            public: value(public),
        }
    }
}

/// Makes a pair. RSA keys and signatures of certificates come from the system's generator whatever
/// `entropy` says: the library takes no other.
pub fn pair(kind: &PairKind, entropy: &mut dyn Entropy) -> Result<Pair, MakeError> {
    match kind {
        PairKind::JwtRs256 => rsa(),
        PairKind::JwtEs256 => {
            let key = P256::make(entropy)?;
            Ok(Pair::of_text(key.private_pem()?, key.public_pem()?))
        }
        PairKind::Tls { hosts } => certificate(hosts, &P256::make(entropy)?),
        PairKind::Vapid => P256::make(entropy)?.raw(),
    }
}

fn refused(what: &'static str) -> MakeError {
    MakeError::Refused { what }
}

fn rsa() -> Result<Pair, MakeError> {
    let no = |_| refused("RSA key");
    let key = RsaKeyPair::generate(KeySize::Rsa2048).map_err(no)?;
    let private: Pkcs8V1Der = key.as_der().map_err(no)?;
    let public: PublicKeyX509Der = key.public_key().as_der().map_err(no)?;
    let private = pem::encode("PRIVATE KEY", private.as_ref());
    Ok(Pair::of_text(
        private,
        pem::encode("PUBLIC KEY", public.as_ref()),
    ))
}

fn certificate(hosts: &[String], key: &P256) -> Result<Pair, MakeError> {
    let private = key.private_pem()?;
    let signer = rcgen::KeyPair::from_pem(&private)?;
    let certificate = rcgen::CertificateParams::new(hosts.to_vec())?.self_signed(&signer)?;
    Ok(Pair::of_text(private, certificate.pem()))
}

/// A private key on P-256.
struct P256(PrivateKey);

const SCALAR: usize = 32;

impl P256 {
    /// Draws until the number lies inside the group; all but one in 2^32 do.
    fn make(entropy: &mut dyn Entropy) -> Result<Self, MakeError> {
        for _ in 0..8 {
            let bytes = random(SCALAR, entropy);
            if let Ok(key) = PrivateKey::from_private_key(&ECDH_P256, &bytes) {
                return Ok(Self(key));
            }
        }
        Err(refused("P-256 key"))
    }

    fn private_pem(&self) -> Result<String, MakeError> {
        let der: Pkcs8V1Der = self.0.as_der().map_err(|_| refused("P-256 key"))?;
        Ok(pem::encode("PRIVATE KEY", der.as_ref()))
    }

    fn public_pem(&self) -> Result<String, MakeError> {
        let public = self
            .0
            .compute_public_key()
            .map_err(|_| refused("P-256 key"))?;
        let der: PublicKeyX509Der = public.as_der().map_err(|_| refused("P-256 key"))?;
        Ok(pem::encode("PUBLIC KEY", der.as_ref()))
    }

    fn raw(&self) -> Result<Pair, MakeError> {
        let private: EcPrivateKeyBin = self.0.as_be_bytes().map_err(|_| refused("P-256 key"))?;
        let public = self
            .0
            .compute_public_key()
            .map_err(|_| refused("P-256 key"))?;
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        Ok(Pair::of_text(text(private.as_ref()), text(public.as_ref())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Seeded, System};

    fn texts(kind: &PairKind) -> (String, String) {
        let pair = pair(kind, &mut System).expect("made");
        let text = |half| pair.half(half).expose_text().expect("text").to_owned();
        (text(Half::Private), text(Half::Public))
    }

    /// Holds V6.
    #[test]
    fn keys_that_sign_tokens_are_pem_on_both_sides() {
        for kind in [PairKind::JwtRs256, PairKind::JwtEs256] {
            let (private, public) = texts(&kind);
            assert!(
                private.starts_with("-----BEGIN PRIVATE KEY-----\n"),
                "{kind:?}"
            );
            assert!(
                public.starts_with("-----BEGIN PUBLIC KEY-----\n"),
                "{kind:?}"
            );
            assert!(public.ends_with("-----END PUBLIC KEY-----\n"), "{kind:?}");
        }
    }

    #[test]
    fn a_certificate_belongs_to_its_key() {
        let (private, public) = texts(&PairKind::Tls {
            hosts: vec!["shop.example.org".into()],
        });
        assert!(public.starts_with("-----BEGIN CERTIFICATE-----"));
        assert!(rcgen::KeyPair::from_pem(&private).is_ok());
    }

    #[test]
    fn vapid_keys_are_a_scalar_and_an_uncompressed_point() {
        let (private, public) = texts(&PairKind::Vapid);
        assert_eq!(
            URL_SAFE_NO_PAD.decode(private).expect("base64url").len(),
            SCALAR
        );
        let point = URL_SAFE_NO_PAD.decode(public).expect("base64url");
        assert_eq!((point.len(), point[0]), (65, 4));
    }

    #[test]
    fn a_seeded_pair_repeats_itself() {
        let make = || pair(&PairKind::JwtEs256, &mut Seeded::new(b"seed")).expect("made");
        assert!(make().private.expose() == make().private.expose());
    }
}
