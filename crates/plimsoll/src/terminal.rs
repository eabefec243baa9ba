//! The terminal: colours, width, and writing to streams that may be closed.

use crate::args::Color;
use plimsoll_spec::types::Date;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::time::{SystemTime, UNIX_EPOCH};

/// How to write to the terminal.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    color: Color,
    no_color: bool,
}

impl Terminal {
    /// The terminal of this process.
    pub fn new(color: Color) -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            color,
            no_color: set("NO_COLOR") || dumb,
        }
    }

    fn colored(self, is_terminal: bool) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_terminal && !self.no_color,
        }
    }

    /// Whether stdout takes colours.
    pub fn colors_out(self) -> bool {
        self.colored(stdout().is_terminal())
    }

    /// Whether stderr takes colours.
    pub fn colors_err(self) -> bool {
        self.colored(stderr().is_terminal())
    }

    /// Columns to fill; 80 where nobody says.
    pub fn width(self) -> usize {
        let columns = std::env::var("COLUMNS")
            .ok()
            .and_then(|text| text.parse().ok());
        columns.unwrap_or(80).max(40)
    }
}

/// Writes to stdout. A reader that went away (`| head`) is no error.
pub fn out(text: impl AsRef<[u8]>) {
    let _ = stdout().lock().write_all(text.as_ref());
}

/// Writes a line to stderr, where progress goes.
pub fn progress(line: &str) {
    let _ = writeln!(stderr().lock(), "{line}");
}

/// Whether somebody is there to answer.
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal() && stderr().is_terminal()
}

/// Asks on the terminal. `None` where there is none to ask on.
pub fn confirm(question: &str) -> Option<bool> {
    if !can_ask() {
        return None;
    }
    let _ = write!(stderr().lock(), "{question} [y/N] ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).ok()?;
    Some(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Asks for a value that is not shown while it is typed. `None` where there is no terminal.
pub fn ask_secret(name: &str) -> Option<Vec<u8>> {
    if !can_ask() {
        return None;
    }
    let _ = write!(stderr().lock(), "{name}: ");
    let line = console::Term::stderr().read_secure_line().ok()?;
    Some(line.into_bytes())
}

/// This day in UTC.
pub fn today() -> Date {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let days = since.unwrap_or_default().as_secs() / 86_400;
    Date::of_days(u32::try_from(days).unwrap_or(u32::MAX))
}
