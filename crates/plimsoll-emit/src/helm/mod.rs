//! Helm charts: the forms of all environments printed as templates, the words as values.

mod bind;
mod canon;
pub mod chart;
mod contract;
mod element;
mod expr;
mod family;
mod files;
mod path;
mod print;
mod values;
pub mod words;

use crate::{Emitted, System};
use chart::Chart;
/// The charts of an application.
pub fn files(system: &System) -> Emitted {
    let mut emitted = Emitted::default();
    for chart in charts(system, &mut emitted.findings) {
        files::of_chart(system, &chart, &mut emitted.files);
    }
    emitted
}

/// The charts, before they are printed.
pub fn charts(system: &System, findings: &mut plimsoll_source::Findings) -> Vec<Chart> {
    let app = system.chosen().app;
    vec![Chart::new(
        system,
        app.app.peek().text(),
        None,
        &|_| true,
        findings,
    )]
}
