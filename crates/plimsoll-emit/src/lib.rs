//! Outputs, one module each.
