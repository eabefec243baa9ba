//! `plimsoll rollback`: an earlier release comes back.

use super::down::target_of;
use crate::args::Rollback;
use crate::exit::{Exit, Failure, Outcome};
use crate::ground::Place;
use crate::plan_text;
use crate::prepare::Prepared;
use crate::release::Ground;
use crate::terminal::{self, Terminal};
use plimsoll_cluster::faults::Faults;
use plimsoll_ship::{Event, ShipError};

/// Ships the release with the given number again, else the one before the last.
pub fn run(args: &Rollback, terminal: Terminal) -> Outcome {
    let prepared = Prepared::new(&args.target.source, None)?;
    let Some(ready) = prepared.or_findings(terminal) else {
        return Ok(Exit::Findings);
    };
    let place = Place::choose(prepared, ready, &args.target, Faults::default())?;
    let target = target_of(&ready.world);
    if place.ground() == Ground::Real && !args.yes {
        let which = args.to.map_or("the release before".to_owned(), |to| {
            format!("release {to}")
        });
        let question = format!(
            "bring {which} of {} {} back on {place}?",
            target.application, target.environment
        );
        match terminal::confirm(&question) {
            Some(true) => {}
            Some(false) => return Err(Failure::usage("nothing was brought back")),
            None => {
                return Err(Failure::usage(
                    "nobody is here to answer; `--yes` brings it back without asking",
                ));
            }
        }
    }
    let done = place.work(async |session| {
        let options = super::plan::options(&place, session.clock, false);
        let mut hear = |event: &Event| terminal::progress(&event.to_string());
        plimsoll_ship::roll_back(&session.client, &target, args.to, &options, &mut hear).await
    })?;
    let Some(done) = done else {
        terminal::progress("stopped waiting; `plimsoll rollback` goes on from here");
        return Ok(Exit::Outside);
    };
    let outcome = match done {
        Err(ShipError::Obstacles(obstacles)) => {
            return super::up::stopped(args.target.json, &obstacles);
        }
        Err(error @ (ShipError::NoSuchRelease { .. } | ShipError::NothingBefore)) => {
            return Err(Failure::usage(error));
        }
        outcome => outcome?,
    };
    if args.target.json {
        terminal::out(serde_json::to_string(&outcome)? + "\n");
    } else {
        terminal::out(plan_text::outcome(&outcome));
    }
    Ok(if outcome.ready {
        Exit::Fine
    } else {
        Exit::Findings
    })
}
