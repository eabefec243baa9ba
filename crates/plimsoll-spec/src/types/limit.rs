//! Limits over a time, latencies and steps of a release.

use super::leaf::{Leaf, Problem};
use super::ratio::{Percent, thousandths};
use super::span::Duration;
use plimsoll_source::Str;
use std::fmt;

/// `5% for 10m`: what is too much, and for how long before somebody is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The limit, `5%`, `500ms` or `1000`.
    pub limit: Str,
    /// How long it must be exceeded.
    pub during: Duration,
}

impl Leaf for Limit {
    const WHAT: &'static str = "a limit for a time";
    const WRITTEN: &'static str = "`5% for 10m`, `500ms for 5m`, `3 for 15m`";

    fn parse(text: &str) -> Result<Self, Problem> {
        let Some((limit, during)) = text.split_once(" for ") else {
            let what = format!(
                "`{text}` does not say for how long; write {}",
                Self::WRITTEN
            );
            return Err(Problem::whole(text, what).mend(format!("{text} for 5m")));
        };
        let (limit, during) = (limit.trim(), during.trim());
        let known = Percent::parse(limit).is_ok()
            || Duration::parse(limit).is_ok()
            || thousandths(limit).is_some();
        if !known {
            return Err(Problem::new(
                0..limit.len(),
                format!("`{limit}` is no limit"),
            ));
        }
        let during = inside(text, during, Duration::parse)?;
        Ok(Self {
            limit: limit.into(),
            during,
        })
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {}", self.limit, self.during)
    }
}

/// `p95 500ms`: how long all but a few answers may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latency {
    /// The part of answers that must be faster, in thousandths: `p95` is 950.
    pub quantile: u32,
    /// The longest time.
    pub within: Duration,
}

impl Latency {
    /// As a part of one, `0.95`.
    pub fn fraction(&self) -> f64 {
        f64::from(self.quantile) / 1000.0
    }
}

impl Leaf for Latency {
    const WHAT: &'static str = "a latency";
    const WRITTEN: &'static str = "`p95 500ms`, `p99.9 2s`";
    const PATTERN: &'static str = r"^p[0-9]{1,2}(\.[0-9])? [0-9a-z]+$";

    fn parse(text: &str) -> Result<Self, Problem> {
        let bad = || Problem::whole(text, format!("`{text}` is no latency; write p95 500ms"));
        let (part, within) = text.split_once(' ').ok_or_else(bad)?;
        let quantile = part
            .strip_prefix('p')
            .and_then(thousandths)
            .ok_or_else(bad)?;
        let quantile = u32::try_from(quantile / 100).map_err(|_| bad())?;
        if !(1..1000).contains(&quantile) {
            return Err(Problem::new(0..part.len(), "between p1 and p99.9"));
        }
        Ok(Self {
            quantile,
            within: inside(text, within.trim(), Duration::parse)?,
        })
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.quantile / 10, self.quantile % 10);
        match part {
            0 => write!(f, "p{whole} {}", self.within),
            _ => write!(f, "p{whole}.{part} {}", self.within),
        }
    }
}

/// `10% for 5m`: a step of a canary release; `10%` waits until somebody says go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Share of the new version.
    pub weight: Percent,
    /// How long it stays there; nothing: until somebody says go.
    pub pause: Option<Duration>,
}

impl Leaf for Step {
    const WHAT: &'static str = "a step";
    const WRITTEN: &'static str = "`10% for 5m`, `50%` (until somebody says go)";
    const PATTERN: &'static str = r"^[0-9]+%( for [0-9a-z]+)?$";

    fn parse(text: &str) -> Result<Self, Problem> {
        let (weight, pause) = match text.split_once(" for ") {
            Some((weight, pause)) => (weight, Some(pause.trim())),
            None => (text, None),
        };
        let weight = Percent::parse(weight.trim())?;
        if weight > Percent::whole(100) {
            return Err(Problem::whole(text, "more than 100%"));
        }
        let pause = pause
            .map(|pause| inside(text, pause, Duration::parse))
            .transpose()?;
        Ok(Self { weight, pause })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pause {
            Some(pause) => write!(f, "{} for {pause}", self.weight),
            None => write!(f, "{}", self.weight),
        }
    }
}

/// Reads a part of a text; what is wrong is shown at its place in the whole.
fn inside<T>(
    text: &str,
    part: &str,
    read: impl Fn(&str) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let shift = text.rfind(part).unwrap_or(0);
    read(part).map_err(|problem| {
        Problem::new(
            problem.at.start + shift..problem.at.end + shift,
            problem.what,
        )
    })
}
