//! From the application to its Blueprint, one module per concern.
