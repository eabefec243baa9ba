//! Tests of the compiler on whole applications.

mod examples;
mod laws;
mod lineage;
mod project;
