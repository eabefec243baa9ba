//! Developer commands: real tools for tests, checks of the repository.
//!
//! `cargo xtask` alone lists them.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line talks"
)]

mod go;
mod schema;
mod tidy;
mod tools;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask tools [NAME…]      install the pinned real tools (all that tests need, or those named)
cargo xtask tools --list       every tool, its version, and whether it is installed
cargo xtask tidy               check the repository as a whole (these checks are tests, too)
cargo xtask tidy --bless       rewrite the list of requirements that no test holds
cargo xtask schema             rebuild the tables embedded in plimsoll-schema from Go modules";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["tools", "--list"] => {
            tools::list();
            Ok(())
        }
        ["tools", names @ ..] => tools::install(names),
        ["tidy"] => tidy::run(),
        ["tidy", "--bless"] => tidy::requirements::bless(),
        ["schema"] => schema::write(Path::new("crates/plimsoll-schema/data")),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
