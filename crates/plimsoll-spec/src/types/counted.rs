//! What a limit of a rate counts apart.

use super::leaf::{Leaf, Problem};
use plimsoll_source::Str;

/// What a limit of a rate counts apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Each client, by its address.
    Client,
    /// Each value of a header.
    Header(Str),
}

impl Counted {
    /// The header whose values are counted.
    pub fn header(&self) -> Option<&Str> {
        match self {
            Self::Client => None,
            Self::Header(name) => Some(name),
        }
    }
}

impl Leaf for Counted {
    const WHAT: &'static str = "what is counted apart";
    const WRITTEN: &'static str = "`client`, `header:X-Api-Key`";
    const PATTERN: &'static str = r"^(client|header:[A-Za-z0-9-]+)$";

    fn parse(text: &str) -> Result<Self, Problem> {
        if text == "client" {
            return Ok(Self::Client);
        }
        let Some(name) = text.strip_prefix("header:") else {
            return Err(Problem::whole(text, "it is `client` or `header:NAME`"));
        };
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        match name.bytes().position(|byte| !is_part(byte)) {
            None if !name.is_empty() => Ok(Self::Header(name.into())),
            None => Err(Problem::new(
                text.len()..text.len(),
                "the name of the header is missing",
            )),
            Some(at) => {
                let at = "header:".len() + at;
                Err(Problem::new(
                    at..at + 1,
                    "a header is written with letters, digits and `-`",
                ))
            }
        }
    }
}
