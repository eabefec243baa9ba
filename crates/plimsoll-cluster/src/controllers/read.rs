//! Reading fields of API objects by JSON pointer, with the zero values that Go would give.

use jiff::Timestamp;
use serde_json::Value;

use crate::clock;

/// The part of an object at a JSON pointer without escapes; copies nothing.
fn at<'a>(object: &'a Value, pointer: &str) -> Option<&'a Value> {
    pointer
        .split('/')
        .skip(1)
        .try_fold(object, |part, key| match part {
            Value::Object(fields) => fields.get(key),
            Value::Array(items) => items.get(key.parse::<usize>().ok()?),
            _ => None,
        })
}

/// A whole number, if it is there.
pub fn int(object: &Value, pointer: &str) -> Option<i64> {
    at(object, pointer)?.as_i64()
}

/// A whole number, or zero.
pub fn count(object: &Value, pointer: &str) -> i64 {
    int(object, pointer).unwrap_or_default()
}

/// A text, or the empty one.
pub fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    at(object, pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Whether a flag is set.
pub fn flag(object: &Value, pointer: &str) -> bool {
    at(object, pointer)
        .and_then(Value::as_bool)
        .unwrap_or_default()
}

/// The items of a list, or none.
pub fn items<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    at(object, pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The pairs of a map of texts, or none.
pub fn texts<'a>(object: &'a Value, pointer: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let map = at(object, pointer).and_then(Value::as_object);
    map.into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
}

/// An instant, if it is there.
pub fn instant(object: &Value, pointer: &str) -> Option<Timestamp> {
    clock::parse(at(object, pointer)?.as_str()?)
}

/// Which way a percentage is rounded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Round {
    /// To the next whole number, as for surge.
    Up,
    /// To the whole number below, as for unavailability.
    Down,
}

/// A number, or a percentage of `total`.
pub fn number_or_percent(value: &Value, total: i64, round: Round) -> Option<i64> {
    if let Some(number) = value.as_i64() {
        return Some(number);
    }
    let percent: i64 = value.as_str()?.strip_suffix('%')?.parse().ok()?;
    let scaled = percent.checked_mul(total)?;
    Some(match round {
        Round::Up => scaled.div_euclid(100) + i64::from(scaled.rem_euclid(100) > 0),
        Round::Down => scaled.div_euclid(100),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Round, number_or_percent};

    #[test]
    fn percentages_round_as_asked() {
        assert_eq!(number_or_percent(&json!("25%"), 10, Round::Up), Some(3));
        assert_eq!(number_or_percent(&json!("25%"), 10, Round::Down), Some(2));
        assert_eq!(number_or_percent(&json!(4), 10, Round::Down), Some(4));
        assert_eq!(number_or_percent(&json!("many"), 10, Round::Down), None);
    }
}
