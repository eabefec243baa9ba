//! Releases on the embedded cluster, from the first object to the last deletion.

mod deployers;
mod diagnosis;
mod handover;
mod harness;
mod interruption;
mod keeping;
mod lifecycle;
mod moving;
mod plan;
mod preflight;
mod real;
mod requests;
mod rollback;
mod shop;
mod waves;
