//! Sealing: a value that only the Sealed Secrets controller of one cluster can open.
//!
//! Source: `HybridEncrypt` and `EncryptionLabel` of Sealed Secrets. A session key of 32 bytes encrypts the value
//! with AES-256-GCM under a nonce of zeros, which is right because no session key is used twice; RSA-OAEP with
//! SHA-256 encrypts the session key under a label that says where the value may be opened.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{Certificate, Entropy, MakeError, SecretValue, make::random};

const SESSION_KEY: usize = 32;

/// Seals a value for whoever has the private key of the certificate; base64, as a `SealedSecret` holds it. It opens
/// with the same label alone.
pub fn seal(
    value: &SecretValue,
    certificate: &Certificate,
    label: &str,
    entropy: &mut dyn Entropy,
) -> Result<String, MakeError> {
    let session = SecretValue::new(random(SESSION_KEY, entropy));
    let key = encrypted(&session, certificate, label)?;
    let length = u16::try_from(key.len()).map_err(|_| refused("sealed value"))?;
    let mut sealed = length.to_be_bytes().to_vec();
    sealed.extend(key);
    sealed.extend(hidden(value, &session)?);
    Ok(STANDARD.encode(sealed))
}

fn refused(what: &'static str) -> MakeError {
    MakeError::Refused { what }
}

/// The session key for the owner of the certificate alone.
fn encrypted(
    session: &SecretValue,
    certificate: &Certificate,
    label: &str,
) -> Result<Vec<u8>, MakeError> {
    let key = PublicEncryptingKey::from_der(&certificate.key).map_err(|_| refused("sealed key"))?;
    let key = OaepPublicEncryptingKey::new(key).map_err(|_| refused("sealed key"))?;
    let mut out = vec![0; key.ciphertext_size()];
    let label = Some(label.as_bytes()).filter(|label| !label.is_empty());
    let written = key.encrypt(&OAEP_SHA256_MGF1SHA256, session.expose(), &mut out, label);
    Ok(written.map_err(|_| refused("sealed key"))?.to_vec())
}

/// The value under the session key, with the tag that proves it whole.
fn hidden(value: &SecretValue, session: &SecretValue) -> Result<Vec<u8>, MakeError> {
    let key =
        UnboundKey::new(&AES_256_GCM, session.expose()).map_err(|_| refused("sealed value"))?;
    let mut bytes = value.expose().to_vec();
    LessSafeKey::new(key)
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key([0; 12]),
            Aad::empty(),
            &mut bytes,
        )
        .map_err(|_| refused("sealed value"))?;
    Ok(bytes)
}
