//! Outputs, one module each. An emitter turns a World into files in memory; only the command line
//! writes them to a disk.

mod fileset;
pub mod manifests;

pub use fileset::FileSet;
