//! Quantities such as `500m`, `2`, `1Gi`: exact, in thousandths of the unit.

use serde_json::Value;

/// An amount in thousandths: of a core for CPU, of a byte for memory.
pub type Milli = i128;

const BINARY: [(&str, u32); 6] = [
    ("Ki", 1),
    ("Mi", 2),
    ("Gi", 3),
    ("Ti", 4),
    ("Pi", 5),
    ("Ei", 6),
];
const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];

/// Reads a quantity given as text or number; amounts below a thousandth round up.
pub fn milli(value: &Value) -> Option<Milli> {
    match value {
        Value::String(text) => parse(text),
        Value::Number(number) => parse(&number.to_string()),
        _ => None,
    }
}

/// Reads a quantity as whole units, rounded up.
pub fn units(value: &Value) -> Option<i64> {
    let milli = milli(value)?;
    i64::try_from(milli.div_euclid(1000) + i128::from(milli.rem_euclid(1000) > 0)).ok()
}

/// Reads a quantity.
pub fn parse(text: &str) -> Option<Milli> {
    let text = text.trim();
    let end = text
        .find(|letter: char| !matches!(letter, '0'..='9' | '.' | '+' | '-'))
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (digits, places) = digits(number)?;
    if let Some((_, power)) = BINARY.iter().find(|(name, _)| *name == suffix) {
        return scaled(
            digits.checked_mul(1024_i128.checked_pow(*power)?)?,
            3 - places,
        );
    }
    let power = match DECIMAL.iter().find(|(name, _)| *name == suffix) {
        Some((_, power)) => *power,
        None => suffix.strip_prefix(['e', 'E'])?.parse().ok()?,
    };
    scaled(digits, power + 3 - places)
}

/// The digits as one whole number, and how many of them stand behind the point.
fn digits(number: &str) -> Option<(i128, i32)> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let value = format!("{whole}{fraction}").parse().ok()?;
    Some((value, i32::try_from(fraction.len()).ok()?))
}

fn scaled(value: i128, power: i32) -> Option<Milli> {
    let factor = 10_i128.checked_pow(power.unsigned_abs())?;
    if power >= 0 {
        return value.checked_mul(factor);
    }
    Some(value.div_euclid(factor) + i128::from(value.rem_euclid(factor) > 0))
}

/// Writes thousandths as Kubernetes does for CPU and counts: `2`, or `1500m`.
pub fn decimal(milli: Milli) -> String {
    if milli % 1000 == 0 {
        (milli / 1000).to_string()
    } else {
        format!("{milli}m")
    }
}

/// Writes thousandths of bytes with the largest binary suffix that fits exactly: `32Gi`.
pub fn binary(milli: Milli) -> String {
    let bytes = milli / 1000;
    let fits = BINARY
        .iter()
        .rev()
        .find(|(_, power)| bytes != 0 && bytes % 1024_i128.pow(*power) == 0);
    fits.map_or_else(
        || decimal(milli),
        |(name, power)| format!("{}{name}", bytes / 1024_i128.pow(*power)),
    )
}

#[cfg(test)]
mod tests {
    use super::{binary, decimal, parse};

    #[test]
    fn quantities_read_exactly() {
        assert_eq!(parse("500m"), Some(500));
        assert_eq!(parse("2"), Some(2000));
        assert_eq!(parse("1.5"), Some(1500));
        assert_eq!(parse("1Ki"), Some(1_024_000));
        assert_eq!(parse("0.5Gi"), Some(512 * 1024 * 1024 * 1000));
        assert_eq!(parse("1e3"), Some(1_000_000));
        assert_eq!(parse("100u"), Some(1));
        assert_eq!(parse("1E"), Some(1_000_000_000_000_000_000_000));
        assert_eq!(parse("much"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn quantities_are_written_as_kubernetes_does() {
        assert_eq!(decimal(1500), "1500m");
        assert_eq!(decimal(2000), "2");
        assert_eq!(binary(32 * 1024 * 1024 * 1024 * 1000), "32Gi");
        assert_eq!(binary(0), "0");
    }
}
