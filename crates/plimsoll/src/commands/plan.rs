//! `plimsoll plan`: what `up` would do, before it does.

use crate::args::Plan;
use crate::exit::{Exit, Outcome};
use crate::ground::Place;
use crate::prepare::Prepared;
use crate::terminal::{self, Terminal};
use crate::{plan_file, plan_text, release};
use plimsoll_cluster::faults::Faults;
use plimsoll_ship::Options;

/// Asks the cluster what shipping the chosen environment would change. Writes nothing there.
pub fn run(args: &Plan, terminal: Terminal) -> Outcome {
    let target = &args.target;
    let prepared = Prepared::new(&target.source, None)?;
    let Some(ready) = prepared.or_findings(terminal) else {
        return Ok(Exit::Findings);
    };
    let place = Place::choose(prepared, ready, target, Faults::default())?;
    let release = release::of(&prepared.sources, ready, place.ground());
    let plan = place.work(async |session| {
        let options = options(&place, session.clock, args.adopt);
        plimsoll_ship::plan(&session.client, &release, &options).await
    })?;
    let Some(plan) = plan else {
        return Ok(Exit::Outside);
    };
    let plan = plan?;
    if let Some(path) = args.out.as_ref().filter(|_| plan.obstacles.is_empty()) {
        plan_file::write(path, &place, &plan)?;
    }
    if target.json {
        terminal::out(serde_json::to_string(&plan)? + "\n");
    } else {
        terminal::out(plan_text::text(&plan, &place.to_string()));
    }
    if !plan.obstacles.is_empty() {
        if !target.json {
            terminal::progress(plan_text::obstacles(&plan.obstacles).trim_end());
        }
        return Ok(Exit::Findings);
    }
    Ok(if plan.changes_something() {
        Exit::Differs
    } else {
        Exit::Fine
    })
}

/// How a place is shipped to.
pub fn options(place: &Place, clock: plimsoll_ship::Clock, adopt: bool) -> Options {
    Options {
        clock,
        holder: super::up::holder(),
        randomness: place.randomness(),
        given: place.given(),
        adopt,
        approved: None,
    }
}
