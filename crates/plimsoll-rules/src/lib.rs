//! Checks on the application and its world, one file per rule.
