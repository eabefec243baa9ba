//! Tests of what this crate shows to the others.

mod loader;
mod printer;
