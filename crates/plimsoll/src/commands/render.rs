//! `plimsoll render`: the deployment in the forms that other tools take.

use crate::args::{Output, Render};
use crate::exit::{Exit, Outcome};
use crate::prepare::Prepared;
use crate::terminal::{self, Terminal};
use crate::write;
use plimsoll_emit::manifests;

/// Writes the chosen environment into a folder, or one stream to stdout.
pub fn run(args: &Render, terminal: Terminal) -> Outcome {
    let prepared = Prepared::new(&args.source, args.kubernetes.as_deref())?;
    let Some(ready) = prepared.or_findings(terminal) else {
        return Ok(Exit::Findings);
    };
    match args.to {
        Output::Manifests => {}
    }
    let Some(folder) = &args.output else {
        terminal::out(manifests::stream(&ready.world));
        return Ok(Exit::Fine);
    };
    let scope = format!("manifests/{}/", ready.world.environment);
    let written = write::files(folder, &scope, &manifests::files(&ready.world))?;
    terminal::progress(&format!(
        "{}: {} files changed, {} unchanged, {} removed",
        folder.join(scope).display(),
        written.changed,
        written.unchanged,
        written.removed
    ));
    Ok(Exit::Fine)
}
