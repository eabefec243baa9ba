//! What a service promises: how fast its budget of failures burns, measured over two windows at once,
//! and whether its answers are as quick as promised.
//!
//! A long window says that it matters, a short one that it still goes on. The four pairs and the parts
//! of the budget that they may use are those of Google's SRE workbook, chapter 5.

use super::alerts::{Alert, Rules};
use super::query::{Series, decimal, fill, fixed, of_service, quantile, seconds};
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::Service;
use plimsoll_spec::app::observe::Objective;
use plimsoll_spec::types::{Duration, Latency, Percent};
use plimsoll_world::{Form, Scope, form};

/// A pair of windows: seconds of the long one, both as Prometheus writes them, the part of the
/// budget in thousandths that the long one may use, and how much that matters.
struct Pair {
    long: &'static str,
    short: &'static str,
    seconds: u64,
    uses: u64,
    severity: &'static str,
}

const fn pair(
    long: &'static str,
    short: &'static str,
    seconds: u64,
    uses: u64,
    severity: &'static str,
) -> Pair {
    Pair {
        long,
        short,
        seconds,
        uses,
        severity,
    }
}

const PAIRS: [Pair; 4] = [
    pair("1h", "5m", 3_600, 20, "critical"),
    pair("6h", "30m", 21_600, 50, "critical"),
    pair("1d", "2h", 86_400, 100, "warning"),
    pair("3d", "6h", 259_200, 100, "warning"),
];

/// Every window, shortest first.
const WINDOWS: [&str; 7] = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"];

/// Adds what is recorded and when somebody is told.
pub fn add(service: &Service, objective: &Objective, rules: &mut Rules) {
    let Some(metrics) = &service.metrics else {
        return rules.without(objective.service.origin());
    };
    let series = Series {
        metrics,
        of: of_service(rules.namespace, rules.name),
    };
    if let Some(promised) = &objective.availability {
        availability(&series, objective, promised, rules);
    }
    if let Some(promised) = &objective.latency {
        latency(&series, promised, rules);
    }
}

fn availability(
    series: &Series,
    objective: &Objective,
    promised: &Sourced<Percent>,
    rules: &mut Rules,
) {
    for window in WINDOWS {
        let Some(failing) = series.failing(&fixed(window)) else {
            return rules.without(promised.origin());
        };
        record(rules, window, &failing);
    }
    for pair in PAIRS {
        let most = promised.zip(&objective.window, |promised, window| {
            threshold(&pair, *promised, window)
        });
        let of = of_service(rules.namespace, rules.name);
        let words = [("of", &of), ("most", &most)];
        let text = format!(
            "service:failures:ratio_rate{}{{$of}} > $most\n\
             and service:failures:ratio_rate{}{{$of}} > $most",
            pair.long, pair.short
        );
        let summary = format!(
            "$name fails so often that {} of what it may fail in $limit was used up in {}",
            percent(pair.uses),
            pair.long
        );
        let window = objective.window.map(Duration::prometheus);
        let alert = Alert {
            name: fixed("ObjectiveMissed"),
            expr: fill(&text, &words),
            during: None,
            window: Some(pair.long),
            severity: fixed(pair.severity),
            summary: rules.said(&summary, &window),
        };
        rules.push(&alert);
    }
}

fn record(rules: &mut Rules, window: &str, failing: &Sourced<Str>) {
    let s = &Scope::new("observe/objectives");
    let form: Form = form!(s; {
        record: s.text(format!("service:failures:ratio_rate{window}")),
        expr: failing,
        labels: { namespace: rules.namespace, service: rules.name },
    });
    rules.list.push(s, form);
}

/// The part of requests that may fail in the long window, so that no more than its part of the budget
/// is used: the part of the budget, times how often the window fits, times the budget.
fn threshold(pair: &Pair, promised: Percent, window: &Duration) -> Str {
    let budget = u64::from(100_000_u32.saturating_sub(promised.milli));
    // Thousandths of thousandths of a percent: eight digits behind the point.
    let fits = window.secs().max(pair.seconds);
    decimal(pair.uses * fits * budget / pair.seconds, 8)
}

/// Thousandths as a percentage.
fn percent(thousandths: u64) -> String {
    format!("{}%", thousandths / 10)
}

/// The quantile itself is watched over both windows: it asks for no bucket at the promised time.
fn latency(series: &Series, promised: &Sourced<Latency>, rules: &mut Rules) {
    let part = promised.map(quantile);
    let most = promised.map(|promised| seconds(&promised.within));
    for pair in PAIRS.iter().take(2) {
        let over = |window: &str| series.latency(&part, &fixed(window));
        let (Some(long), Some(short)) = (over(pair.long), over(pair.short)) else {
            return rules.without(promised.origin());
        };
        let words = [("long", &long), ("short", &short), ("most", &most)];
        let said = promised.map(|promised| Str::from(promised.to_string()));
        let alert = Alert {
            name: fixed("ObjectiveTooSlow"),
            expr: fill("$long > $most\nand $short > $most", &words),
            during: None,
            window: Some(pair.long),
            severity: fixed(pair.severity),
            summary: rules.said("$name does not hold its promise of $limit", &said),
        };
        rules.push(&alert);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_spec::types::Leaf;

    #[test]
    fn a_budget_of_a_thousandth_in_thirty_days_burns_as_the_workbook_says() {
        let promised = Percent::parse("99.9%").expect("a percentage");
        let window = Duration::parse("30d").expect("a time");
        let all: Vec<Str> = PAIRS
            .iter()
            .map(|pair| threshold(pair, promised, &window))
            .collect();
        assert_eq!(all, ["0.0144", "0.006", "0.003", "0.001"]);
    }
}
