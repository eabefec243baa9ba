//! A value that nobody sees by accident.

/// Bytes of a secret.
///
/// Deliberately without `Display`, `Debug`, `Serialize` and `PartialEq`: a value that cannot be
/// formatted cannot end in a log, a report or a snapshot.
#[derive(Clone)]
pub struct SecretValue(Vec<u8>);

impl SecretValue {
    /// Takes the bytes of a secret.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes themselves. Callers build a request body of them, and nothing else.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The value as text, where it is text.
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl Drop for SecretValue {
    fn drop(&mut self) {
        self.0.fill(0);
        // Keeps the compiler from dropping the write above.
        std::hint::black_box(&self.0);
    }
}
