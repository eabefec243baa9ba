//! Tests of the compiler on whole applications.

mod damage;
mod examples;
mod golden;
mod handles;
mod laws;
mod lineage;
mod project;
mod references;
