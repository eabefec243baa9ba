//! Names of things, which become names of objects.

use super::leaf::{Leaf, Problem};
use plimsoll_source::Str;
use std::fmt;
use std::ops::Deref;

macro_rules! names {
    ($(#[$doc:meta])* $type:ident, $max:literal, $what:literal, $pattern:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(Str);

        impl $type {
            /// The longest that it may be, in bytes.
            pub const MAX: usize = $max;

            /// The text.
            pub fn text(&self) -> &Str {
                &self.0
            }
        }

        impl Leaf for $type {
            const WHAT: &'static str = $what;
            const WRITTEN: &'static str =
                concat!("`a-z`, `0-9`, `-`, starts with a letter, at most ", $max);
            const PATTERN: &'static str = $pattern;

            fn parse(text: &str) -> Result<Self, Problem> {
                check(text, $max)?;
                Ok(Self(text.into()))
            }
        }

        impl Deref for $type {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

names!(
    /// Name of a thing: leaves room in 63 for every suffix and label that is added.
    Name, 40, "a name", "^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$"
);
names!(
    /// Name of a port, at most 15 as Kubernetes has it.
    PortName, 15, "the name of a port", "^[a-z]([a-z0-9-]{0,13}[a-z0-9])?$"
);

/// Checks a name of at most `max` bytes.
pub fn check(text: &str, max: usize) -> Result<(), Problem> {
    if text.is_empty() {
        return Err(Problem::whole(text, "a name is missing"));
    }
    if text.len() > max {
        let what = format!(
            "a name has at most {max} characters, this has {}",
            text.len()
        );
        return Err(Problem::new(max.min(text.len())..text.len(), what));
    }
    let last = text.len() - 1;
    let allowed = |at: usize, c: char| match c {
        'a'..='z' => true,
        '0'..='9' => at != 0,
        '-' => at != 0 && at != last,
        _ => false,
    };
    let Some((at, wrong)) = text.char_indices().find(|&(at, c)| !allowed(at, c)) else {
        return Ok(());
    };
    let what = format!(
        "`{wrong}` cannot stand there: a name is of a-z, 0-9 and - and starts with a letter"
    );
    let problem = Problem::new(at..at + wrong.len_utf8(), what);
    let better: String = text
        .to_ascii_lowercase()
        .chars()
        .map(|c| if matches!(c, '_' | '.' | ' ') { '-' } else { c })
        .collect();
    let is_name = better != text && check(&better, max).is_ok();
    Err(if is_name {
        problem.mend(better)
    } else {
        problem
    })
}
