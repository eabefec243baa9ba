//! `plimsoll restart`: new pods with the same content.

use super::down::target_of;
use crate::args::Restart;
use crate::exit::{Exit, Failure, Outcome};
use crate::ground::Place;
use crate::prepare::Prepared;
use crate::terminal::{self, Terminal};
use plimsoll_cluster::faults::Faults;
use plimsoll_ship::{Event, ShipError};

/// Restarts a service or a store, and waits until its new pods are ready.
pub fn run(args: &Restart, terminal: Terminal) -> Outcome {
    let prepared = Prepared::new(&args.target.source, None)?;
    let Some(ready) = prepared.or_findings(terminal) else {
        return Ok(Exit::Findings);
    };
    let place = Place::choose(prepared, ready, &args.target, Faults::default())?;
    let target = target_of(&ready.world);
    let patience = ready.deadline();
    let done = place.work(async |session| {
        let mut hear = |event: &Event| terminal::progress(&event.to_string());
        let (client, clock) = (&session.client, session.clock);
        plimsoll_ship::restart(client, &target, &args.name, clock, patience, &mut hear).await
    })?;
    let restarted = match done {
        None => return Ok(Exit::Outside),
        Some(Err(error @ (ShipError::NoSuchUnit { .. } | ShipError::NothingToRestart(_)))) => {
            return Err(Failure::usage(error));
        }
        Some(restarted) => restarted?,
    };
    if args.target.json {
        terminal::out(serde_json::to_string(&restarted)? + "\n");
    } else if restarted.ready {
        terminal::out(format!("{} runs with new pods\n", args.name));
    } else {
        terminal::out(format!(
            "{} is not ready with its new pods: {}\n",
            args.name,
            restarted.missing.join("; ")
        ));
    }
    Ok(if restarted.ready {
        Exit::Fine
    } else {
        Exit::Findings
    })
}
