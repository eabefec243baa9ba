//! Parts of a hundred, and amounts in a time.

use super::leaf::{Leaf, Problem};
use plimsoll_source::Str;
use std::fmt;

/// A part of a hundred, exact to a thousandth of one percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent {
    /// Thousandths of a percent: `99.9%` is 99900.
    pub milli: u32,
}

impl Percent {
    /// That many whole percent.
    pub fn whole(percent: u32) -> Self {
        Self {
            milli: percent * 1000,
        }
    }

    /// Percent, rounded down to a whole number.
    pub fn floor(self) -> u32 {
        self.milli / 1000
    }

    /// As a part of one.
    pub fn fraction(self) -> f64 {
        f64::from(self.milli) / 100_000.0
    }
}

impl Leaf for Percent {
    const WHAT: &'static str = "a percentage";
    const WRITTEN: &'static str = "`70%`, `99.9%`";
    const PATTERN: &'static str = r"^[0-9]+(\.[0-9]{1,3})?%$";

    fn parse(text: &str) -> Result<Self, Problem> {
        let Some(number) = text.strip_suffix('%') else {
            let problem = Problem::new(text.len()..text.len(), "a percentage ends in `%`");
            return Err(match thousandths(text) {
                Some(_) => problem.mend(format!("{text}%")),
                None => problem,
            });
        };
        let milli = thousandths(number).and_then(|milli| u32::try_from(milli).ok());
        milli
            .map(|milli| Self { milli })
            .ok_or_else(|| Problem::whole(text, format!("`{text}` is not a percentage")))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", Thousandths(u64::from(self.milli)))
    }
}

/// How often something happens.
#[derive(Clone, Debug)]
pub struct Rate {
    milli_per_second: u64,
    text: Str,
}

impl Rate {
    /// How often in a second, in thousandths, rounded down.
    pub fn milli_per_second(&self) -> u64 {
        self.milli_per_second
    }

    /// How often in a second.
    #[expect(clippy::cast_precision_loss, reason = "rates are far below 2^52")]
    pub fn per_second(&self) -> f64 {
        self.milli_per_second as f64 / 1000.0
    }

    /// As it was written, number and unit apart: `("200", "s")`.
    pub fn parts(&self) -> (&str, &str) {
        self.text.split_once('/').unwrap_or((&self.text, "s"))
    }
}

impl Leaf for Rate {
    const WHAT: &'static str = "a rate";
    const WRITTEN: &'static str = "`200/s`, `10/m`, `5/h`";
    const PATTERN: &'static str = r"^[0-9]+(\.[0-9]{1,3})?/(s|m|h|d)$";

    fn parse(text: &str) -> Result<Self, Problem> {
        let Some((number, unit)) = text.split_once('/') else {
            let problem = Problem::new(text.len()..text.len(), "a rate ends in `/s` or `/m`");
            return Err(match thousandths(text) {
                Some(_) => problem.mend(format!("{text}/s")),
                None => problem,
            });
        };
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86400,
            _ => {
                let at = number.len() + 1..text.len();
                return Err(Problem::new(at, "the unit of a rate is s, m, h or d"));
            }
        };
        let milli = thousandths(number)
            .ok_or_else(|| Problem::new(0..number.len(), format!("`{number}` is not a number")))?;
        Ok(Self {
            milli_per_second: milli / seconds,
            text: text.into(),
        })
    }
}

impl PartialEq for Rate {
    fn eq(&self, other: &Self) -> bool {
        self.milli_per_second == other.milli_per_second
    }
}

impl Eq for Rate {}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A number with at most three places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count {
    /// Thousandths.
    pub milli: u64,
}

impl Count {
    /// As a fraction.
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of a file are far below 2^52"
    )]
    pub fn value(self) -> f64 {
        self.milli as f64 / 1000.0
    }
}

impl Leaf for Count {
    const WHAT: &'static str = "a number";
    const WRITTEN: &'static str = "`3`, `0.5`";
    const PATTERN: &'static str = r"^[0-9]+(\.[0-9]{1,3})?$";

    fn parse(text: &str) -> Result<Self, Problem> {
        let milli = thousandths(text);
        milli
            .map(|milli| Self { milli })
            .ok_or_else(|| Problem::whole(text, format!("`{text}` is not a number")))
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Thousandths(self.milli).fmt(f)
    }
}

/// Prints thousandths without idle zeros.
struct Thousandths(u64);

impl fmt::Display for Thousandths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0 / 1000)?;
        let part = format!("{:03}", self.0 % 1000);
        match part.trim_end_matches('0') {
            "" => Ok(()),
            part => write!(f, ".{part}"),
        }
    }
}

/// A decimal number in thousandths; finer ones are refused.
pub(super) fn thousandths(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 3 {
        return None;
    }
    let part: u64 = format!("{part:0<3}").parse().ok()?;
    whole
        .parse::<u64>()
        .ok()?
        .checked_mul(1000)?
        .checked_add(part)
}
