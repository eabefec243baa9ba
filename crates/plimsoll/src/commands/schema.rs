//! `plimsoll schema`: the JSON Schema of the application file.

use crate::exit::{Exit, Outcome};
use crate::terminal;

/// Prints the schema.
pub fn run() -> Outcome {
    let schema = serde_json::to_string_pretty(&plimsoll_spec::schema())?;
    terminal::out(&(schema + "\n"));
    Ok(Exit::Fine)
}
