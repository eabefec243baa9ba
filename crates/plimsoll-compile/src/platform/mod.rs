//! Components around the application.

pub mod slots;
