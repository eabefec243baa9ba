//! Tests of the embedded tables and of validation, through the public interface.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod components;
mod custom;
mod facts;
mod validation;
