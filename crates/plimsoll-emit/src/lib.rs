//! Outputs, one module each. An emitter turns a World, or an application in all its environments,
//! into files in memory; only the command line writes them to a disk.

pub mod argocd;
pub mod compose;
mod disks;
mod document;
mod fileset;
pub mod flux;
pub mod folders;
pub mod github;
pub mod helm;
mod helmfile;
pub mod kustomize;
pub mod manifests;
pub mod platform;
pub mod releases;
mod repository;
pub mod rules;
mod stages;
mod system;
mod tree;

pub use fileset::FileSet;
pub use system::{Emitted, Environment, System};
