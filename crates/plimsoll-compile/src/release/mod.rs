//! What runs and ends, and when a release is broken off: migrations, jobs, analysis.

pub mod analysis;
pub mod job;
pub mod migration;
mod sql;

#[cfg(test)]
mod tests;
