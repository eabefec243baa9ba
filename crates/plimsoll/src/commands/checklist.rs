//! `plimsoll checklist`: what people look at before, during and after a release, ticked or crossed.

use crate::args::Target;
use crate::exit::{Exit, Outcome};
use crate::ground::Place;
use crate::prepare::Prepared;
use crate::release;
use crate::terminal::{self, Terminal};
use plimsoll_cluster::faults::Faults;
use plimsoll_ship::checklist::{Line, Mark, Phase};
use std::fmt::Write;

/// Goes through the list for the chosen environment.
pub fn run(args: &Target, terminal: Terminal) -> Outcome {
    let prepared = Prepared::new(&args.source, None)?;
    let Some(ready) = prepared.or_findings(terminal) else {
        return Ok(Exit::Findings);
    };
    let place = Place::choose(prepared, ready, args, Faults::default())?;
    let release = release::of(&prepared.sources, ready, place.ground());
    let list = place.work(async |session| {
        let options = super::plan::options(&place, session.clock, false);
        plimsoll_ship::checklist(&session.client, &release, &options).await
    })?;
    let Some(list) = list else {
        return Ok(Exit::Outside);
    };
    let list = list?;
    if args.json {
        terminal::out(serde_json::to_string(&list)? + "\n");
    } else {
        terminal::out(text(&list));
    }
    let is_crossed = list.iter().any(|line| line.mark == Mark::No);
    Ok(if is_crossed {
        Exit::Findings
    } else {
        Exit::Fine
    })
}

fn text(list: &[Line]) -> String {
    let mut text = String::new();
    let mut before = None;
    for line in list {
        if before != Some(line.phase) {
            before = Some(line.phase);
            let heading = match line.phase {
                Phase::Before => "before",
                Phase::During => "during",
                Phase::After => "after",
            };
            let _ = writeln!(text, "{heading}");
        }
        let mark = match line.mark {
            Mark::Yes => '✓',
            Mark::No => '✗',
            Mark::Nothing => '-',
        };
        let _ = writeln!(text, "  {mark} {:<42} {}", line.what, line.evidence);
    }
    text
}
