//! What a plain scalar is where nobody asks for a type: in raw Kubernetes YAML.

use crate::{Entry, Node};

/// What a scalar without quotes turned out to be.
pub(super) enum Core {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A fraction, or a whole number that is too large.
    Float(f64),
    /// None of these.
    Text,
}

impl Node {
    /// The same tree with its plain scalars resolved by YAML 1.2's core schema.
    ///
    /// Two departures, so that a value means what `kubectl apply` makes of it: a number with a
    /// leading zero is octal (`defaultMode: 0644`), and what JSON cannot express (`.inf`, `.nan`)
    /// is text. Words of YAML 1.1 (`yes`, `on`) are text. A whole number beyond 64 bits becomes a
    /// fraction, as in Go.
    #[must_use]
    pub fn resolve(&self) -> Self {
        match self {
            Self::Plain(origin, text) => match of(text) {
                Core::Null => Self::Null(origin.clone()),
                Core::Bool(value) => Self::Bool(origin.clone(), value),
                Core::Int(value) => Self::Int(origin.clone(), value),
                Core::Float(value) => Self::Float(origin.clone(), value),
                Core::Text => Self::Text(origin.clone(), text.clone()),
            },
            Self::Map(origin, entries) => Self::map(
                origin.clone(),
                entries.iter().map(|entry| Entry {
                    key: entry.key.clone(),
                    at: entry.at.clone(),
                    value: entry.value.resolve(),
                }),
            ),
            Self::Seq(origin, items) => Self::seq(origin.clone(), items.iter().map(Self::resolve)),
            _ => self.clone(),
        }
    }
}

/// What a plain scalar is.
pub(super) fn of(text: &str) -> Core {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Core::Null,
        "true" | "True" | "TRUE" => Core::Bool(true),
        "false" | "False" | "FALSE" => Core::Bool(false),
        other => number(other),
    }
}

fn number(text: &str) -> Core {
    if let Some(value) = radix(text) {
        return value;
    }
    if !is_decimal(text) {
        return Core::Text;
    }
    if let Ok(value) = text.parse() {
        return Core::Int(value);
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Core::Float(value),
        _ => Core::Text,
    }
}

/// A number in another base than ten; beyond 64 bits it is text.
fn radix(text: &str) -> Option<Core> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let (base, digits) = match digits.as_bytes() {
        [b'0', b'o', _, ..] if digits.len() == text.len() => (8, &digits[2..]),
        [b'0', b'x', _, ..] if digits.len() == text.len() => (16, &digits[2..]),
        [b'0', b'0'..=b'7', ..] => (8, &digits[1..]),
        _ => return None,
    };
    if !digits.chars().all(|c| c.is_digit(base)) {
        return None;
    }
    let value = i64::from_str_radix(&format!("{sign}{digits}"), base);
    Some(value.map_or(Core::Text, Core::Int))
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`, the core schema's words.
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = digits(unsigned);
    let mut rest = &unsigned[whole..];
    let mut fraction = 0;
    if let Some(after) = rest.strip_prefix('.') {
        fraction = digits(after);
        rest = &after[fraction..];
    }
    if whole + fraction == 0 {
        return false;
    }
    if let Some(after) = rest.strip_prefix(['e', 'E']) {
        let exponent = after.strip_prefix(['-', '+']).unwrap_or(after);
        let count = digits(exponent);
        return count > 0 && count == exponent.len();
    }
    rest.is_empty()
}
