//! What stands in the way of a release, found before the first write: what is wrong, and what
//! mends it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cause::Cause;
use crate::release::{ObjectKey, Place};

/// One thing that has to change before anything is shipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obstacle {
    /// The page about it.
    pub page: Cause,
    /// What it is about: mostly an object, as `Kind/name`.
    pub about: String,
    /// What is wrong.
    pub cause: String,
    /// What mends it.
    pub remedy: String,
    /// Where the user wrote what it comes from.
    #[serde(flatten)]
    pub place: Option<Place>,
}

impl Obstacle {
    /// An obstacle that is about an object.
    pub fn of(
        page: Cause,
        key: &ObjectKey,
        cause: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::about(page, key.to_string(), cause, remedy)
    }

    /// An obstacle that is about something else.
    pub fn about(
        page: Cause,
        about: impl Into<String>,
        cause: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            page,
            about: about.into(),
            cause: cause.into(),
            remedy: remedy.into(),
            place: None,
        }
    }

    /// The same, with the user's line.
    #[must_use]
    pub fn at(self, place: Option<Place>) -> Self {
        Self { place, ..self }
    }
}

/// `Deployment/api: what is wrong (what mends it)`.
impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.about, self.cause, self.remedy)
    }
}
