//! Words of the application file that can be turned after compiling.
//!
//! The reader makes a knob for each word that LANGUAGE calls a handle, so that no module of the
//! compiler asks for one by hand and none forgets.

use crate::{Origin, Sourced, Str};

/// Name of a word that can be turned: its path in the application file, such as
/// `services.api.scale.min`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(pub Str);

/// A word with its value in this environment, and the handle that turns it.
#[derive(Clone, Debug)]
pub struct Knob<T> {
    value: Sourced<T>,
    handle: Handle,
}

impl<T> Knob<T> {
    /// A word that `handle` turns.
    pub fn new(handle: Handle, value: Sourced<T>) -> Self {
        Self { value, handle }
    }

    /// The handle.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The value in this environment. What is made of it cannot be turned any more, so each use
    /// outside of printing and looking up needs a reason.
    pub fn fixed(&self) -> &Sourced<T> {
        &self.value
    }

    /// The bare value in this environment.
    pub fn peek(&self) -> &T {
        self.value.peek()
    }

    /// Its history.
    pub fn origin(&self) -> &Origin {
        self.value.origin()
    }
}
