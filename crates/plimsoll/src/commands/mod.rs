//! The commands, one file each.

mod check;
mod checklist;
mod cluster;
mod completions;
mod doctor;
mod down;
mod drift;
mod explain;
mod graph;
mod history;
mod logs;
mod plan;
mod promote;
pub mod render;
mod restart;
mod rollback;
pub mod rules;
mod schema;
mod secrets;
mod set;
mod shipped;
mod status;
pub mod up;
mod why;

use crate::args::Command;
use crate::exit::Outcome;
use crate::terminal::Terminal;

/// Runs a command.
pub fn run(command: Command, terminal: Terminal) -> Outcome {
    match command {
        Command::Check(args) => check::run(&args, terminal),
        Command::Render(args) => render::run(&args, terminal),
        Command::Plan(args) => plan::run(&args, terminal),
        Command::Set(args) => set::run(&args),
        Command::Promote(args) => promote::run(&args),
        Command::Up(args) => up::run(&args, terminal),
        Command::Status(args) => status::run(&args, terminal),
        Command::History(args) => history::run(&args, terminal),
        Command::Rollback(args) => rollback::run(&args, terminal),
        Command::Restart(args) => restart::run(&args, terminal),
        Command::Logs(args) => logs::run(&args, terminal),
        Command::Drift(args) => drift::run(&args, terminal),
        Command::Doctor(args) => doctor::run(&args, terminal),
        Command::Checklist(args) => checklist::run(&args, terminal),
        Command::Down(args) => down::run(&args, terminal),
        Command::Why(args) => why::run(args, terminal),
        Command::Secrets(args) => secrets::run(&args, terminal),
        Command::Graph(args) => graph::run(&args, terminal),
        Command::Schema => schema::run(),
        Command::Explain(args) => explain::run(&args),
        Command::Rules => rules::run(),
        Command::Cluster(args) => cluster::run(&args),
        Command::Completions { shell } => completions::run(shell),
    }
}
