//! `plimsoll status`: what runs, and how it is.

use super::down::target_of;
use super::shipped::tell;
use crate::args::Target;
use crate::exit::{Exit, Outcome};
use crate::ground::Place;
use crate::prepare::Prepared;
use crate::terminal::Terminal;
use plimsoll_cluster::faults::Faults;
use plimsoll_ship::{ObjectState, Status};
use std::fmt::Write;

/// Reads the state of the chosen environment from its cluster.
pub fn run(args: &Target, terminal: Terminal) -> Outcome {
    let prepared = Prepared::new(&args.source, None)?;
    let Some(ready) = prepared.or_findings(terminal) else {
        return Ok(Exit::Findings);
    };
    let place = Place::choose(prepared, ready, args, Faults::default())?;
    let target = target_of(&ready.world);
    let status =
        place.work(async |session| plimsoll_ship::status(&session.client, &target).await)?;
    let Some(status) = status else {
        return Ok(Exit::Outside);
    };
    let status = status?;
    tell(args, &target, status.as_ref(), text)?;
    let is_ready = status.is_some_and(|status| status.ready);
    Ok(if is_ready { Exit::Fine } else { Exit::Findings })
}

fn text(status: &Status) -> String {
    let mut text = String::new();
    let pods = status.pods;
    let word = if status.ready { "ready" } else { "not ready" };
    let _ = writeln!(text, "{word}: {} of {} pods", pods.ready, pods.wanted);
    let ready = status
        .objects
        .iter()
        .filter(|object| object.state == ObjectState::Ready)
        .count();
    let _ = writeln!(
        text,
        "{ready} of {} objects are as they should be",
        status.objects.len()
    );
    for object in &status.objects {
        let state = match object.state {
            ObjectState::Ready if object.pods.is_none() => continue,
            ObjectState::Ready => "ready",
            ObjectState::Waiting => "waiting",
            ObjectState::Failed => "failed",
            ObjectState::Missing => "missing",
        };
        let pods = object
            .pods
            .map(|pods| format!("{}/{}", pods.ready, pods.wanted));
        let line = format!(
            "  {:<44} {state:<8} {:<7} {}",
            object.object.to_string(),
            pods.unwrap_or_default(),
            object.detail.as_deref().unwrap_or_default()
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    for kept in &status.kept {
        let _ = writeln!(text, "  {kept} is kept: it holds data");
    }
    text
}
