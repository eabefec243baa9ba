//! Days.

use super::leaf::{Leaf, Problem};
use std::fmt;

/// A day of the Gregorian calendar. Compares by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// Year.
    pub year: u16,
    /// Month, from 1.
    pub month: u8,
    /// Day, from 1.
    pub day: u8,
}

impl Leaf for Date {
    const WHAT: &'static str = "a day";
    const WRITTEN: &'static str = "`2027-01-31`";
    const PATTERN: &'static str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";

    fn parse(text: &str) -> Result<Self, Problem> {
        let bad = || Problem::whole(text, format!("`{text}` is no day, such as 2027-01-31"));
        let mut parts = text.split('-');
        let (Some(year), Some(month), Some(day), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(bad());
        };
        if (year.len(), month.len(), day.len()) != (4, 2, 2) {
            return Err(bad());
        }
        let date = Self {
            year: year.parse().map_err(|_| bad())?,
            month: month.parse().map_err(|_| bad())?,
            day: day.parse().map_err(|_| bad())?,
        };
        if date.month == 0 || date.month > 12 || date.day == 0 || date.day > date.days() {
            return Err(bad());
        }
        Ok(date)
    }
}

impl Date {
    /// The day so many days after the first of January 1970.
    pub fn of_days(days: u32) -> Self {
        let mut date = Self {
            year: 1970,
            month: 1,
            day: 1,
        };
        for _ in 0..days {
            date = date.next();
        }
        date
    }

    /// The day after.
    fn next(self) -> Self {
        if self.day < self.days() {
            return Self {
                day: self.day + 1,
                ..self
            };
        }
        if self.month < 12 {
            return Self {
                month: self.month + 1,
                day: 1,
                ..self
            };
        }
        Self {
            year: self.year + 1,
            month: 1,
            day: 1,
        }
    }

    /// Days of its month.
    fn days(self) -> u8 {
        let leap = self.year.is_multiple_of(4)
            && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}
