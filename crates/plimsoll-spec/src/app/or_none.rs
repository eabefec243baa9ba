//! What may be said to be absent.

use plimsoll_source::Origin;

/// A value, or `none`, which says that there is explicitly nothing.
#[derive(Clone, Debug)]
pub enum OrNone<T> {
    /// It is there.
    Some(T),
    /// It is not, because somebody or a default says so.
    None(Origin),
}

impl<T> OrNone<T> {
    /// The value, if it is there.
    pub fn some(&self) -> Option<&T> {
        match self {
            Self::Some(value) => Some(value),
            Self::None(_) => None,
        }
    }

    /// Whether there is nothing.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None(_))
    }
}
