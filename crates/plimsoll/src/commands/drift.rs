//! `plimsoll drift`: what others changed since the last release.

use super::down::target_of;
use crate::args::Target;
use crate::exit::{Exit, Outcome};
use crate::ground::Place;
use crate::plan_text;
use crate::prepare::Prepared;
use crate::terminal::{self, Terminal};
use plimsoll_cluster::faults::Faults;

/// Compares the cluster with the last release that came up.
pub fn run(args: &Target, terminal: Terminal) -> Outcome {
    let prepared = Prepared::new(&args.source, None)?;
    let Some(ready) = prepared.or_findings(terminal) else {
        return Ok(Exit::Findings);
    };
    let place = Place::choose(prepared, ready, args, Faults::default())?;
    let target = target_of(&ready.world);
    let drift = place.work(async |session| {
        let options = super::plan::options(&place, session.clock, false);
        plimsoll_ship::drift(&session.client, &target, &options).await
    })?;
    let Some(drift) = drift else {
        return Ok(Exit::Outside);
    };
    let drift = drift?;
    if args.json {
        terminal::out(serde_json::to_string(&drift)? + "\n");
    }
    let Some(plan) = drift else {
        if !args.json {
            terminal::out(format!(
                "{} {} never came up here\n",
                target.application, target.environment
            ));
        }
        return Ok(Exit::Findings);
    };
    let is_as_shipped = plan.changes.is_empty() && plan.obstacles.is_empty();
    if !args.json {
        terminal::out(if is_as_shipped {
            "everything is as it was shipped\n".to_owned()
        } else {
            plan_text::drift(&plan)
        });
    }
    Ok(if is_as_shipped {
        Exit::Fine
    } else {
        Exit::Differs
    })
}
