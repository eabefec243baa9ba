//! `plimsoll check`: everything that can be proven without a cluster.

use crate::args::{Check, Format};
use crate::exit::{Exit, Outcome};
use crate::prepare::Prepared;
use crate::terminal::{self, Terminal};
use plimsoll_source::render;

/// Prints every finding of every environment.
pub fn run(args: &Check, terminal: Terminal) -> Outcome {
    let prepared = Prepared::new(&args.source, None)?;
    let (findings, sources) = (&prepared.findings, &prepared.sources);
    if args.json {
        let list = render::json(findings, sources);
        terminal::out(format!("{}\n", serde_json::json!({ "findings": list })));
    } else if args.format == Format::Short {
        terminal::out(render::short(findings, sources));
    } else if findings.is_empty() {
        terminal::progress("no findings");
    } else {
        terminal::out(prepared.text(terminal.colors_out(), terminal));
    }
    Ok(if findings.any_error() {
        Exit::Findings
    } else {
        Exit::Fine
    })
}
