//! Findings as text: for a person, for a line-based tool, for a program.
//!
//! All show the same data in the same order: file, position, code.

mod json;
mod short;
mod terminal;

pub use json::json;
pub use short::short;
pub use terminal::{Look, terminal};

use crate::{Findings, Level};

/// How many findings there are, such as `2 errors, 1 warning`; nothing if there is none.
pub fn count(findings: &Findings) -> Option<String> {
    let words = [
        (Level::Error, "error", "errors"),
        (Level::Warning, "warning", "warnings"),
        (Level::Info, "hint", "hints"),
    ];
    let sorted = findings.sorted();
    let parts: Vec<_> = words
        .iter()
        .filter_map(|(level, one, many)| {
            match sorted
                .iter()
                .filter(|finding| finding.level == *level)
                .count()
            {
                0 => None,
                1 => Some(format!("1 {one}")),
                count => Some(format!("{count} {many}")),
            }
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The word of a level.
fn word(level: Level) -> &'static str {
    match level {
        Level::Off => "off",
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
    }
}

/// A text on one line, without characters that steer a terminal.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}
