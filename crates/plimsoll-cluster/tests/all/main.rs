//! Tests of the embedded cluster through its public face.

mod client;
