//! Values that stand alone: passwords, keys for HMAC, identifiers.

use base64::{Engine, engine::general_purpose::STANDARD};

use serde::{Deserialize, Serialize};

use crate::{Entropy, SecretValue};

/// How one value is made. Lengths are bytes of randomness, of a password letters and digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Make {
    /// Letters and digits: needs no escaping in a URL, a shell or YAML.
    Password {
        /// Number of characters.
        length: usize,
    },
    /// Lower-case hexadecimal.
    Hex {
        /// Bytes before encoding.
        length: usize,
    },
    /// Base64 with padding.
    Base64 {
        /// Bytes before encoding.
        length: usize,
    },
    /// A key that signs tokens with HMAC-SHA-256, base64; never under 32 bytes (RFC 7518 §3.2).
    JwtHs256 {
        /// Bytes before encoding.
        length: usize,
    },
    /// A random UUID (version 4).
    Uuid,
}

const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HMAC_SHA256_KEY: usize = 32;

/// Makes one value.
pub fn one(make: Make, entropy: &mut dyn Entropy) -> SecretValue {
    let text = match make {
        Make::Password { length } => password(length, entropy),
        Make::Hex { length } => hex(&random(length, entropy)),
        Make::Base64 { length } => STANDARD.encode(random(length, entropy)),
        Make::JwtHs256 { length } => STANDARD.encode(random(length.max(HMAC_SHA256_KEY), entropy)),
        Make::Uuid => uuid(entropy),
    };
    SecretValue::new(text.into_bytes())
}

pub(crate) fn random(length: usize, entropy: &mut dyn Entropy) -> Vec<u8> {
    let mut bytes = vec![0; length];
    entropy.fill(&mut bytes);
    bytes
}

/// Bytes beyond the last whole multiple of the alphabet are thrown away, so that every character
/// is equally likely.
fn password(length: usize, entropy: &mut dyn Entropy) -> String {
    let limit = 256 - 256 % ALPHABET.len();
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let bytes = random(length, entropy);
        let fair = bytes
            .iter()
            .map(|&byte| usize::from(byte))
            .filter(|&byte| byte < limit);
        let missing = length - text.len();
        text.extend(
            fair.take(missing)
                .map(|byte| char::from(ALPHABET[byte % ALPHABET.len()])),
        );
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// Version and variant bits as in RFC 9562 §5.4.
fn uuid(entropy: &mut dyn Entropy) -> String {
    let mut bytes = random(16, entropy);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let digits = hex(&bytes);
    [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ]
    .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Seeded, System};

    fn text(make: Make) -> String {
        let value = one(make, &mut System);
        value.expose_text().expect("text").to_owned()
    }

    /// Holds V6.
    #[test]
    fn a_password_has_its_length_and_needs_no_escaping() {
        let password = text(Make::Password { length: 40 });
        assert_eq!(password.len(), 40);
        assert!(password.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }

    #[test]
    fn encodings_have_the_length_that_their_bytes_ask() {
        assert_eq!(text(Make::Hex { length: 16 }).len(), 32);
        assert_eq!(
            STANDARD
                .decode(text(Make::Base64 { length: 24 }))
                .expect("base64")
                .len(),
            24
        );
        assert_eq!(
            STANDARD
                .decode(text(Make::JwtHs256 { length: 8 }))
                .expect("base64")
                .len(),
            32
        );
    }

    #[test]
    fn a_uuid_says_its_version_and_variant() {
        let uuid = text(Make::Uuid);
        assert_eq!(uuid.len(), 36);
        assert_eq!(&uuid[14..15], "4");
        assert!("89ab".contains(&uuid[19..20]));
    }

    #[test]
    fn a_seed_repeats_itself_and_two_values_of_it_differ() {
        let make = |seed: &[u8]| {
            let mut entropy = Seeded::new(seed);
            let first = one(Make::Password { length: 32 }, &mut entropy);
            let second = one(Make::Password { length: 32 }, &mut entropy);
            (first.expose().to_vec(), second.expose().to_vec())
        };
        assert!(make(b"a") == make(b"a"));
        assert!(make(b"a") != make(b"b"));
        let (first, second) = make(b"a");
        assert!(first != second);
    }

    #[test]
    fn two_values_of_the_system_differ() {
        assert!(text(Make::Uuid) != text(Make::Uuid));
    }
}
