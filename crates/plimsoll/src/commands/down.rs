//! `plimsoll down`: removes exactly what `up` made.

use crate::args::Down;
use crate::exit::{Exit, Failure, Outcome};
use crate::ground::Place;
use crate::prepare::Prepared;
use crate::release::Ground;
use crate::terminal::{self, Terminal};
use plimsoll_cluster::faults::Faults;
use plimsoll_ship::{DownOptions, Event, Removed, Target};
use plimsoll_world::World;
use std::fmt::Write;
use std::time::Duration;

/// How long one wave may take to go.
const PATIENCE: Duration = Duration::from_mins(5);

/// Removes the chosen environment; data that is protected stays and is listed.
pub fn run(args: &Down, terminal: Terminal) -> Outcome {
    let prepared = Prepared::new(&args.target.source, None)?;
    let Some(ready) = prepared.or_findings(terminal) else {
        return Ok(Exit::Findings);
    };
    let place = Place::choose(prepared, ready, &args.target, Faults::default())?;
    let target = target_of(&ready.world);
    if let Some(typed) = args
        .data
        .as_ref()
        .filter(|typed| **typed != target.application)
    {
        return Err(Failure::usage(format!(
            "`--data {typed}`: the application is called {}; its name removes its data",
            target.application
        )));
    }
    if place.ground() == Ground::Real && !args.yes {
        let what = match args.data {
            Some(_) => " and all its data, for good,",
            None => "",
        };
        let question = format!(
            "remove {} {}{what} from {place}?",
            target.application, target.environment
        );
        match terminal::confirm(&question) {
            Some(true) => {}
            Some(false) => return Err(Failure::usage("nothing was removed")),
            None => {
                return Err(Failure::usage(
                    "nobody is here to answer; `--yes` removes without asking",
                ));
            }
        }
    }
    let removed = place.work(async |session| {
        let options = DownOptions {
            clock: session.clock,
            holder: super::up::holder(),
            data: args.data.is_some(),
            patience: PATIENCE,
        };
        let mut hear = |event: &Event| terminal::progress(&event.to_string());
        plimsoll_ship::down(&session.client, &target, &options, &mut hear).await
    })?;
    let Some(removed) = removed else {
        return Ok(Exit::Outside);
    };
    let removed = removed?;
    if args.target.json {
        terminal::out(&(serde_json::to_string(&removed)? + "\n"));
    } else {
        terminal::out(
            removed
                .as_ref()
                .map_or("there was nothing to remove\n".to_owned(), text),
        );
    }
    let stuck = removed.is_some_and(|removed| !removed.stuck.is_empty());
    Ok(if stuck { Exit::Findings } else { Exit::Fine })
}

/// Where an environment lives.
pub fn target_of(world: &World) -> Target {
    Target {
        application: world.application.to_string(),
        environment: world.environment.to_string(),
        namespace: world.namespace.to_string(),
    }
}

fn text(removed: &Removed) -> String {
    let mut text = format!("{} objects removed\n", removed.deleted);
    for kept in &removed.kept {
        let _ = writeln!(text, "  {kept} is kept: it holds data, or data needs it");
    }
    for stuck in &removed.stuck {
        let _ = writeln!(text, "  {stuck} is still there: a finalizer holds it");
    }
    for foreign in &removed.foreign {
        let _ = writeln!(
            text,
            "  {foreign} carries our label and was not made by us: left alone"
        );
    }
    text
}
