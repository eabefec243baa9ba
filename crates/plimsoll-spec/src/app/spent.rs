//! Words that are used up before types are read.

use std::marker::PhantomData;

/// A word that layers are made of, such as `like`: it has a shape, and no value any more.
#[derive(Debug)]
pub struct Spent<T>(PhantomData<fn() -> T>);

impl<T> Clone for Spent<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Spent<T> {}

impl<T> Default for Spent<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}
