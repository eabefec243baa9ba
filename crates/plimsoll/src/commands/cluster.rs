//! `plimsoll cluster`: the embedded cluster itself.

use crate::args::Cluster;
use crate::embedded;
use crate::exit::{Exit, Outcome};
use crate::prepare::Prepared;
use crate::terminal;
use anyhow::Context;

/// Forgets the embedded cluster of the chosen environment.
pub fn run(args: &Cluster) -> Outcome {
    let Cluster::Reset(source) = args;
    let prepared = Prepared::new(source, None)?;
    let Some(ready) = prepared.chosen() else {
        return Ok(Exit::Findings);
    };
    let file = embedded::path(&prepared.path, &ready.world.environment)?;
    match std::fs::remove_file(&file) {
        Ok(()) => terminal::progress("the embedded cluster is empty"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            terminal::progress("there was no embedded cluster");
        }
        Err(error) => {
            return Err(error)
                .context(format!("removing {}", file.display()))
                .map_err(Into::into);
        }
    }
    Ok(Exit::Fine)
}
