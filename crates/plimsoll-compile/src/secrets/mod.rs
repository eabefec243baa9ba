//! Secrets: which there are, and the objects that bring them.

pub mod composed;
pub mod plan;
pub mod sealed;
pub mod shared;
pub mod source;
