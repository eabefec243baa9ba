//! A minor version of Kubernetes.
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A minor version of Kubernetes, written `1.30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Minor(u8);

impl Minor {
    /// The oldest version in the table; what it has may be older still.
    pub const FIRST: Self = Self(27);
    /// The newest version in the table.
    pub const LAST: Self = Self(37);

    /// The version `1.minor`.
    pub const fn new(minor: u8) -> Self {
        Self(minor)
    }

    /// The number after `1.`.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The version after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Every version of the table, oldest first.
    pub fn all() -> impl Iterator<Item = Self> {
        (Self::FIRST.0..=Self::LAST.0).map(Self)
    }
}

/// The text is no version of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadMinor(String);

impl fmt::Display for BadMinor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no Kubernetes version such as `1.30`", self.0)
    }
}

impl std::error::Error for BadMinor {}

impl FromStr for Minor {
    type Err = BadMinor;

    /// Reads `1.30`, `v1.30` and `1.30.4`.
    fn from_str(text: &str) -> Result<Self, BadMinor> {
        let bad = || BadMinor(text.to_owned());
        let rest = text
            .strip_prefix('v')
            .unwrap_or(text)
            .strip_prefix("1.")
            .ok_or_else(bad)?;
        let minor = rest
            .split_once(['.', '+', '-'])
            .map_or(rest, |(minor, _)| minor);
        minor.parse().map(Self).map_err(|_| bad())
    }
}

impl fmt::Display for Minor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

impl TryFrom<String> for Minor {
    type Error = BadMinor;

    fn try_from(text: String) -> Result<Self, BadMinor> {
        text.parse()
    }
}

impl From<Minor> for String {
    fn from(minor: Minor) -> Self {
        minor.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_release_reads_as_its_minor() {
        assert_eq!("v1.30.14".parse(), Ok(Minor::new(30)));
        assert_eq!("1.37".parse(), Ok(Minor::LAST));
    }

    #[test]
    fn another_major_is_refused() {
        assert!("2.0".parse::<Minor>().is_err());
        assert!("1.x".parse::<Minor>().is_err());
    }
}
