//! Answers about what was shipped, read from the cluster: one object for machines, text for people.

use crate::args::Target as Arguments;
use crate::exit::Failure;
use crate::terminal;
use plimsoll_ship::Target;
use serde::Serialize;

/// Prints what was found; `None` says that nothing was ever shipped.
pub fn tell<T: Serialize>(
    args: &Arguments,
    target: &Target,
    found: Option<&T>,
    text: impl FnOnce(&T) -> String,
) -> Result<(), Failure> {
    let never = || {
        format!(
            "{} {} was never shipped here\n",
            target.application, target.environment
        )
    };
    terminal::out(if args.json {
        serde_json::to_string(&found)? + "\n"
    } else {
        found.map_or_else(never, text)
    });
    Ok(())
}
