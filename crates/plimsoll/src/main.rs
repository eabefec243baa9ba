//! The command line: arguments, terminal, environment, files, exit codes. No logic lives here.

mod args;
mod commands;
mod embedded;
mod exit;
mod folder;
mod foreign;
mod ground;
mod held;
mod images;
#[cfg(test)]
mod mistakes;
mod pages;
mod picture;
mod plan_file;
mod plan_text;
mod prepare;
mod progress;
mod project;
mod release;
mod routes;
mod sealing;
mod stand_ins;
mod summary;
mod terminal;
#[cfg(test)]
mod words;
mod write;

use clap::Parser;
use exit::Exit;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    let terminal = terminal::Terminal::new(cli.color);
    let exit = match std::panic::catch_unwind(|| commands::run(cli.command, terminal)) {
        Ok(Ok(exit)) => exit,
        Ok(Err(failure)) => {
            terminal::progress(&failure.render());
            failure.exit
        }
        Err(_) => {
            terminal::progress(concat!(
                "this is a bug of plimsoll ",
                env!("CARGO_PKG_VERSION"),
                ", not of your file; please report it with the lines above"
            ));
            Exit::Bug
        }
    };
    exit.into()
}
