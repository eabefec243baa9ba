//! Tests of the embedded cluster through its public face.

mod behaviours;
mod client;
mod runs;
