//! Amounts of cpu and bytes, which keep the text that they were written with.

use super::leaf::{Leaf, Problem};
use plimsoll_source::Str;
use std::fmt;

/// An amount of cpu. Compares by amount; prints as Kubernetes writes it.
#[derive(Clone, Debug)]
pub struct Cpu {
    milli: u64,
    text: Str,
}

impl Cpu {
    /// That many thousandths of a cpu.
    pub fn milli(milli: u64) -> Self {
        let text = if milli.is_multiple_of(1000) {
            (milli / 1000).to_string()
        } else {
            format!("{milli}m")
        };
        Self {
            milli,
            text: text.into(),
        }
    }

    /// Thousandths of a cpu.
    pub fn millis(&self) -> u64 {
        self.milli
    }
}

impl Leaf for Cpu {
    const WHAT: &'static str = "an amount of cpu";
    const WRITTEN: &'static str = "`500m`, `2`, `0.5`";
    const PATTERN: &'static str = r"^[0-9]+(\.[0-9]{1,3})?m?$";

    fn parse(text: &str) -> Result<Self, Problem> {
        let (digits, unit) = split_unit(text)?;
        let milli = match unit {
            "m" => decimal(digits, 0),
            "" => decimal(digits, 3),
            _ => {
                let at = digits.len()..text.len();
                return Err(Problem::new(
                    at,
                    format!("`{unit}` is no unit of cpu; `m` is a thousandth of one"),
                ));
            }
        };
        let milli = milli.ok_or_else(|| {
            Problem::whole(text, "a thousandth of a cpu (`1m`) is the finest amount")
        })?;
        Ok(Self {
            milli,
            text: text.into(),
        })
    }
}

/// An amount of memory or disk. Compares by amount; prints as it was written.
#[derive(Clone, Debug)]
pub struct Bytes {
    bytes: u64,
    text: Str,
}

/// Suffixes of Kubernetes with what they multiply by.
const UNITS: &[(&str, u64)] = &[
    ("", 1),
    ("k", 1000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
    ("P", 1_000_000_000_000_000),
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("Pi", 1 << 50),
];

impl Bytes {
    /// That many bytes, in the largest binary unit that needs no fraction.
    pub fn of(bytes: u64) -> Self {
        let unit = UNITS
            .iter()
            .filter(|(name, size)| {
                name.is_empty() || name.ends_with('i') && bytes.is_multiple_of(*size)
            })
            .max_by_key(|(_, size)| if bytes == 0 { 0 } else { *size });
        let (name, size) = unit.copied().unwrap_or(("", 1));
        let text = if bytes == 0 {
            "0".into()
        } else {
            format!("{}{name}", bytes / size)
        };
        Self {
            bytes,
            text: text.into(),
        }
    }

    /// The number of bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The number of whole mebibytes.
    pub fn mebibytes(&self) -> u64 {
        self.bytes >> 20
    }
}

impl Leaf for Bytes {
    const WHAT: &'static str = "an amount of bytes";
    const WRITTEN: &'static str = "`512Mi`, `200Gi`";
    const PATTERN: &'static str = r"^[0-9]+(\.[0-9]+)?(k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$";

    fn parse(text: &str) -> Result<Self, Problem> {
        let (digits, unit) = split_unit(text)?;
        let at = digits.len()..text.len();
        let Some((_, size)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(bad_unit(text, digits, unit, at));
        };
        let bytes = match digits.split_once('.') {
            None => digits
                .parse::<u64>()
                .ok()
                .and_then(|n| n.checked_mul(*size)),
            Some(_) => fraction(digits, *size),
        };
        let bytes = bytes.ok_or_else(|| Problem::whole(text, "no disk is that large"))?;
        Ok(Self {
            bytes,
            text: text.into(),
        })
    }
}

fn bad_unit(text: &str, digits: &str, unit: &str, at: std::ops::Range<usize>) -> Problem {
    let near = match unit {
        "g" | "GB" | "gb" | "Gb" | "GiB" | "gi" => Some("Gi"),
        "m" | "MB" | "mb" | "Mb" | "MiB" | "mi" => Some("Mi"),
        "K" | "KB" | "kb" | "KiB" | "ki" => Some("Ki"),
        "t" | "TB" | "tb" | "TiB" | "ti" => Some("Ti"),
        _ => None,
    };
    let why = if unit == "m" {
        format!("`{text}` is thousandths of a byte")
    } else {
        format!("`{unit}` is no unit of bytes")
    };
    let problem = Problem::new(at, format!("{why}; `Ki`, `Mi`, `Gi` and `Ti` are"));
    match near {
        Some(near) => problem.mend(format!("{digits}{near}")),
        None => problem,
    }
}

/// Number and unit of a text.
fn split_unit(text: &str) -> Result<(&str, &str), Problem> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let dots = digits.matches('.').count();
    if digits.is_empty() || digits.starts_with('.') || digits.ends_with('.') || dots > 1 {
        return Err(Problem::whole(text, format!("`{text}` is not an amount")));
    }
    Ok((digits, unit))
}

/// `1.5` as 1500 with three places; finer ones are refused.
fn decimal(digits: &str, places: usize) -> Option<u64> {
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let part = part.trim_end_matches('0');
    if part.len() > places {
        return None;
    }
    let scale = 10_u64.checked_pow(u32::try_from(places).ok()?)?;
    let fraction = format!("{part:0<places$}");
    let fraction = if fraction.is_empty() {
        0
    } else {
        fraction.parse().ok()?
    };
    whole
        .parse::<u64>()
        .ok()?
        .checked_mul(scale)?
        .checked_add(fraction)
}

/// A fraction of a unit, rounded up to whole bytes as Kubernetes does.
fn fraction(digits: &str, size: u64) -> Option<u64> {
    let places = digits.split_once('.').map_or(0, |(_, part)| part.len());
    let scale = 10_u128.checked_pow(u32::try_from(places).ok()?)?;
    let number: u128 = digits.replace('.', "").parse().ok()?;
    let bytes = number.checked_mul(u128::from(size))?.div_ceil(scale);
    u64::try_from(bytes).ok()
}

macro_rules! by_amount {
    ($type:ty, $amount:ident) => {
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.$amount == other.$amount
            }
        }
        impl Eq for $type {}
        impl PartialOrd for $type {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }
        impl Ord for $type {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.$amount.cmp(&other.$amount)
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.text)
            }
        }
    };
}

by_amount!(Cpu, milli);
by_amount!(Bytes, bytes);
