//! What runs and ends: migrations and jobs.

pub mod job;
pub mod migration;
