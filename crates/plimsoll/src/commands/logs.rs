//! `plimsoll logs`: what the pods of a service, a store or a migration say.

use super::down::target_of;
use crate::args::Logs;
use crate::exit::{Exit, Failure, Outcome};
use crate::ground::Place;
use crate::prepare::Prepared;
use crate::release::Ground;
use crate::terminal::{self, Terminal};
use futures::StreamExt;
use plimsoll_cluster::faults::Faults;
use plimsoll_ship::ShipError;
use plimsoll_ship::logs::{Wanted, logs};

/// Prints the lines of every container of every pod.
pub fn run(args: &Logs, terminal: Terminal) -> Outcome {
    let prepared = Prepared::new(&args.target.source, None)?;
    let Some(ready) = prepared.or_findings(terminal) else {
        return Ok(Exit::Findings);
    };
    let place = Place::choose(prepared, ready, &args.target, Faults::default())?;
    if args.follow && place.ground() == Ground::Embedded {
        return Err(Failure::usage(
            "`--follow` needs a real cluster: time stands still on the embedded one",
        ));
    }
    let target = target_of(&ready.world);
    let wanted = Wanted {
        tail: args.tail,
        previous: args.previous,
        follow: args.follow,
    };
    let done = place.work(async |session| {
        let mut lines = logs(&session.client, &target, &args.name, wanted).await?;
        while let Some(line) = lines.next().await {
            let text = if args.target.json {
                serde_json::json!(line).to_string()
            } else {
                format!("{} {}: {}", line.pod, line.container, line.text)
            };
            terminal::out(text + "\n");
        }
        Ok(())
    })?;
    match done {
        // Whoever follows ends it so.
        None => Ok(Exit::Fine),
        Some(Err(error @ ShipError::NoSuchUnit { .. })) => Err(Failure::usage(error)),
        Some(done) => {
            done?;
            Ok(Exit::Fine)
        }
    }
}
