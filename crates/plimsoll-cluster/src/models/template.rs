//! Templates of secret data: `{{ .key }}` and pipes of plain text functions.
//!
//! The part of Go templates with sprig that External Secrets 2.9 and Sealed Secrets 0.36 documents use
//! for composed values. What is not understood is refused, never guessed.

use super::secret_values::encode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;

/// Fills `text` with `values`, or says what is not understood.
pub(super) fn fill(text: &str, values: &BTreeMap<String, String>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (action, tail) = after.split_once("}}").ok_or("unclosed action")?;
        let (trim_before, action) = action
            .strip_prefix('-')
            .map_or((false, action), |inner| (true, inner));
        let (trim_after, action) = action
            .strip_suffix('-')
            .map_or((false, action), |inner| (true, inner));
        out.push_str(if trim_before {
            before.trim_end()
        } else {
            before
        });
        out.push_str(&evaluate(action.trim(), values)?);
        rest = if trim_after { tail.trim_start() } else { tail };
    }
    out.push_str(rest);
    Ok(out)
}

fn evaluate(action: &str, values: &BTreeMap<String, String>) -> Result<String, String> {
    let mut parts = action.split('|').map(str::trim);
    let first = parts.next().unwrap_or_default();
    let value = operand(first, values)?;
    parts.try_fold(value, |value, function| apply(function, &value))
}

fn operand(text: &str, values: &BTreeMap<String, String>) -> Result<String, String> {
    if let Some(literal) = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
    {
        return Ok(literal.to_owned());
    }
    let words: Vec<_> = text.split_whitespace().collect();
    match words[..] {
        [field] if field.starts_with('.') => known(&field[1..], values),
        ["index", ".", quoted] => known(quoted.trim_matches('"'), values),
        [function, field] if field.starts_with('.') => {
            apply(function, &known(&field[1..], values)?)
        }
        _ => Err(format!("`{text}` is not understood")),
    }
}

fn known(key: &str, values: &BTreeMap<String, String>) -> Result<String, String> {
    values
        .get(key)
        .cloned()
        .ok_or_else(|| format!("map has no entry for key {key:?}"))
}

fn apply(function: &str, value: &str) -> Result<String, String> {
    Ok(match function {
        "toString" => value.to_owned(),
        "trim" => value.trim().to_owned(),
        "upper" => value.to_uppercase(),
        "lower" => value.to_lowercase(),
        "quote" => format!("{value:?}"),
        "b64enc" => encode(value),
        "b64dec" => {
            let bytes = STANDARD.decode(value).map_err(|_| "b64dec: not base64")?;
            String::from_utf8(bytes).map_err(|_| "b64dec: not text")?
        }
        "urlquery" => urlquery(value),
        _ => return Err(format!("function {function:?} not defined")),
    })
}

fn urlquery(value: &str) -> String {
    let mut out = String::new();
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            other => out.extend(["%", &format!("{other:02X}")]),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, String> {
        fill(
            text,
            &BTreeMap::from([
                ("user".to_owned(), "shop".to_owned()),
                ("password".to_owned(), "a/b".to_owned()),
            ]),
        )
    }

    #[test]
    fn a_url_is_composed_of_its_parts() {
        assert_eq!(
            filled("pg://{{ .user }}:{{ .password | urlquery }}@db"),
            Ok("pg://shop:a%2Fb@db".to_owned())
        );
        assert_eq!(
            filled(r#"{{ index . "user" | upper }}"#),
            Ok("SHOP".to_owned())
        );
    }

    #[test]
    fn a_missing_key_and_an_unknown_function_are_refused() {
        assert_eq!(
            filled("{{ .host }}"),
            Err("map has no entry for key \"host\"".to_owned())
        );
        assert_eq!(
            filled("{{ .user | sha1sum }}"),
            Err("function \"sha1sum\" not defined".to_owned())
        );
    }
}
