//! The text form of keys (RFC 7468).

use base64::{Engine, engine::general_purpose::STANDARD};

const LINE: usize = 64;

/// Wraps DER bytes under `label`, such as `PRIVATE KEY`.
pub fn encode(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}
