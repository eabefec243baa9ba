//! In which order charts are installed, and what no order can keep.

use super::chart::Chart;
use crate::System;
use crate::rules::ORDER_ACROSS_CHARTS;
use plimsoll_source::{Finding, Findings, Origin, Str};
use plimsoll_world::{Role, Unit};
use std::collections::BTreeSet;

/// The charts, each after those that it needs: a service after what belongs to none, both after the
/// stores, and whoever waits for a migration after the chart that runs it.
pub fn sorted(system: &System, mut charts: Vec<Chart>, findings: &mut Findings) -> Vec<Chart> {
    let mut needs: Vec<BTreeSet<usize>> = charts
        .iter()
        .enumerate()
        .map(|(at, chart)| {
            if chart.of_service {
                of_no_service(&charts)
            } else {
                (0..at).collect()
            }
        })
        .collect();
    for wait in waits(&charts) {
        if reaches(&needs, wait.chart_before, wait.chart) {
            report(system, &charts, &wait, findings);
        } else {
            needs[wait.chart].insert(wait.chart_before);
        }
    }
    for (at, needs) in needs.iter().enumerate() {
        charts[at].needs = needs.iter().map(|at| charts[*at].name.clone()).collect();
    }
    let mut out = Vec::with_capacity(charts.len());
    while !charts.is_empty() {
        let left: BTreeSet<&String> = charts.iter().map(|chart| &chart.name).collect();
        let free = |chart: &Chart| !chart.needs.iter().any(|name| left.contains(name));
        let at = charts.iter().position(free);
        out.push(charts.remove(at.expect("what would be a circle was left out")));
    }
    out
}

/// The charts that are of no service: they stand first.
fn of_no_service(charts: &[Chart]) -> BTreeSet<usize> {
    let common = charts.iter().enumerate();
    let common = common.filter(|(_, chart)| !chart.of_service);
    common.map(|(at, _)| at).collect()
}

/// Something of one chart that waits for a migration of another.
struct Wait {
    chart: usize,
    chart_before: usize,
    unit: Unit,
    before: Str,
}

fn waits(charts: &[Chart]) -> Vec<Wait> {
    let runs = |name: &Str| {
        charts.iter().position(|chart| {
            chart.objects.iter().any(|object| {
                object.role == Role::Migration && object.unit == Unit::Migration(name.clone())
            })
        })
    };
    let mut all: Vec<Wait> = Vec::new();
    for (at, chart) in charts.iter().enumerate() {
        for object in &chart.objects {
            for unit in &object.after {
                let Unit::Migration(before) = unit else {
                    continue;
                };
                let known = |wait: &Wait| wait.unit == object.unit && wait.before == *before;
                match runs(before) {
                    Some(other) if other != at && !all.iter().any(known) => all.push(Wait {
                        chart: at,
                        chart_before: other,
                        unit: object.unit.clone(),
                        before: before.clone(),
                    }),
                    _ => {}
                }
            }
        }
    }
    // What migrations say of each other counts more than who uses their store.
    all.sort_by_key(|wait| !matches!(wait.unit, Unit::Migration(_)));
    all
}

/// Whether one chart needs another, over any number of others.
fn reaches(needs: &[BTreeSet<usize>], from: usize, to: usize) -> bool {
    from == to || needs[from].iter().any(|next| reaches(needs, *next, to))
}

fn report(system: &System, charts: &[Chart], wait: &Wait, findings: &mut Findings) {
    let (one, other) = (&charts[wait.chart].name, &charts[wait.chart_before].name);
    let message = format!(
        "{} waits for migration {}, and their charts `{one}` and `{other}` wait for each other",
        wait.unit, wait.before
    );
    let mut finding = Finding::new(&ORDER_ACROSS_CHARTS, message);
    if let Some(place) = place(system, wait) {
        finding = finding.mark_origin(&place, "waits for it here");
    }
    findings.report(finding.help("make one chart of all: `deliver: { chart: { per: app } }`"));
}

/// Where the file says so.
fn place(system: &System, wait: &Wait) -> Option<Origin> {
    let app = system.chosen().app;
    match &wait.unit {
        Unit::Migration(name) => {
            let after = app.migrations.get(name)?.after.iter();
            let mut said = after.filter(|after| *after.peek() == wait.before);
            Some(said.next()?.origin().clone())
        }
        _ => {
            let migration = app.migrations.get(&wait.before)?;
            Some(migration.store.origin().clone())
        }
    }
}
