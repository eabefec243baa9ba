//! `plimsoll graph`: what the application is made of, and what uses what.

use crate::args::{Drawing, Graph};
use crate::exit::{Exit, Outcome};
use crate::picture;
use crate::prepare::Prepared;
use crate::terminal::{self, Terminal};
use crate::write;
use plimsoll_report::graph;

/// Draws the chosen environment.
pub fn run(args: &Graph, terminal: Terminal) -> Outcome {
    let prepared = Prepared::new(&args.source, None)?;
    let Some(ready) = prepared.chosen() else {
        terminal::progress(prepared.text(terminal.colors_err(), terminal).trim_end());
        return Ok(Exit::Findings);
    };
    let picture = picture::of(ready.application()?.app());
    let format = args.format.unwrap_or(match args.output {
        Some(_) => Drawing::Svg,
        None => Drawing::Text,
    });
    let drawn = match format {
        Drawing::Svg => graph::svg(&picture),
        Drawing::Text => graph::text(&picture),
    };
    match &args.output {
        Some(path) => write::file(path, drawn.as_bytes())?,
        None => terminal::out(&drawn),
    }
    Ok(Exit::Fine)
}
