//! `plimsoll doctor`: what is wrong with what runs, and what to do.

use super::down::target_of;
use super::shipped::tell;
use crate::args::Target;
use crate::exit::{Exit, Outcome};
use crate::ground::Place;
use crate::prepare::Prepared;
use crate::terminal::Terminal;
use plimsoll_cluster::faults::Faults;
use plimsoll_ship::Diagnosis;
use std::fmt::Write;

/// Looks closely at everything that was shipped.
pub fn run(args: &Target, terminal: Terminal) -> Outcome {
    let prepared = Prepared::new(&args.source, None)?;
    let Some(ready) = prepared.or_findings(terminal) else {
        return Ok(Exit::Findings);
    };
    let place = Place::choose(prepared, ready, args, Faults::default())?;
    let target = target_of(&ready.world);
    let found =
        place.work(async |session| plimsoll_ship::doctor(&session.client, &target).await)?;
    let Some(found) = found else {
        return Ok(Exit::Outside);
    };
    let found = found?;
    tell(args, &target, found.as_ref(), text)?;
    let is_well = found.is_some_and(|found| found.complaints.is_empty());
    Ok(if is_well { Exit::Fine } else { Exit::Findings })
}

fn text(found: &Diagnosis) -> String {
    let mut text = match found.complaints.len() {
        0 => return format!("nothing is wrong with {} objects\n", found.examined),
        1 => format!("one trouble in {} objects\n", found.examined),
        many => format!("{many} troubles in {} objects\n", found.examined),
    };
    for complaint in &found.complaints {
        let unit = match complaint.unit.as_str() {
            "" => String::new(),
            unit => format!(" ({unit})"),
        };
        let _ = writeln!(text, "\n  {}{unit}: {}", complaint.object, complaint.cause);
        for line in &complaint.log {
            let _ = writeln!(text, "    | {line}");
        }
        let _ = writeln!(text, "    help: {}", complaint.remedy);
    }
    text
}
