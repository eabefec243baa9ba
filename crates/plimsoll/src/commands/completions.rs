//! `plimsoll completions`: a script for a shell.

use crate::args::Cli;
use crate::exit::{Exit, Outcome};
use crate::terminal;
use clap::CommandFactory;
use clap_complete::Shell;

/// Prints the script.
pub fn run(shell: Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "plimsoll", &mut script);
    terminal::out(script);
    Ok(Exit::Fine)
}
