//! Ranges of numbers, and request..limit of sizes.

use super::leaf::{Leaf, Problem};
use super::quantity::{Bytes, Cpu};
use std::fmt;

/// `3..50`, or `3` for both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Lowest.
    pub min: u32,
    /// Highest.
    pub max: u32,
}

impl Range {
    /// Whether both ends are one.
    pub fn is_single(self) -> bool {
        self.min == self.max
    }

    /// Whether a number is inside.
    pub fn contains(self, number: u32) -> bool {
        (self.min..=self.max).contains(&number)
    }
}

impl Leaf for Range {
    const WHAT: &'static str = "a number or range";
    const WRITTEN: &'static str = "`3`, `3..50`";
    const PATTERN: &'static str = r"^[0-9]+(\.\.[0-9]+)?$";

    fn parse(text: &str) -> Result<Self, Problem> {
        let (min, max) = ends(text, u32::parse)?;
        let max = max.unwrap_or(min);
        if min > max {
            let problem = Problem::whole(text, format!("{min} is more than {max}"));
            return Err(problem.mend(format!("{max}..{min}")));
        }
        Ok(Self { min, max })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_single() {
            return write!(f, "{}", self.min);
        }
        write!(f, "{}..{}", self.min, self.max)
    }
}

/// `500m..2`: what is asked for and what is the most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SizeRange<T> {
    /// What the scheduler keeps free.
    pub request: T,
    /// The most that may be used; nothing: no limit.
    pub limit: Option<T>,
}

impl Leaf for SizeRange<Cpu> {
    const WHAT: &'static str = "an amount of cpu, or request..limit";
    const WRITTEN: &'static str = "`500m` (request, no limit), `500m..2`";
    const PATTERN: &'static str = r"^[0-9]+(\.[0-9]{1,3})?m?(\.\.[0-9]+(\.[0-9]{1,3})?m?)?$";

    fn parse(text: &str) -> Result<Self, Problem> {
        let (request, limit) = ends(text, Cpu::parse)?;
        upright(text, request, limit)
    }
}

impl Leaf for SizeRange<Bytes> {
    const WHAT: &'static str = "an amount of bytes, or request..limit";
    const WRITTEN: &'static str = "`256Mi` (both), `256Mi..1Gi`";
    const PATTERN: &'static str = r"^[0-9]+(\.[0-9]+)?(k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?(\.\.[0-9]+(\.[0-9]+)?(k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?)?$";

    fn parse(text: &str) -> Result<Self, Problem> {
        let (request, limit) = ends(text, Bytes::parse)?;
        let limit = limit.unwrap_or_else(|| request.clone());
        upright(text, request, Some(limit))
    }
}

fn upright<T: Ord + fmt::Display>(
    text: &str,
    request: T,
    limit: Option<T>,
) -> Result<SizeRange<T>, Problem> {
    match &limit {
        Some(most) if *most < request => {
            let what = format!("the request {request} is more than the limit {most}");
            Err(Problem::whole(text, what).mend(format!("{most}..{request}")))
        }
        _ => Ok(SizeRange { request, limit }),
    }
}

/// Both ends of a range, the second where it is written.
fn ends<T>(
    text: &str,
    read: impl Fn(&str) -> Result<T, Problem>,
) -> Result<(T, Option<T>), Problem> {
    let Some((low, high)) = text.split_once("..") else {
        return Ok((read(text)?, None));
    };
    let shifted = |problem: Problem| {
        let start = low.len() + 2;
        Problem::new(
            problem.at.start + start..problem.at.end + start,
            problem.what,
        )
    };
    let plain = |problem: Problem| Problem::new(problem.at, problem.what);
    Ok((
        read(low).map_err(plain)?,
        Some(read(high).map_err(shifted)?),
    ))
}
