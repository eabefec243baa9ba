//! `plimsoll history`: the releases that there were.

use super::down::target_of;
use super::shipped::tell;
use crate::args::Target;
use crate::exit::{Exit, Outcome};
use crate::ground::Place;
use crate::prepare::Prepared;
use crate::terminal::Terminal;
use plimsoll_cluster::faults::Faults;
use plimsoll_ship::History;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Lists what was shipped, newest first.
pub fn run(args: &Target, terminal: Terminal) -> Outcome {
    let prepared = Prepared::new(&args.source, None)?;
    let Some(ready) = prepared.or_findings(terminal) else {
        return Ok(Exit::Findings);
    };
    let place = Place::choose(prepared, ready, args, Faults::default())?;
    let target = target_of(&ready.world);
    let history =
        place.work(async |session| plimsoll_ship::history(&session.client, &target).await)?;
    let Some(history) = history else {
        return Ok(Exit::Outside);
    };
    let history = history?;
    tell(args, &target, history.as_ref(), text)?;
    Ok(if history.is_some() {
        Exit::Fine
    } else {
        Exit::Findings
    })
}

fn text(history: &History) -> String {
    let mut text = String::new();
    for (at, release) in history.releases.iter().enumerate().rev() {
        let state = match (release.ready, release.kept) {
            (true, true) => "up",
            (true, false) => "up, forgotten",
            (false, _) => "failed",
        };
        let back = release
            .back_to
            .map_or(String::new(), |to| format!(", back to {to}"));
        let time = release.ended.strftime("%Y-%m-%d %H:%M UTC");
        let _ = writeln!(text, "{:>4}  {time}  {state}{back}", release.number);
        let before = at
            .checked_sub(1)
            .map(|before| &history.releases[before].images);
        for line in changed(before, &release.images) {
            let _ = writeln!(text, "        {line}");
        }
        if let Some(cause) = &release.cause {
            let _ = writeln!(text, "        {cause}");
        }
    }
    text
}

/// Images that are others than in the release before.
fn changed(
    before: Option<&BTreeMap<String, String>>,
    now: &BTreeMap<String, String>,
) -> Vec<String> {
    now.iter()
        .filter(|(unit, image)| before.and_then(|before| before.get(*unit)) != Some(image))
        .map(|(unit, image)| format!("{unit}: {image}"))
        .collect()
}
