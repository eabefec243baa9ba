//! YAML in and out: a loader that knows every byte, and a printer that any reader understands.

mod build;
mod core;
mod quote;
mod read;
mod syntax;
mod tags;
mod write;

pub use read::{decode, read, read_one};
pub use write::{write, write_all, write_to};
