//! Helm charts: the forms of all environments printed as templates, the words as values.

mod alike;
mod bind;
mod canon;
pub mod chart;
mod contract;
mod dialect;
mod element;
mod expr;
mod family;
mod files;
mod layout;
mod logic;
mod needed;
mod order;
mod parts;
mod path;
mod print;
mod readme;
mod schema;
mod sources;
mod spoken;
mod values;
pub mod words;

pub use path::camel;

use crate::{Emitted, System};
use chart::Chart;
use plimsoll_source::Findings;

/// The charts of an application.
pub fn files(system: &System) -> Emitted {
    let mut emitted = Emitted::default();
    for chart in charts(system, &mut emitted.findings) {
        files::of_chart(system, &chart, &mut emitted.files);
    }
    emitted
}

/// The charts before they are printed, in an order in which they can be installed.
pub fn charts(system: &System, findings: &mut Findings) -> Vec<Chart> {
    contract::check(system, findings);
    let charts = parts::of(system)
        .iter()
        .map(|part| Chart::new(system, part, findings))
        .collect();
    order::sorted(system, charts, findings)
}
