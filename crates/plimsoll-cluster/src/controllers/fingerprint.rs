//! Short names for contents, as in `pod-template-hash`.
//!
//! Same shape as upstream's (FNV-1a, 32 bit, in an alphabet without vowels); the values differ,
//! because upstream hashes Go's printed form of its structs.

use serde_json::Value;

const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// The fingerprint of a value and of how often it collided before. Order of fields is irrelevant.
pub fn of(value: &Value, collisions: i64) -> String {
    let mut hash = Fnv(0x811c_9dc5);
    hash.value(value);
    if collisions != 0 {
        hash.bytes(&collisions.to_le_bytes());
    }
    hash.0
        .to_string()
        .bytes()
        .map(|digit| char::from(ALPHABET[usize::from(digit) % 27]))
        .collect()
}

struct Fnv(u32);

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                let mut keys: Vec<_> = map.keys().collect();
                keys.sort_unstable();
                self.bytes(b"{");
                for key in keys {
                    self.bytes(key.as_bytes());
                    self.bytes(b":");
                    self.value(&map[key]);
                }
                self.bytes(b"}");
            }
            Value::Array(items) => {
                self.bytes(b"[");
                for item in items {
                    self.value(item);
                    self.bytes(b",");
                }
                self.bytes(b"]");
            }
            Value::String(text) => {
                self.bytes(b"\"");
                self.bytes(text.as_bytes());
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {
                self.bytes(value.to_string().as_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::of;

    #[test]
    fn order_of_fields_is_irrelevant_and_contents_are_not() {
        assert_eq!(
            of(&json!({"a": 1, "b": 2}), 0),
            of(&json!({"b": 2, "a": 1}), 0)
        );
        assert_ne!(of(&json!({"a": 1}), 0), of(&json!({"a": 2}), 0));
        assert_ne!(of(&json!({"a": 1}), 0), of(&json!({"a": 1}), 1));
    }
}
