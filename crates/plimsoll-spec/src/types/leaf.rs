//! What every type of a single value offers.

use plimsoll_source::Str;
use std::ops::Range;

/// Why a text is not a value of the wanted type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Bytes of the text that are wrong; empty at the end where something is missing.
    pub at: Range<usize>,
    /// What is wrong, `the number is missing before m`.
    pub what: String,
    /// The whole text as it should be, where that is certain.
    pub mend: Option<String>,
}

impl Problem {
    /// A problem with some bytes of the text.
    pub fn new(at: Range<usize>, what: impl Into<String>) -> Self {
        Self {
            at,
            what: what.into(),
            mend: None,
        }
    }

    /// A problem with all of the text.
    pub fn whole(text: &str, what: impl Into<String>) -> Self {
        Self::new(0..text.len(), what)
    }

    /// Offers the whole text as it should be.
    #[must_use]
    pub fn mend(mut self, text: impl Into<String>) -> Self {
        self.mend = Some(text.into());
        self
    }
}

/// A value that is written as one scalar.
pub trait Leaf: Sized + Clone + 'static {
    /// Name of the type in messages and reference pages, with its article.
    const WHAT: &'static str;
    /// How it is written, with examples.
    const WRITTEN: &'static str;
    /// The words that it may be, where it is one of a few.
    const WORDS: &'static [&'static str] = &[];
    /// What each of these words means; empty where nobody says.
    const WORD_DOCS: &'static [&'static str] = &[];
    /// A regular expression that every literal matches, for editors; empty: any.
    const PATTERN: &'static str = "";
    /// Whether `${…}` in it is left to the reader of [`Template`](super::Template)s.
    const TEMPLATE: bool = false;

    /// Reads the text.
    ///
    /// # Errors
    /// The first thing that is wrong, with its bytes.
    fn parse(text: &str) -> Result<Self, Problem>;
}

impl Leaf for Str {
    const WHAT: &'static str = "text";
    const WRITTEN: &'static str = "any scalar, as written";

    fn parse(text: &str) -> Result<Self, Problem> {
        Ok(text.into())
    }
}

impl Leaf for bool {
    const WHAT: &'static str = "true or false";
    const WRITTEN: &'static str = "`true`, `false`";
    const WORDS: &'static [&'static str] = &["true", "false"];

    fn parse(text: &str) -> Result<Self, Problem> {
        match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => {
                let problem = Problem::whole(text, format!("`{text}` is neither true nor false"));
                Err(match text.to_ascii_lowercase().as_str() {
                    "yes" | "on" | "y" | "true" => problem.mend("true"),
                    "no" | "off" | "n" | "false" => problem.mend("false"),
                    _ => problem,
                })
            }
        }
    }
}

/// Reads a whole number.
fn number<T: std::str::FromStr>(text: &str) -> Result<T, Problem> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(value) if digits => Ok(value),
        _ if digits => Err(Problem::whole(text, format!("{text} is too large"))),
        _ => Err(Problem::whole(
            text,
            format!("`{text}` is not a whole number"),
        )),
    }
}

macro_rules! whole_numbers {
    ($($int:ty),*) => {$(
        impl Leaf for $int {
            const WHAT: &'static str = "a whole number";
            const WRITTEN: &'static str = "`3`";
            const PATTERN: &'static str = "^[0-9]+$";

            fn parse(text: &str) -> Result<Self, Problem> {
                number(text)
            }
        }
    )*};
}

whole_numbers!(u32, u64);

/// Numbers of 16 bits are ports.
impl Leaf for u16 {
    const WHAT: &'static str = "the number of a port";
    const WRITTEN: &'static str = "`8080`, 1 to 65535";
    const PATTERN: &'static str = "^[0-9]+$";

    fn parse(text: &str) -> Result<Self, Problem> {
        match number::<Self>(text)? {
            0 => Err(Problem::whole(text, "a port is 1 to 65535")),
            port => Ok(port),
        }
    }
}
