//! Tests of the compiler on whole applications.

mod examples;
mod handles;
mod laws;
mod lineage;
mod project;
mod references;
