//! Names, labels and annotations.

use serde_json::{Value, json};

use crate::error::Cause;
use crate::kinds::Kind;
use crate::object;

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
/// What is said of a name that is no DNS label.
pub const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SERVICE: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const QUALIFIED: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/// Checks the name of a new object, and its metadata.
pub fn check(kind: &Kind, object: &Value) -> Vec<Cause> {
    let name = object::name(object);
    let mut causes = Vec::new();
    if let Some((what, limit)) = name_rule(kind, name) {
        let mut wrong =
            |detail: &str| causes.push(Cause::invalid("metadata.name", &json!(name), detail));
        if name.len() > limit {
            wrong(&format!("must be no more than {limit} bytes"));
        } else if !what.is_empty() {
            wrong(what);
        }
    }
    causes.extend(check_metadata(object));
    causes
}

/// The broken rule on the name, and the longest that it may be.
fn name_rule(kind: &Kind, name: &str) -> Option<(&'static str, usize)> {
    let (rule, good, limit): (_, fn(&str) -> bool, _) = match kind.key.as_ref() {
        "Service" => (SERVICE, is_service_name, 63),
        "Namespace" => (LABEL, is_label, 63),
        key if key.starts_with("rbac.authorization.k8s.io/") => ("", |_| true, 253),
        "Event" => return None,
        _ => (SUBDOMAIN, is_subdomain, 253),
    };
    if name.len() > limit {
        return Some((rule, limit));
    }
    (!good(name)).then_some((rule, limit))
}

/// Checks labels and annotations.
pub fn check_metadata(object: &Value) -> Vec<Cause> {
    let metadata = &object["metadata"];
    let mut causes = check_labels("metadata.labels", &metadata["labels"]);
    for key in metadata["annotations"]
        .as_object()
        .into_iter()
        .flat_map(|all| all.keys())
    {
        if !is_qualified(&key.to_lowercase()) {
            causes.push(Cause::invalid(
                "metadata.annotations",
                &json!(key),
                QUALIFIED,
            ));
        }
    }
    let size: usize = metadata["annotations"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| key.len() + value.as_str().map_or(0, str::len))
        .sum();
    if size > 256 * 1024 {
        causes.push(Cause::too_long("metadata.annotations", 256 * 1024));
    }
    causes
}

/// Checks label keys and values.
pub fn check_labels(field: &str, labels: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    for (key, value) in labels.as_object().into_iter().flatten() {
        if !is_qualified(key) {
            causes.push(Cause::invalid(field, &json!(key), QUALIFIED));
        }
        let text = value.as_str().unwrap_or_default();
        if text.len() > 63 {
            causes.push(Cause::invalid(
                field,
                value,
                "must be no more than 63 bytes",
            ));
        } else if !text.is_empty() && !is_word(text) {
            causes.push(Cause::invalid(field, value, LABEL_VALUE));
        }
    }
    causes
}

/// Whether the text is a DNS label as RFC 1123 has it.
pub fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty()
        && text.len() <= 63
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// What is wrong with the name of a port (`IsValidPortName`).
pub fn broken_port_name(text: &str) -> Vec<&'static str> {
    let bytes = text.as_bytes();
    let inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    let rules = [
        (text.len() > 15, "must be no more than 15 characters"),
        (
            !bytes.iter().all(inner),
            "must contain only alphanumeric characters (a-z, 0-9), and hyphens (-)",
        ),
        (
            !bytes.iter().any(u8::is_ascii_lowercase),
            "must contain at least one letter (a-z)",
        ),
        (text.contains("--"), "must not contain consecutive hyphens"),
        (
            text.starts_with('-') || text.ends_with('-'),
            "must not begin or end with a hyphen",
        ),
    ];
    let broken = rules.into_iter().filter(|(is_broken, _)| *is_broken);
    broken.map(|(_, rule)| rule).collect()
}

fn is_service_name(text: &str) -> bool {
    is_label(text) && text.starts_with(|first: char| first.is_ascii_lowercase())
}

fn is_subdomain(text: &str) -> bool {
    let label = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

fn is_word(text: &str) -> bool {
    let end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    end(bytes.first())
        && end(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn is_qualified(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && name.len() <= 63 && is_word(name),
        None => key.len() <= 63 && is_word(key),
    }
}
