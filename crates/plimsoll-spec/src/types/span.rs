//! Lengths of time.

use super::leaf::{Leaf, Problem};
use plimsoll_source::Str;
use std::fmt;

/// A length of time. Compares by length; prints as it was written.
#[derive(Clone, Debug)]
pub struct Duration {
    millis: u64,
    text: Str,
}

/// Units, longest first. A year is 365 days.
const UNITS: &[(&str, u64)] = &[
    ("y", 31_536_000_000),
    ("w", 604_800_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

impl Duration {
    /// That many seconds.
    pub fn seconds(seconds: u64) -> Self {
        let millis = seconds * 1000;
        let text = print(millis, "h");
        Self { millis, text }
    }

    /// Milliseconds.
    pub fn millis(&self) -> u64 {
        self.millis
    }

    /// Seconds, a begun one counted whole.
    pub fn secs(&self) -> u64 {
        self.millis.div_ceil(1000)
    }

    /// As the standard library has it.
    pub fn std(&self) -> std::time::Duration {
        std::time::Duration::from_millis(self.millis)
    }

    /// As Go reads it: hours are the longest unit.
    pub fn go(&self) -> Str {
        print(self.millis, "h")
    }

    /// As Prometheus reads it.
    pub fn prometheus(&self) -> Str {
        print(self.millis, "y")
    }

    /// As a Gateway API duration: at most five digits before each unit, hours the longest.
    pub fn gateway(&self) -> Str {
        print(self.millis, "h")
    }
}

impl Leaf for Duration {
    const WHAT: &'static str = "a length of time";
    const WRITTEN: &'static str = "`500ms`, `30s`, `1h30m`, `7d`, `2w`, `1y`";
    const PATTERN: &'static str = r"^([0-9]+(ms|s|m|h|d|w|y))+$";

    fn parse(text: &str) -> Result<Self, Problem> {
        let (mut millis, mut at) = (0_u64, 0);
        while at < text.len() {
            let rest = &text[at..];
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let unit = rest[digits..]
                .find(|c: char| c.is_ascii_digit())
                .map_or(&rest[digits..], |end| &rest[digits..digits + end]);
            let end = at + digits + unit.len();
            let size = UNITS.iter().find(|(name, _)| *name == unit);
            if digits == 0 {
                return Err(Problem::new(
                    at..end,
                    format!("`{text}` is no length of time"),
                ));
            }
            let Some((_, size)) = size else {
                return Err(bad_unit(text, unit, at + digits..end));
            };
            let part = rest[..digits].parse::<u64>().ok();
            millis = part
                .and_then(|part| part.checked_mul(*size)?.checked_add(millis))
                .ok_or_else(|| Problem::whole(text, "too long"))?;
            at = end;
        }
        if text.is_empty() {
            return Err(Problem::whole(text, "a length of time is missing"));
        }
        Ok(Self {
            millis,
            text: text.into(),
        })
    }
}

fn bad_unit(text: &str, unit: &str, at: std::ops::Range<usize>) -> Problem {
    if unit.is_empty() {
        return Problem::new(at, "the unit is missing: ms, s, m, h, d, w, y")
            .mend(format!("{text}s"));
    }
    Problem::new(
        at,
        format!("`{unit}` is no unit of time; ms, s, m, h, d, w, y are"),
    )
}

/// The shortest text, without units above `longest`.
fn print(mut millis: u64, longest: &str) -> Str {
    let mut text = String::new();
    let units = UNITS.iter().skip_while(|(name, _)| *name != longest);
    for (name, size) in units {
        let count = millis / size;
        if count > 0 {
            text.push_str(&count.to_string());
            text.push_str(name);
        }
        millis %= size;
    }
    if text.is_empty() {
        text.push_str("0s");
    }
    text.into()
}

impl PartialEq for Duration {
    fn eq(&self, other: &Self) -> bool {
        self.millis == other.millis
    }
}

impl Eq for Duration {}

impl PartialOrd for Duration {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Duration {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.millis.cmp(&other.millis)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
