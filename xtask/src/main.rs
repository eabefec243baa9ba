//! Developer commands: real tools for tests, custom resource definitions, a real control plane.
//!
//! `cargo xtask` alone lists them.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line talks"
)]

mod bench;
mod crds;
mod go;
mod plane;
mod schema;
mod tidy;
mod tools;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask tools [NAME…]      install the pinned real tools (all that tests need, or those named)
cargo xtask tools --list       every tool, its version, and whether it is installed
cargo xtask crds               fetch the custom resource definitions that tests apply
cargo xtask tidy               check the repository as a whole (these checks are tests, too)
cargo xtask tidy --bless       rewrite the list of requirements that no test holds
cargo xtask schema             rebuild the tables embedded in plimsoll-schema from Go modules
cargo xtask bench [PROGRAM]    time a release build of the program beside real tools
cargo xtask bench-cluster [PROGRAM]  the same on a real API server, which takes minutes
cargo xtask control-plane start DIR [--version 1.37|1.30] [--nodes N]
cargo xtask control-plane stop DIR";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["tools", "--list"] => {
            tools::list();
            Ok(())
        }
        ["tools", names @ ..] => tools::install(names),
        ["crds"] => crds::fetch(),
        ["tidy"] => tidy::run(),
        ["tidy", "--bless"] => tidy::requirements::bless(),
        ["schema"] => schema::write(Path::new("crates/plimsoll-schema/data")),
        ["bench"] => bench::run(None),
        ["bench", program] => bench::run(Some(program)),
        ["bench-cluster"] => bench::on_a_cluster(None),
        ["bench-cluster", program] => bench::on_a_cluster(Some(program)),
        ["measure", runs, program, arguments @ ..] => bench::measure(runs, program, arguments),
        ["control-plane", "start", folder, options @ ..] => plane::start(folder, options),
        ["control-plane", "stop", folder] => plane::stop(folder),
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
