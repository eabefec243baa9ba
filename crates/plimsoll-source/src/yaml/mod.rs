//! YAML in and out: a loader that knows every byte, and a printer that any reader understands.

mod build;
mod core;
mod read;
mod syntax;

pub use read::{decode, read, read_one};
