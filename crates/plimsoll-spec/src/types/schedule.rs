//! Times that come again.

use super::leaf::{Leaf, Problem};
use plimsoll_source::Str;
use std::fmt;

/// A time that comes again: five cron fields. Prints as Kubernetes writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    /// Minute, hour, day of the month, month, day of the week.
    pub fields: [Str; 5],
    /// As it was written, `daily 02:00`.
    pub text: Str,
}

impl Cron {
    /// The five fields, as a CronJob has them.
    pub fn five(&self) -> Str {
        self.fields.join(" ").into()
    }

    /// The six fields of `CloudNativePG`, which begin with the second.
    pub fn six(&self) -> Str {
        format!("0 {}", self.five()).into()
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.five())
    }
}

/// When a job runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// At times that come again.
    Cron(Cron),
    /// In each release, after the migrations and before the services.
    Before,
    /// In each release, once every rollout has succeeded.
    After,
    /// When somebody starts it.
    Manual,
}

/// Days of the week as cron counts them.
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Lowest and highest of each field.
const BOUNDS: [(u8, u8, &str); 5] = [
    (0, 59, "minute"),
    (0, 23, "hour"),
    (1, 31, "day of the month"),
    (1, 12, "month"),
    (0, 7, "day of the week"),
];

const MONTHS: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

impl Leaf for Cron {
    const WHAT: &'static str = "a schedule";
    const WRITTEN: &'static str = "`hourly`, `daily 02:00`, `weekly sun 03:00`, `monthly 1 04:00`, `every 15m`, or five cron fields";

    fn parse(text: &str) -> Result<Self, Problem> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let fields = match words.as_slice() {
            ["hourly"] => ["0", "*", "*", "*", "*"].map(String::from),
            ["daily", time] => {
                let (hour, minute) = clock(text, time)?;
                [minute, hour, "*".into(), "*".into(), "*".into()]
            }
            ["weekly", day, time] => {
                let (hour, minute) = clock(text, time)?;
                let number = DAYS.iter().position(|name| name == day);
                let number = number.ok_or_else(|| {
                    word(
                        text,
                        day,
                        "days of the week are mon, tue, wed, thu, fri, sat, sun",
                    )
                })?;
                [minute, hour, "*".into(), "*".into(), number.to_string()]
            }
            ["monthly", day, time] => {
                let (hour, minute) = clock(text, time)?;
                let number = day.parse::<u8>().ok().filter(|day| (1..=28).contains(day));
                let number = number.ok_or_else(|| {
                    word(
                        text,
                        day,
                        "the day of the month is 1 to 28, which every month has",
                    )
                })?;
                [minute, hour, number.to_string(), "*".into(), "*".into()]
            }
            ["every", step] => every(text, step)?,
            [minute, hour, day, month, weekday] => {
                let fields = [minute, hour, day, month, weekday];
                for (at, field) in fields.iter().enumerate() {
                    check_field(text, field, at)?;
                }
                fields.map(|field| (*field).to_owned())
            }
            _ => {
                let what = format!("`{text}` is no schedule; write {}", Self::WRITTEN);
                return Err(Problem::whole(text, what));
            }
        };
        Ok(Self {
            fields: fields.map(Str::from),
            text: text.into(),
        })
    }
}

impl Leaf for Moment {
    const WHAT: &'static str = "a schedule, before, after or manual";
    const WRITTEN: &'static str = "a schedule, `before`, `after`, `manual`";

    fn parse(text: &str) -> Result<Self, Problem> {
        Ok(match text {
            "before" => Self::Before,
            "after" => Self::After,
            "manual" => Self::Manual,
            _ => Self::Cron(Cron::parse(text)?),
        })
    }
}

fn word(text: &str, word: &str, what: impl Into<String>) -> Problem {
    let start = text.find(word).unwrap_or(0);
    Problem::new(start..start + word.len(), what)
}

/// Hour and minute of `02:00`.
fn clock(text: &str, time: &str) -> Result<(String, String), Problem> {
    let parts = time.split_once(':');
    let hour = parts.and_then(|(hour, _)| hour.parse::<u8>().ok());
    let minute = parts.and_then(|(_, minute)| minute.parse::<u8>().ok());
    match (hour, minute) {
        (Some(hour @ 0..=23), Some(minute @ 0..=59)) => Ok((hour.to_string(), minute.to_string())),
        _ => Err(word(
            text,
            time,
            format!("`{time}` is no time of day, such as 02:00"),
        )),
    }
}

/// `every 15m`, `every 6h`: a step that divides the hour or the day.
fn every(text: &str, step: &str) -> Result<[String; 5], Problem> {
    let bad = || {
        let what = "a step divides the hour or the day: 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 minutes; 1, 2, 3, 4, 6, 8, 12 hours";
        word(text, step, what)
    };
    let count = |unit| {
        step.strip_suffix(unit)
            .and_then(|n: &str| n.parse::<u8>().ok())
    };
    let star = || "*".to_owned();
    match (count('m'), count('h')) {
        (Some(1), _) => Ok([star(), star(), star(), star(), star()]),
        (Some(n @ 2..=30), _) if 60 % n == 0 => {
            Ok([format!("*/{n}"), star(), star(), star(), star()])
        }
        (Some(60), _) | (_, Some(1)) => Ok(["0".into(), star(), star(), star(), star()]),
        (_, Some(n @ 2..=12)) if 24 % n == 0 => {
            Ok(["0".into(), format!("*/{n}"), star(), star(), star()])
        }
        (_, Some(24)) => Ok(["0".into(), "0".into(), star(), star(), star()]),
        _ => Err(bad()),
    }
}

fn check_field(text: &str, field: &str, at: usize) -> Result<(), Problem> {
    let (low, high, name) = BOUNDS[at];
    let names: &[&str] = match at {
        3 => MONTHS,
        4 => DAYS,
        _ => &[],
    };
    let number = |part: &str| {
        let named = names
            .iter()
            .position(|name| part.eq_ignore_ascii_case(name));
        let named = named.and_then(|index| u8::try_from(index + usize::from(at == 3)).ok());
        named
            .or_else(|| part.parse::<u8>().ok())
            .filter(|number| (low..=high).contains(number))
    };
    let fits = |part: &str| {
        let (range, step) = part.split_once('/').unwrap_or((part, "1"));
        let step = step.parse::<u8>().is_ok_and(|step| step > 0);
        let range = match range.split_once('-') {
            _ if range == "*" => true,
            Some((from, to)) => matches!((number(from), number(to)), (Some(a), Some(b)) if a <= b),
            None => number(range).is_some(),
        };
        step && range
    };
    if field.split(',').all(fits) {
        return Ok(());
    }
    Err(word(
        text,
        field,
        format!("`{field}` is no {name}: {low} to {high}"),
    ))
}
