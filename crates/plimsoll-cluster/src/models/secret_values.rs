//! Values of secrets that models make: text that looks random, depends on its place alone, is never printed.

use crate::state::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Thirty-two letters and digits for what stands at `place`.
pub(super) fn value(state: &State, place: &[&str]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(state.seed.to_le_bytes());
    for part in place {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    let letters = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    hasher
        .finalize()
        .iter()
        .map(|byte| char::from(letters[usize::from(*byte) % letters.len()]))
        .collect()
}

/// The same in the form that a key or the Secret's type asks for.
pub(super) fn shaped(state: &State, secret_type: &str, key: &str, place: &[&str]) -> String {
    match (secret_type, key) {
        (_, ".dockerconfigjson") => r#"{"auths":{}}"#.to_owned(),
        ("kubernetes.io/tls", "tls.crt") => pem(state, "CERTIFICATE", place),
        ("kubernetes.io/tls", "tls.key") => pem(state, "PRIVATE KEY", place),
        _ => value(state, place),
    }
}

/// A PEM block with no key in it.
pub(super) fn pem(state: &State, kind: &str, place: &[&str]) -> String {
    let body = encode(&value(state, place));
    format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n")
}

/// As `data` of a Secret holds it.
pub(super) fn encode(text: &str) -> String {
    STANDARD.encode(text)
}

/// Whether `text` is base64.
pub(super) fn is_base64(text: &str) -> bool {
    STANDARD.decode(text).is_ok()
}
