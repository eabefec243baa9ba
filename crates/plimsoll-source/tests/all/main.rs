//! Tests of what this crate shows to the others.

mod damage;
mod loader;
mod printer;
mod renderers;
