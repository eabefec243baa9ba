//! Developer commands: real tools for tests, generated data, tidy checks.
fn main() {}
