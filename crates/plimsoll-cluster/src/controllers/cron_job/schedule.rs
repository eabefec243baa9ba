//! Cron schedules of five fields: reading them and finding the next time.
//! Same words as robfig/cron v3, which Kubernetes uses: names, ranges, steps, `@daily` and so on.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
/// How far ahead a time is looked for; further than any leap day.
const DAYS_AHEAD: i32 = 5 * 366;

/// A schedule: one bit per minute, hour, day, month and weekday on which it is due.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Schedule {
    minutes: u64,
    hours: u64,
    days: Field,
    months: u64,
    weekdays: Field,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Field {
    bits: u64,
    /// Written as `*` or `?`; then the other of day and weekday decides alone.
    any: bool,
}

impl Schedule {
    /// Reads a schedule; nothing if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let text = match text.trim() {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other => other,
        };
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            return None;
        };
        let mut weekdays = field(weekday, 0, 7, &DAYS, 0)?;
        // Seven is Sunday too.
        if weekdays.bits & (1 << 7) != 0 {
            weekdays.bits = weekdays.bits & !(1 << 7) | 1;
        }
        Some(Self {
            minutes: field(minute, 0, 59, &[], 0)?.bits,
            hours: field(hour, 0, 23, &[], 0)?.bits,
            days: field(day, 1, 31, &[], 0)?,
            months: field(month, 1, 12, &MONTHS, 1)?.bits,
            weekdays,
        })
    }

    /// The first time after `at`, in a time zone.
    pub fn after(&self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let local = at.to_zoned(zone.clone()).datetime();
        let one_day: Span = 1.day();
        let mut date = local.date();
        for _ in 0..DAYS_AHEAD {
            if self.takes(date) {
                let found = self.times(date, zone).find(|time| *time > at);
                if found.is_some() {
                    return found;
                }
            }
            date = date.checked_add(one_day).ok()?;
        }
        None
    }

    fn takes(&self, date: Date) -> bool {
        let day = has(self.days.bits, date.day());
        let weekday = has(self.weekdays.bits, date.weekday().to_sunday_zero_offset());
        let either = if self.days.any || self.weekdays.any {
            day && weekday
        } else {
            day || weekday
        };
        has(self.months, date.month()) && either
    }

    fn times<'a>(&'a self, date: Date, zone: &'a TimeZone) -> impl Iterator<Item = Timestamp> + 'a {
        let hours = (0_i8..24).filter(|hour| has(self.hours, *hour));
        let all = hours.flat_map(|hour| {
            (0_i8..60)
                .filter(|minute| has(self.minutes, *minute))
                .map(move |minute| (hour, minute))
        });
        all.filter_map(move |(hour, minute)| {
            zone.to_ambiguous_timestamp(date.at(hour, minute, 0, 0))
                .compatible()
                .ok()
        })
    }
}

fn has(bits: u64, number: i8) -> bool {
    u32::try_from(number).is_ok_and(|number| bits >> number & 1 == 1)
}

/// Reads one field: a list of `*`, numbers, names, ranges, each with an optional step.
fn field(text: &str, least: u32, most: u32, names: &[&str], first: u32) -> Option<Field> {
    let mut bits = 0;
    let mut any = false;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse().ok().filter(|step| *step > 0_u32)?),
            None => (part, 1),
        };
        let number = |text: &str| {
            let lower = text.to_ascii_lowercase();
            let named = names
                .iter()
                .position(|name| *name == lower)
                .and_then(|at| u32::try_from(at).ok());
            named.map(|at| at + first).or_else(|| text.parse().ok())
        };
        let (from, to) = match range {
            "*" | "?" => {
                any |= step == 1;
                (least, if names.len() == 7 { 6 } else { most })
            }
            _ => match range.split_once('-') {
                Some((from, to)) => (number(from)?, number(to)?),
                None if part.contains('/') => (number(range)?, most),
                None => (number(range)?, number(range)?),
            },
        };
        if from < least || to > most || from > to {
            return None;
        }
        let mut at = from;
        while at <= to {
            bits |= 1_u64 << at;
            at += step;
        }
    }
    Some(Field { bits, any })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::Schedule;

    fn next(schedule: &str, at: &str) -> String {
        let at: Timestamp = at.parse().unwrap();
        Schedule::parse(schedule)
            .unwrap()
            .after(at, &TimeZone::UTC)
            .unwrap()
            .to_string()
    }

    #[test]
    fn the_next_time_follows_all_fields() {
        assert_eq!(
            next("*/15 * * * *", "2026-01-01T00:00:00Z"),
            "2026-01-01T00:15:00Z"
        );
        assert_eq!(
            next("0 2 * * *", "2026-01-01T02:00:00Z"),
            "2026-01-02T02:00:00Z"
        );
        assert_eq!(
            next("30 3 * * sun", "2026-01-01T00:00:00Z"),
            "2026-01-04T03:30:00Z"
        );
        assert_eq!(
            next("0 0 29 2 *", "2026-01-01T00:00:00Z"),
            "2028-02-29T00:00:00Z"
        );
        assert_eq!(
            next("0 0 13 * 5", "2026-01-03T00:00:00Z"),
            "2026-01-09T00:00:00Z"
        );
        assert_eq!(
            next("@monthly", "2026-01-03T00:00:00Z"),
            "2026-02-01T00:00:00Z"
        );
        assert_eq!(
            next("0 9-17/4 * * 1-5", "2026-01-01T10:00:00Z"),
            "2026-01-01T13:00:00Z"
        );
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for wrong in [
            "",
            "* * * *",
            "60 * * * *",
            "* * 0 * *",
            "*/0 * * * *",
            "5-1 * * * *",
            "x * * * *",
        ] {
            assert_eq!(Schedule::parse(wrong), None, "{wrong}");
        }
    }
}
