//! Outputs, one module each. An emitter turns a World, or an application in all its environments,
//! into files in memory; only the command line writes them to a disk.

mod fileset;
pub mod manifests;
mod system;

pub use fileset::FileSet;
pub use system::{Emitted, Environment, System};
