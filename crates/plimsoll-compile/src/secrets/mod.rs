//! Secrets: which there are, and the objects that bring them.

pub mod plan;
pub mod sealed;
pub mod shared;
pub mod source;
